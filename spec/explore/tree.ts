/** Random supervision trees, as data. */
import type { MailboxPolicy } from '../../actors/core/mailbox-full.ts';
import type { Restart, Strategy } from '../../supervisors/index.ts';
import type { RandomStream } from '../../testing/simulation/random.ts';

export interface Leaf {
  readonly kind: 'server' | 'machine' | 'statem';
  readonly restart: Restart;
  readonly shutdown: 'brutal_kill' | number;
  readonly trapExit: boolean;
  /** How many letters may wait, and what happens with one more; undefined: any number. */
  readonly mailbox: { readonly max: number; readonly policy: MailboxPolicy } | undefined;
}

interface Budget {
  readonly restart: Restart;
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly periodMs: number;
  /** Whether restarts wait, and how long at most. */
  readonly backoffMs: number | undefined;
}

export interface Tree extends Budget {
  readonly kind: 'supervisor';
  readonly children: readonly Node[];
}

/** The same leaf several times over. */
export interface Partitions extends Budget {
  readonly kind: 'partitions';
  readonly partitions: number;
  readonly child: Leaf;
}

export type Node = Leaf | Tree | Partitions;

export const pickFrom =
  (random: RandomStream) =>
  <const T>(items: readonly T[]): T =>
    items[random.below(items.length)] as T;

export function makeTree(random: RandomStream): Tree {
  const pick = pickFrom(random);
  const restart = () => pick(['permanent', 'permanent', 'transient', 'temporary']);
  const leaf = (): Leaf => ({
    restart: restart(),
    kind: pick(['server', 'server', 'machine', 'statem']),
    trapExit: random.below(2) === 0,
    shutdown: pick(['brutal_kill', 100, 5_000]),
    mailbox: pick([
      undefined,
      undefined,
      { max: 1 + random.below(8), policy: pick(['reject', 'drop_oldest', 'park_sender']) },
    ]),
  });
  const budget = (): Budget => ({
    restart: restart(),
    strategy: pick(['one_for_one', 'one_for_all', 'rest_for_one']),
    maxRestarts: random.below(6),
    periodMs: 10 + random.below(90),
    backoffMs: pick([undefined, undefined, undefined, 1 + random.below(200)]),
  });
  const branch = (depth: number): Tree => ({
    kind: 'supervisor',
    ...budget(),
    children: Array.from({ length: 1 + random.below(4) }, (): Node => {
      if (depth === 0) return leaf();
      const kind = random.below(7);
      if (kind < 2) return branch(depth - 1);
      if (kind > 2) return leaf();
      return { kind: 'partitions', ...budget(), partitions: 1 + random.below(3), child: leaf() };
    }),
  });
  return branch(2);
}

/** Trees with fewer children, fewer partitions, or no waits. */
export function* simplerTrees(tree: Tree): Iterable<Tree> {
  const { children } = tree;
  if (tree.backoffMs !== undefined) yield { ...tree, backoffMs: undefined };
  for (const [index, child] of children.entries()) {
    if (children.length > 1) yield { ...tree, children: children.filter((other) => other !== child) };
    for (const simple of simplerNodes(child)) yield { ...tree, children: children.with(index, simple) };
  }
}

function* simplerNodes(node: Node): Iterable<Node> {
  if (node.kind === 'supervisor') yield* simplerTrees(node);
  else if (node.kind === 'partitions') {
    yield node.child;
    if (node.partitions > 1) yield { ...node, partitions: node.partitions - 1 };
  } else if (node.mailbox !== undefined) yield { ...node, mailbox: undefined };
}
