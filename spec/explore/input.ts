/** What one run of the exploration works on: a random supervision tree, and what is done in it. As data, so that it can shrink. */
import type { MailboxPolicy } from '../../actors/core/mailbox-full.ts';
import type { Restart, Strategy } from '../../supervisors/index.ts';
import type { RandomStream } from '../../testing/simulation/random.ts';

export interface TreeNode {
  readonly restart: Restart;
  readonly kind: 'server' | 'machine' | 'supervisor';
  /** Of a leaf. */
  readonly trapExit: boolean;
  readonly shutdown: 'brutal_kill' | number;
  /** What happens when more than four letters wait; undefined: they may. */
  readonly full: MailboxPolicy | undefined;
  /** Of a supervisor. */
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly periodMs: number;
  readonly children: readonly TreeNode[];
}

export type Op =
  /** Ends the n-th actor of the tree. */
  | { readonly op: 'end'; readonly n: number; readonly how: 'kill' | 'crash' | 'normal' | 'shutdown' }
  /** The next starts of leaves fail. */
  | { readonly op: 'fail'; readonly times: number }
  | { readonly op: 'settle' }
  | { readonly op: 'advance'; readonly ms: number }
  /** A client asks the n-th actor, which answers after so long. */
  | {
      readonly op: 'ask';
      readonly client: number;
      readonly n: number;
      readonly slowMs: number;
      readonly timeoutMs: number;
    }
  | { readonly op: 'task'; readonly ms: number; readonly crash: boolean }
  | { readonly op: 'commit'; readonly session: number; readonly writer: number; readonly timeoutMs: number }
  | { readonly op: 'watch'; readonly session: number }
  /** A client sends many messages to the n-th actor, in one turn. */
  | { readonly op: 'burst'; readonly client: number; readonly n: number; readonly count: number }
  /** Suspends the n-th actor, or all go on that are. */
  | { readonly op: 'suspend'; readonly n: number }
  | { readonly op: 'resume' }
  /** Starts a child of the dynamic supervisor, or ends the n-th of them through it. */
  | { readonly op: 'dynamic'; readonly n: number; readonly start: boolean }
  /** Kills a part of the ophion tree, or who has the key. */
  | { readonly op: 'killPart'; readonly part: (typeof parts)[number] };

/** What the exploration kills besides the random tree. */
export const parts = [
  ...(['ophion/vault', 'ophion/observers', 'ophion/store', 'ophion/sessions', 'ophion/sessions/s1'] as const),
  ...(['ophion/bridge', 'ophion/links', 'ophion/tasks', 'ophion/contexts', 'ophion/pools', 'owner'] as const),
];

export interface Input {
  readonly tree: TreeNode;
  readonly ops: readonly Op[];
}

export function makeInput(random: RandomStream): Input {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
  const leaf = (): TreeNode => ({
    restart: pick(['permanent', 'permanent', 'transient', 'temporary']),
    kind: pick(['server', 'server', 'machine']),
    trapExit: random.below(2) === 0,
    shutdown: pick(['brutal_kill', 100, 5_000]),
    full: pick([undefined, undefined, 'reject', 'drop_oldest', 'park_sender']),
    strategy: 'one_for_one',
    maxRestarts: 0,
    periodMs: 1,
    children: [],
  });
  const branch = (depth: number): TreeNode => ({
    restart: pick(['permanent', 'permanent', 'transient', 'temporary']),
    kind: 'supervisor',
    trapExit: true,
    shutdown: 60_000,
    full: undefined,
    strategy: pick(['one_for_one', 'one_for_all', 'rest_for_one']),
    maxRestarts: random.below(6),
    periodMs: 10 + random.below(90),
    children: Array.from({ length: 1 + random.below(4) }, () =>
      depth > 0 && random.below(3) === 0 ? branch(depth - 1) : leaf(),
    ),
  });
  const op = (): Op => {
    const n = random.below(30);
    switch (random.below(15)) {
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
        return { op: 'ask', client: random.below(3), n, slowMs: random.below(timeoutMs * 2), timeoutMs };
      }
      case 8:
        return { op: 'task', ms: random.below(50), crash: random.below(3) === 0 };
      case 9:
        return { op: 'watch', session: random.below(2) };
      case 10:
        return random.below(3) === 0
          ? { op: 'killPart', part: pick(parts) }
          : { op: 'commit', session: random.below(2), writer: random.below(3), timeoutMs: 20 + random.below(200) };
      case 11:
        return { op: 'burst', client: random.below(3), n, count: 1 + random.below(20) };
      case 12:
        return random.below(2) === 0 ? { op: 'suspend', n } : { op: 'resume' };
      case 13:
        return { op: 'dynamic', n, start: random.below(3) > 0 };
      default:
        return { op: 'commit', session: random.below(2), writer: random.below(3), timeoutMs: 20 + random.below(200) };
    }
  };
  return { tree: branch(2), ops: Array.from({ length: 20 + random.below(80) }, op) };
}

/** Fewer operations, halves first; then a tree with fewer children. */
export function* simpler({ tree, ops }: Input): Iterable<Input> {
  for (let part = ops.length >> 1; part > 0; part >>= 1) {
    for (let at = 0; at < ops.length; at += part) yield { tree, ops: [...ops.slice(0, at), ...ops.slice(at + part)] };
  }
  for (const smaller of smallerTrees(tree)) yield { tree: smaller, ops };
}

function* smallerTrees(node: TreeNode): Iterable<TreeNode> {
  for (const [index, child] of node.children.entries()) {
    if (node.children.length > 1) yield { ...node, children: node.children.filter((other) => other !== child) };
    for (const smaller of smallerTrees(child)) yield { ...node, children: node.children.with(index, smaller) };
  }
}
