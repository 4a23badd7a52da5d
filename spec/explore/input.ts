/** What one run of the exploration works on: how its world is set up, and what is done in it. As data, so that it can shrink. */
import type { Restart } from '../../supervisors/index.ts';
import type { RandomStream } from '../../testing/simulation/random.ts';
import { makeTree, pickFrom, simplerTrees, type Tree } from './tree.ts';
import type { PoolConfig } from './workers.ts';

export type Op =
  /** Ends the n-th actor of the tree. */
  | { readonly op: 'end'; readonly n: number; readonly how: 'kill' | 'crash' | 'normal' | 'shutdown' }
  /** The next starts of leaves fail. */
  | { readonly op: 'fail'; readonly times: number }
  | { readonly op: 'settle' }
  | { readonly op: 'advance'; readonly ms: number }
  /** Somebody asks the n-th actor, which answers after so long: a client, or code outside all actors. */
  | {
      readonly op: 'ask';
      readonly client: number | 'outside';
      readonly n: number;
      readonly slowMs: number;
      readonly timeoutMs: number;
    }
  | { readonly op: 'task'; readonly ms: number; readonly crash: boolean }
  /** Tasks over so many items, of which the one at `crash` fails; who reads them leaves after `leave` of them. */
  | { readonly op: 'stream'; readonly items: number; readonly crash: number; readonly leave: number }
  /** A commit of one variable; `expecting` the version that its writer has seen last. */
  | {
      readonly op: 'commit';
      readonly session: number;
      readonly writer: number;
      readonly name: 'x' | 'y';
      readonly expecting: boolean;
      readonly timeoutMs: number;
    }
  | { readonly op: 'read'; readonly session: number; readonly reader: number; readonly names: readonly string[] }
  /** A watch of one variable, or of all; a slow one takes its time for each event. */
  | {
      readonly op: 'watch';
      readonly session: number;
      readonly names: readonly string[] | undefined;
      readonly slowMs: number;
    }
  /** A client sends many messages to the n-th actor, in one turn. */
  | { readonly op: 'burst'; readonly client: number; readonly n: number; readonly count: number }
  /** Suspends the n-th actor, or all go on that are. */
  | { readonly op: 'suspend'; readonly n: number }
  | { readonly op: 'resume' }
  /** Starts a child of the dynamic supervisor, or ends the n-th of them through it. */
  | { readonly op: 'dynamic'; readonly n: number; readonly start: boolean }
  /** Calls a tool of the Python workers, which takes so long, or of which its process dies. */
  | {
      readonly op: 'tool';
      readonly slowMs: number;
      readonly timeoutMs: number;
      readonly dies: boolean;
      readonly idempotent: boolean;
    }
  /** Replaces all workers in order, and lets so much time pass. */
  | { readonly op: 'recycle'; readonly ms: number }
  /** Kills one of `parts`. */
  | { readonly op: 'killPart'; readonly part: (typeof parts)[number] };

/** What the exploration kills besides the random tree. */
export const parts = [
  ...(['ophion/vault', 'ophion/observers', 'ophion/store', 'ophion/sessions', 'ophion/sessions/s1'] as const),
  ...(['ophion/bridge', 'ophion/links', 'ophion/tasks', 'ophion/contexts', 'ophion/pools', 'owner'] as const),
  ...(['ophion/redis', 'ophion/redis/feed-1', 'names', 'topics', 'many'] as const),
];

/** How the parts around the random tree are set up. */
export interface Config {
  /** The dynamic supervisor. */
  readonly many: {
    readonly template: boolean;
    readonly perChildBudget: boolean;
    readonly maxChildren: number;
    readonly maxRestarts: number;
    readonly restart: Restart;
  };
  /** How many tasks there may be at a time. */
  readonly tasksMax: number;
  readonly sessions: { readonly historyMax: number; readonly maxRestarts: number };
  /** The Python workers; undefined: there are none. */
  readonly pool: PoolConfig | undefined;
}

export interface Input {
  readonly config: Config;
  readonly tree: Tree;
  readonly ops: readonly Op[];
}

