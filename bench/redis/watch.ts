/**
 * From one host to a watcher on another, each a process of its own: the writer writes when it was last, by the clock
 * that all processes of a machine share, and the watcher compares. The next one is asked for when this one has arrived.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Contest, median, type Sample } from '../contest.ts';
import { startRedisHost } from './host.ts';
import { onServer, withClient } from './server.ts';
import { channel, type Side, sentAt, sessionId, sharedUs } from './writer-side.ts';

/** How many are made before any counts. */
const warmUp = 200;
const file = fileURLToPath(import.meta.url).replace(/watch(\.[jt]s)$/, 'writer$1');

class Writer implements Disposable {
  readonly #child: ChildProcess;

  constructor(side: Side, url: string) {
    this.#child = fork(file, [side, url]);
  }

  /** Resolves when it is ready to write; rejects when it ended. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', () => resolve());
      this.#child.once('exit', () => reject(new Error('the writer ended')));
    });
  }

  write(): void {
    this.#child.send('next');
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** The median time of so many; `listen` has itself told of each. */
async function measured(
  side: Side,
  url: string,
  size: number,
  listen: (arrived: (sentUs: number) => void) => Promise<AsyncDisposable>,
): Promise<number> {
  using writer = new Writer(side, url);
  await writer.ready();
  const took: number[] = [];
  let all = () => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  await using _listening = await listen((sentUs) => {
    const tookUs = sharedUs() - sentUs;
    took.push(tookUs);
    if (took.length < warmUp + size) writer.write();
    else all();
  });
  writer.write();
  await done;
  return median(took.slice(warmUp));
}

const ours: Sample = onServer(async (url, size) => {
  await using host = await startRedisHost(url);
  const { variables } = await host.open(sessionId);
  const declared = await variables.declare(sentAt);
  return await measured('ours', url, size, async (arrived) => {
    let begun = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let is = false;
    const watch = declared.onChange(({ values }) => {
      if (is) arrived(values.sentAt as number);
      is = true;
      begun();
    });
    await first;
    return watch;
  });
});

const bare: Sample = onServer((url, size) =>
  withClient(url, (client) =>
    measured('bare', url, size, async (arrived) => {
      await client.subscribe(channel);
      client.on('message', (_, message) => arrived(Number(message)));
      return { [Symbol.asyncDispose]: async () => void (await client.unsubscribe(channel)) };
    }),
  ),
);

const script: Sample = onServer((url, size) =>
  withClient(url, (client) =>
    measured('script', url, size, async (arrived) => {
      await client.ssubscribe(channel);
      client.on('smessage', (_, message) => arrived(Number(message)));
      return { [Symbol.asyncDispose]: async () => void (await client.sunsubscribe(channel)) };
    }),
  ),
);

export const watch: Contest = {
  unit: 'us',
  size: 1_500,
  quickSize: 20,
  warmUps: 1,
  // Short samples in many turns: the machine is not the same from minute to minute.
  rounds: 9,
  ours,
  lines: [
    {
      name: 'watch latency from commit on host A to watcher on host B vs bare publish/subscribe',
      baseline: 'PUBLISH to SUBSCRIBE',
      theirs: bare,
      target: { atMost: 1.5 },
    },
    {
      name: 'watch latency from commit on host A to watcher on host B vs a bare EVALSHA that stores, logs and publishes',
      baseline: 'EVALSHA of HSET, XADD, SPUBLISH to SSUBSCRIBE',
      theirs: script,
    },
  ],
};
