/** What the always-on counters and lifecycle events cost: the kernel as it is, beside one that has neither. */
import { register } from 'node:module';
import { type ActorContext, type Pid, server, startSupervisor, stop } from '../../index.ts';
import { type Contest, ending, nowMs } from '../contest.ts';

type Kernel = Pick<typeof import('../../index.ts'), 'server' | 'startSupervisor' | 'stop'>;

/** How many messages an actor exchanges with its starter before it ends. */
const messagesOfALife = 200;

/** Nanoseconds a message, starts and ends of the actors included; somebody listens to every start and end. */
async function chat({ server, startSupervisor, stop }: Kernel, size: number): Promise<number> {
  let lives = Math.ceil(size / messagesOfALife);
  const end = ending();
  const child = server({
    init: ({ input }: ActorContext<Pid>) => input,
    info: (starter, left, ctx) => {
      if (left === 0) return stop();
      ctx.send(starter, (left as number) - 1);
      return starter;
    },
  });
  const begin = (ctx: ActorContext): Pid => {
    const started = ctx.spawn(child, { input: ctx.self, link: false });
    if (started instanceof Promise || started.type !== 'started') throw new Error('did not start at once');
    const { pid } = started.process;
    ctx.monitor(pid);
    ctx.send(pid, messagesOfALife);
    return pid;
  };
  const starter = server({
    init: (): Pid | undefined => undefined,
    info: (pid, message, ctx: ActorContext) => {
      if (typeof message === 'number' && pid !== undefined) {
        ctx.send(pid, message - 1);
        return pid;
      }
      lives -= 1;
      if (lives >= 0) return begin(ctx);
      end.reach();
      return undefined;
    },
  });
  await using app = await startSupervisor({ children: { starter } });
  app.events.on('actor.started', () => {});
  app.events.on('actor.exited', () => {});
  const startMs = nowMs();
  app.children.starter.send('begin');
  await end.reached;
  return ((nowMs() - startMs) * 1e6) / size;
}

let bare: Promise<Kernel> | undefined;

/** A second copy of the library, its counters and events cut out while it is loaded. */
function bareKernel(): Promise<Kernel> {
  if (bare === undefined) {
    register('./without-counters.js', import.meta.url);
    const index = new URL(import.meta.url.endsWith('.ts') ? '../../index.ts' : '../../index.js', import.meta.url);
    bare = import(`${index}?bare`) as Promise<Kernel>;
  }
  return bare;
}

export const counters: Contest = {
  unit: 'ns/message',
  size: 400_000,
  rounds: 9,
  ours: (size) => chat({ server, startSupervisor, stop }, size),
  lines: [
    {
      name: 'always-on counters and lifecycle events, time with/without',
      baseline: 'ours without them',
      theirs: async (size) => await chat(await bareKernel(), size),
      target: { atMost: 1.05 },
    },
  ],
};
