/** For how long the host's event loop is held while somebody looks at 100,000 actors of which some come and go. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Query } from '../../devtools/protocol/index.ts';
import type { Contest } from '../contest.ts';
import type { Observed } from './observed.ts';
import { actors, among } from './population.ts';

/** For how long somebody looks, in milliseconds. */
const lookedMs = 4_000;
/** Between two looks at the clock: a hold is known to about so much. */
const resolution = 1;

/** The longest hold, from the first question on. */
async function longestHold({ connect }: Observed, queries: readonly Query[]): Promise<number> {
  const { viewer } = await connect();
  await viewer.get({ view: 'audit' });
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const shown = queries.map(
    (query) => new Promise<void>((resolve, reject) => viewer.watch(query as never, () => resolve(), reject)),
  );
  await Promise.all([...shown, new Promise((resolve) => setTimeout(resolve, lookedMs))]);
  delays.disable();
  return delays.max / 1e6;
}

async function exportHold({ connect }: Observed): Promise<number> {
  const { viewer } = await connect();
  await viewer.get({ view: 'overview' });
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  await viewer.act({ do: 'export' });
  delays.disable();
  return delays.max / 1e6;
}

const hold = (what: string, measure: (tools: Observed) => Promise<number>): Contest => ({
  unit: 'ms',
  size: actors,
  quickSize: 100,
  warmUps: 0,
  rounds: 3,
  ours: (count) => among(count, measure, { churn: true }),
  lines: [
    {
      name: `longest hold of the event loop, ${what}, value in ms`,
      baseline: 'the bound',
      theirs: () => 50,
      limit: 50,
    },
  ],
});

const overview = { view: 'overview' } as const;
const limit = 250;

export const holds: readonly Contest[] = [
  hold('the tree of 100,000 actors open', (tools) =>
    longestHold(tools, [overview, { view: 'tree', open: 'all', limit }]),
  ),
  hold('100,000 actors sorted by mailbox', (tools) =>
    longestHold(tools, [overview, { view: 'actors', sort: 'mailbox', limit }]),
  ),
  hold('100,000 actors sorted by busy time', (tools) =>
    longestHold(tools, [overview, { view: 'actors', sort: 'busy', limit }]),
  ),
  hold('a search among 100,000 actors open', (tools) =>
    longestHold(tools, [overview, { view: 'actors', search: 'a-99', limit }]),
  ),
  hold('an export of 100,000 actors', exportHold),
];
