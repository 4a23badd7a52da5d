/** Actors that start, idle and end: their rate and their memory. */
import {
  type ActorContext,
  type DownMessage,
  dynamicSupervisor,
  reply,
  server,
  startSupervisor,
  stop,
} from '../../index.ts';
import { type Contest, ending, nowMs, perSecond } from '../contest.ts';
import { heapBytes } from './heap.ts';
import { effectLives } from './others/effect.ts';

/** Ends at its first message. */
const mayfly = server({ init: () => 0, info: () => stop() });

/** Starts one, monitors it and tells it to end. */
function next(ctx: ActorContext): void {
  const started = ctx.spawn(mayfly, { link: false });
  if (started instanceof Promise || started.type !== 'started') throw new Error('did not start at once');
  const { pid } = started.process;
  ctx.monitor(pid);
  ctx.send(pid, 'stop');
}

export const lives: Contest = {
  unit: 'lives/s',
  size: 100_000,
  async ours(size) {
    const end = ending();
    const boss = server({
      init: () => size,
      info: (left, message, ctx: ActorContext) => {
        if ((message as DownMessage).type === 'down') left -= 1;
        if (left === 0) end.reach();
        else next(ctx);
        return left;
      },
    });
    await using app = await startSupervisor({ children: { boss } });
    const startMs = nowMs();
    app.children.boss.send({ type: 'begin' });
    await end.reached;
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: 'spawn + exit + DOWN /s vs BEAM',
      baseline: 'BEAM, spawn, monitor, message',
      theirs: { beam: 'lives' },
      target: { atLeast: 2 },
    },
    { name: 'spawn + exit + DOWN /s vs effect', baseline: 'effect, fork and await', theirs: effectLives },
  ],
};

/** The smallest server that is of use: it has a state and answers a call. */
const idle = server({ init: () => 0, call: { get: (count) => reply(count, count) } });

export const bytes: Contest = {
  unit: 'bytes',
  size: 50_000,
  warmUps: 1,
  async ours(size) {
    const boss = server({
      init: () => 0,
      call: {
        start: (count, _: undefined, ctx: ActorContext) => {
          const before = heapBytes();
          for (let i = 0; i < size; i += 1) void ctx.spawn(idle);
          return reply((heapBytes() - before) / size, count);
        },
      },
    });
    await using app = await startSupervisor({ children: { boss } });
    return await app.children.boss.call('start', undefined);
  },
  lines: [
    {
      name: 'bytes per idle server vs BEAM (theirs/ours)',
      baseline: 'BEAM, linked gen_server',
      theirs: { beam: 'idle_bytes' },
      inverse: true,
      target: { atLeast: 5 },
    },
  ],
};

export const starts: Contest = {
  unit: 'starts/s',
  size: 100_000,
  quickSize: 100,
  warmUps: 1,
  async ours(size) {
    const template = { id: 'idle', logic: idle } as const;
    await using app = await startSupervisor({ children: { pool: dynamicSupervisor({ template }) } });
    const { pool } = app.children;
    const startMs = nowMs();
    for (let i = 0; i < size; i += 1) await pool.startInstance();
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: 'start 100 k children under a dynamic supervisor vs BEAM',
      baseline: 'BEAM, simple_one_for_one',
      theirs: { beam: 'starts' },
      target: { atLeast: 2 },
    },
  ],
};

export const startsOfSpecs: Contest = {
  ...starts,
  async ours(size) {
    await using app = await startSupervisor({ children: { pool: dynamicSupervisor() } });
    const { pool } = app.children;
    const startMs = nowMs();
    for (let i = 0; i < size; i += 1) await pool.startChild(idle);
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: 'start 100 k children, each with its own spec, vs BEAM',
      baseline: 'BEAM, simple_one_for_one',
      theirs: { beam: 'starts' },
    },
  ],
};
