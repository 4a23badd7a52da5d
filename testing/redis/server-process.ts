/** A server process of a test: it ends with this host, however the host ends, and its configuration is in no argument. */
import { createServer } from 'node:net';
import { type Clock, nodeRuntime } from '../../actors/core/index.ts';
import { type Exit, launch, type OsProcess } from '../../actors/worker/index.ts';
import { RedisHarnessError } from './errors.ts';

export interface ServerProcess {
  readonly osPid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  /** Resolves when nobody of its group lives any more. */
  readonly gone: Promise<void>;
  readonly terminate: () => void;
  readonly kill: () => void;
  /** What it has printed last. */
  readonly output: () => string;
}

const keptLines = 40;

/** Starts a program, with this text on its standard input. Rejects, `redis_start_failed`, when there is no process. */
export function startProcess(command: string, args: readonly string[], input: string): Promise<ServerProcess> {
  const { PATH = '' } = process.env;
  const lines: string[] = [];
  const exit = later<Exit>();
  const gone = later<void>();
  return new Promise((resolve, reject) => {
    const running: OsProcess = launch(
      { command, args, env: { PATH, LC_ALL: 'C' }, input, clock: nodeRuntime().clock },
      (event) => {
        switch (event.type) {
          case 'process.started':
            resolve({
              osPid: event.osPid,
              exited: exit.promise,
              gone: gone.promise,
              terminate: () => running.terminate(),
              kill: () => running.kill(),
              output: () => lines.join('\n'),
            });
            return;
          case 'process.failed': {
            const { error } = event;
            const why = `${command} cannot be started: ${error.message}`;
            reject(new RedisHarnessError('redis_start_failed', why, { cause: error }));
            return;
          }
          case 'process.output':
            lines.push(event.text);
            if (lines.length > keptLines) lines.shift();
            return;
          case 'process.exited':
            exit.resolve(event);
            return;
          case 'process.gone':
            gone.resolve();
            return;
          default: {
            const never: never = event;
            throw new TypeError(`an event that nobody knows: ${String(never)}`);
          }
        }
      },
    );
  });
}

function later<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Ports of 127.0.0.1 that nobody listens on now. Somebody may take one before it is used: then it is tried again. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All at a time, so that no two are the same.
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((listening, failed) => {
        server.once('error', failed);
        server.listen({ host: '127.0.0.1', port: 0 }, listening);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** Looks again and again, with short pauses, until it holds. False when it does not in time. */
export async function eventually(clock: Clock, limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs;
  for (;;) {
    if (await holds()) return true;
    if (clock.monotonicMs() >= endMs) return false;
    await new Promise<void>((over) => void clock.setTimer(10, over));
  }
}
