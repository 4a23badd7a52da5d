/** From a crash to the next incarnation's init. */
import { exitReason, ServerRef, server, startSupervisor } from '../../index.ts';
import { type Contest, ending, median, nowMs, perSecond } from '../contest.ts';

const idle = server({ init: () => 0 });

/** Children that do nothing. */
export const siblings = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `idle-${i}`, logic: idle }));

/** More restarts than any sample makes. */
export const unlimited = { maxRestarts: 1_000_000_000, periodMs: 1_000_000 };

export type How = 'crash' | 'kill';

/** A tree in which one child can be made to end, again and again; answers how long each restart took. */
export async function victim(idleSiblings = 0, intensity: { maxRestarts: number; periodMs: number } = unlimited) {
  let startedMs = 0;
  let began = () => {};
  const child = server({
    init: () => {
      startedMs = nowMs();
      began();
      return 0;
    },
    cast: {
      crash: () => {
        throw new Error('boom');
      },
    },
  });
  const app = await startSupervisor({
    ...intensity,
    children: [{ id: 'victim', logic: child }, ...siblings(idleSiblings)],
  });
  // Nobody listening, each crash would be written to the log.
  app.events.on('actor.crashed', () => {});
  const ref = new ServerRef(app.system, `${app.path}/victim`, child);
  return {
    /** Microseconds from a crash to the next init. */
    async restart(how: How): Promise<number> {
      const restarted = new Promise<void>((resolve) => {
        began = resolve;
      });
      const endedMs = nowMs();
      if (how === 'kill') ref.exit(exitReason.killed);
      else ref.cast('crash');
      await restarted;
      return (startedMs - endedMs) * 1_000;
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

/** The median of `size` restarts, with a fresh supervisor after every hundred, as the BEAM has it. */
async function restarts(how: How, size: number): Promise<number> {
  const times: number[] = [];
  while (times.length < size) {
    await using tree = await victim();
    for (let i = Math.min(100, size - times.length); i > 0; i -= 1) times.push(await tree.restart(how));
  }
  return median(times);
}

export const crashes: Contest = {
  unit: 'us',
  size: 10_000,
  ours: (size) => restarts('crash', size),
  lines: [
    {
      name: 'crash to restarted p50 vs BEAM (theirs/ours)',
      baseline: 'BEAM, error in a gen_server',
      theirs: { beam: 'crashes' },
      inverse: true,
      target: { atLeast: 0.7 },
    },
  ],
};

export const kills: Contest = {
  ...crashes,
  ours: (size) => restarts('kill', size),
  lines: [
    {
      name: 'kill to restarted p50 vs BEAM (theirs/ours)',
      baseline: 'BEAM, killed gen_server',
      theirs: { beam: 'kills' },
      inverse: true,
    },
  ],
};

export const mass: Contest = {
  unit: 'restarts/s',
  size: 2_000,
  quickSize: 20,
  async ours(size) {
    let left = 0;
    const end = ending();
    const child = server({
      init: () => {
        left -= 1;
        if (left === 0) end.reach();
        return 0;
      },
    });
    const children = Object.fromEntries(Array.from({ length: size }, (_, i) => [`child-${i}`, child]));
    await using app = await startSupervisor({ ...unlimited, children });
    const refs = Object.values(app.children);
    left = size;
    const startMs = nowMs();
    for (const ref of refs) ref.exit(exitReason.killed);
    await end.reached;
    return perSecond(size, startMs);
  },
  lines: [
    {
      name: '2,000 static children killed at once, restarts/s vs BEAM',
      baseline: 'BEAM, static one_for_one',
      theirs: { beam: 'mass' },
      target: { atLeast: 5 },
    },
  ],
};
