/** One commit to many watchers of one session, each an async iterator of its own. */
import { EventEmitter } from 'eventemitter3';
import { type Contest, type Line, median, nowMs, written } from '../contest.ts';
import { startStateHost, temperatureOf } from './host.ts';

/** How many are made one after the other. */
const commits = 50;

/** The median time from a commit until the last of so many watchers has it, in milliseconds. */
async function toWatchers(count: number): Promise<number> {
  await using host = await startStateHost();
  const { variables } = await host.open();
  let left = count;
  let reached = () => {};
  const readers = Array.from({ length: count }, async () => {
    for await (const { values } of variables.watch()) {
      if (values.temperature === -1) throw new Error('no such value is ever set');
      left -= 1;
      if (left === 0) reached();
    }
  });
  const all = () =>
    new Promise<void>((resolve) => {
      reached = resolve;
      if (left === 0) resolve();
    });
  // The values of now come first.
  await all();
  const took: number[] = [];
  for (let i = 0; i < commits; i += 1) {
    left = count;
    const done = all();
    const startMs = nowMs();
    await variables.set('temperature', temperatureOf(i));
    await done;
    took.push(nowMs() - startMs);
  }
  await host[Symbol.asyncDispose]();
  await Promise.allSettled(readers);
  return median(took);
}

function toListeners(count: number): number {
  const emitter = new EventEmitter<{ change: [number] }>();
  let seen = 0;
  for (let i = 0; i < count; i += 1)
    emitter.on('change', () => {
      seen += 1;
    });
  const took: number[] = [];
  for (let i = 0; i < commits; i += 1) {
    const startMs = nowMs();
    emitter.emit('change', temperatureOf(i));
    took.push(nowMs() - startMs);
  }
  if (seen !== count * commits) throw new Error('a listener was not called');
  return median(took);
}

const contest = (count: number, lines: readonly Line[]): Contest => ({
  unit: 'ms',
  size: count,
  quickSize: 10,
  warmUps: 1,
  rounds: 3,
  ours: toWatchers,
  lines,
});

export const watchers: readonly Contest[] = [
  contest(10_000, [
    {
      name: 'one commit to 10,000 local watchers, value in ms',
      baseline: 'eventemitter3, 10,000 listeners',
      theirs: toListeners,
      limit: 10,
    },
  ]),
  ...[10_000, 100_000].map((count) =>
    contest(count, [
      {
        name: `one commit to ${written(count)} watchers vs 1,000`,
        baseline: 'ours, 1,000 watchers',
        theirs: toWatchers,
        size: 1_000,
      },
    ]),
  ),
];
