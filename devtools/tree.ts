/**
 * The supervision tree as data and as text. Reads what the kernel keeps anyway: no message reaches any actor.
 */
import type { ActorRef, ActorSystem, Process } from '../actors/core/index.ts';
import { supervisionOf } from '../supervisors/index.ts';

export interface TreeNode {
  /** The last part of the path. */
  readonly id: string;
  readonly path: string;
  /** Path and incarnation; undefined when nobody lives there. */
  readonly pid: string | undefined;
  readonly kind: string;
  readonly status: 'starting' | 'running' | 'stopping' | 'restarting' | 'down';
  /** How often it was started again. */
  readonly restarts: number;
  readonly mailboxLength: number;
  /** Letters handled by this incarnation. */
  readonly handled: number;
  readonly children: readonly TreeNode[];
}

/** Reads the tree below a ref, such as the one that `startSupervisor` answers. */
export function inspectTree(root: ActorRef): TreeNode {
  return nodeAt(root.system, root.path, 0);
}

function nodeAt(system: ActorSystem, path: string, restarts: number, restarting = false): TreeNode {
  const process = system.lookup(path);
  return {
    id: path.slice(path.lastIndexOf('/') + 1),
    path,
    pid: process?.pid.toString(),
    kind: process?.kind ?? 'unknown',
    status: statusOf(process, restarting),
    restarts,
    mailboxLength: process?.mailboxLength ?? 0,
    handled: process?.handled ?? 0,
    children: [...(supervisionOf(process)?.children ?? [])].map((row) =>
      nodeAt(system, `${path}/${row.id}`, row.restarts, row.pid === 'restarting'),
    ),
  };
}

function statusOf(process: Process | undefined, restarting: boolean): TreeNode['status'] {
  if (process === undefined) return restarting ? 'restarting' : 'down';
  return process.status === 'dead' ? 'down' : process.status;
}

/** How often anything below a node was started again. */
export function totalRestarts(node: TreeNode): number {
  return node.children.reduce((sum, child) => sum + totalRestarts(child), node.restarts);
}

/** Draws the tree, one actor a line. */
export function formatTree(root: TreeNode): string {
  const lines: string[] = [];
  const draw = (node: TreeNode, lead: string, branch: string, below: string): void => {
    const facts = [
      node.status === 'running' ? '' : node.status,
      node.restarts > 0 ? `restarts ${node.restarts}` : '',
      node.mailboxLength > 0 ? `mailbox ${node.mailboxLength}` : '',
    ].filter((fact) => fact !== '');
    const incarnation = node.pid?.slice(node.pid.lastIndexOf('#')) ?? '';
    lines.push(`${lead}${branch}${node.id}${incarnation}${facts.length > 0 ? `  ${facts.join(', ')}` : ''}`);
    node.children.forEach((child, index) => {
      const last = index === node.children.length - 1;
      draw(child, lead + below, last ? '└─ ' : '├─ ', last ? '   ' : '│  ');
    });
  };
  draw(root, '', '', '');
  return lines.join('\n');
}