export function makeInput(random: RandomStream): Input {
  const pick = pickFrom(random);
  const config: Config = {
    many: {
      template: random.below(2) === 0,
      perChildBudget: random.below(2) === 0,
      maxChildren: pick([2, 5, 100]),
      maxRestarts: pick([0, 1, 3, 1_000]),
      restart: pick(['permanent', 'transient', 'temporary']),
    },
    tasksMax: pick([2, 5, 100]),
    sessions: { historyMax: pick([1, 3, 10, 1_000]), maxRestarts: pick([0, 3, 1_000]) },
    pool: random.below(3) === 0 ? makePool(random.split('pool')) : undefined,
  };
  const ops = Array.from({ length: 20 + random.below(80) }, () =>
    config.pool !== undefined && random.below(4) === 0 ? makeTool(random) : makeOp(random),
  );
  return { config, tree: makeTree(random), ops };
}

function makePool(random: RandomStream): PoolConfig {
  const pick = pickFrom(random);
  return {
    size: 1 + random.below(3),
    spares: random.below(2),
    queueMax: pick([1, 5, 100]),
    recycleCalls: pick([0, 0, 2]),
  };
}

function makeTool(random: RandomStream): Op {
  if (random.below(8) === 0) return { op: 'recycle', ms: pickFrom(random)([0, 10_000]) };
  const [dies, idempotent] = [random.below(8) === 0, random.below(2) === 0];
  return { op: 'tool', slowMs: random.below(60), timeoutMs: 20 + random.below(2_000), dies, idempotent };
}

function makeOp(random: RandomStream): Op {
  const pick = pickFrom(random);
  const n = random.below(30);
  const session = random.below(3);
  switch (random.below(18)) {
    case 0:
    case 1:
      return { op: 'end', n, how: pick(['kill', 'crash', 'normal', 'shutdown']) };
    case 2:
      return { op: 'fail', times: 1 + random.below(3) };
    case 3:
      return { op: 'settle' };
    case 4:
    case 5:
      return { op: 'advance', ms: 1 + random.below(60) };
    case 6:
    case 7: {
      const timeoutMs = 5 + random.below(40);
      // Some answers come just before, at, or after the deadline.
      return { op: 'ask', client: pick([0, 1, 2, 'outside']), n, slowMs: random.below(timeoutMs * 2), timeoutMs };
    }
    case 8:
      return { op: 'task', ms: random.below(50), crash: random.below(3) === 0 };
    case 9:
      return { op: 'stream', items: random.below(8), crash: random.below(16), leave: 1 + random.below(16) };
    case 10:
      return {
        op: 'watch',
        session,
        names: pick([undefined, undefined, ['x'], ['y', 'nothing']]),
        slowMs: pick([0, 0, 5, 100]),
      };
    case 11:
      return { op: 'read', session, reader: random.below(2), names: pick([['x'], ['x', 'y']]) };
    case 12:
      return { op: 'burst', client: random.below(3), n, count: 1 + random.below(20) };
    case 13:
      return random.below(2) === 0 ? { op: 'suspend', n } : { op: 'resume' };
    case 14:
      return { op: 'dynamic', n, start: random.below(3) > 0 };
    case 15:
      if (random.below(3) === 0) return { op: 'killPart', part: pick(parts) };
      break;
    default:
  }
  const timeoutMs = 20 + random.below(200);
  const expecting = random.below(3) === 0;
  return { op: 'commit', session, writer: random.below(3), name: pick(['x', 'x', 'y']), expecting, timeoutMs };
}

/** Fewer operations, halves first; no workers; then a smaller tree. */
export function* simpler({ config, tree, ops }: Input): Iterable<Input> {
  for (let part = ops.length >> 1; part > 0; part >>= 1) {
    for (let at = 0; at < ops.length; at += part) {
      yield { config, tree, ops: [...ops.slice(0, at), ...ops.slice(at + part)] };
    }
  }
  if (config.pool !== undefined) yield { config: { ...config, pool: undefined }, tree, ops };
  for (const smaller of simplerTrees(tree)) yield { config, tree: smaller, ops };
}
