/** Memory and restart time beside many siblings and after many restarts: ours do not grow. */
import { startSupervisor, supervisor } from '../../index.ts';
import { type Contest, type Line, median, type Sample, written } from '../contest.ts';
import { heapBytes } from './heap.ts';
import { siblings, victim } from './restarts.ts';

const few = 100;
const many = [1_000, 10_000, 100_000];

type Tree = Awaited<ReturnType<typeof victim>>;

async function restart(tree: Tree, times: number): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < times; i += 1) took.push(await tree.restart('kill'));
  return took;
}

const besideSiblings =
  (count: number): Sample =>
  async (size) => {
    await using tree = await victim(count);
    return median(await restart(tree, size));
  };

const afterRestarts =
  (count: number): Sample =>
  async (size) => {
    await using tree = await victim();
    await restart(tree, count);
    return median(await restart(tree, size));
  };

/** With an intensity that such a storm keeps within: what counts in the window is bounded. */
const heapAfterRestarts =
  (count: number): Sample =>
  async () => {
    await using tree = await victim(0, { maxRestarts: 10_000, periodMs: 1 });
    for (let i = 0; i < count; i += 1) await tree.restart('kill');
    return heapBytes() / 1_000;
  };

/** Bytes for each child of supervisors that have `count`; ten thousand children or more in all. */
const bytesOfSiblings =
  (count: number): Sample =>
  async () => {
    const pool = supervisor({ children: siblings(count) });
    const children = Array.from({ length: Math.max(1, 10_000 / count) }, (_, i) => ({ id: `pool-${i}`, logic: pool }));
    const before = heapBytes();
    await using app = await startSupervisor({ children });
    const after = heapBytes();
    return (after - before) / (app.process === undefined ? Number.NaN : children.length * count);
  };

/** Ours with many beside ours with few: what is to be seen is a ratio near 1. */
function table(
  unit: string,
  what: string,
  sample: (count: number) => Sample,
  besides?: (count: number) => Line,
): Contest[] {
  return many.map((count) => ({
    unit,
    size: 10_000,
    quickSize: 2,
    warmUps: 1,
    rounds: 3,
    ours: sample(count),
    lines: [
      { name: `${what}: ${written(count)} vs ${few}`, baseline: `ours, ${few}`, theirs: sample(few) },
      ...(besides === undefined ? [] : [besides(count)]),
    ],
  }));
}

export const growth: readonly Contest[] = [
  ...table('us', 'restart p50 beside siblings', besideSiblings, (count) => ({
    name: `restart p50 beside ${written(count)} siblings vs BEAM (theirs/ours)`,
    baseline: 'BEAM, static one_for_one',
    theirs: { beam: 'kills', argument: count },
    inverse: true,
    // OTP walks siblings and past restarts; few restarts are kinder to it.
    size: 300,
  })),
  ...table('us', 'restart p50 after past restarts', afterRestarts),
  ...table('bytes', 'bytes per sibling', bytesOfSiblings),
  ...table('kB', 'heap after past restarts', heapAfterRestarts),
];
