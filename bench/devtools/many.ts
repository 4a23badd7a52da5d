/** 100,000 actors that live: how long a viewer waits for the first picture, and for what it searches. */
import type { Connection } from '../../devtools/client/index.ts';
import { type Contest, nowMs } from '../contest.ts';
import type { Observed } from './observed.ts';
import { actors, among } from './population.ts';

/** From the first byte until there is a picture of the tree, its largest branch open. */
async function firstPaint({ connect }: Observed): Promise<number> {
  const startMs = nowMs();
  const { viewer } = await connect();
  await new Promise<void>((resolve, reject) => {
    viewer.watch({ view: 'tree', open: 'all', limit: 200 }, ({ total }) => (total > 0 ? resolve() : undefined), reject);
  });
  return nowMs() - startMs;
}

async function search({ connect }: Observed): Promise<number> {
  const connection: Connection = await connect();
  const { viewer } = connection;
  await new Promise<void>((resolve) => viewer.watch({ view: 'overview' }, () => resolve()));
  await viewer.get({ view: 'actors', search: 'a-1' });
  const startMs = nowMs();
  const { total } = await viewer.get({ view: 'actors', search: 'a-99' });
  if (total === 0) throw new Error('nothing was found');
  return nowMs() - startMs;
}

const value = (name: string, limit: number, ours: Contest['ours']): Contest => ({
  unit: 'ms',
  size: actors,
  quickSize: 100,
  warmUps: 0,
  rounds: 3,
  ours,
  lines: [{ name, baseline: 'the bound', theirs: () => limit, limit }],
});

export const many: readonly Contest[] = [
  value('first picture of 100,000 actors, value in ms', 2_000, (count) => among(count, firstPaint)),
  value('search among 100,000 actors, value in ms', 200, (count) => among(count, search)),
];
