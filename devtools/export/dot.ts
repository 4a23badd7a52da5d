/** The tree as a graph for Graphviz: who supervises whom and how, who is linked to whom, and who watches whom. Pure. */

import type { ActorRow, ActorStatus } from '../protocol/index.ts';
import { lastOf, parentOf } from '../protocol/paths.ts';

export interface GraphEdge {
  /** Paths. */
  readonly from: string;
  readonly to: string;
}

export interface Graph {
  readonly actors: readonly ActorRow[];
  /** Default: none. */
  readonly links?: readonly GraphEdge[];
  readonly monitors?: readonly GraphEdge[];
}

export interface DotOptions {
  /** How many actors are drawn; the picture says how many are left out. Default 1,000. */
  readonly max?: number;
}

const colours: Readonly<Record<ActorStatus, string>> = {
  starting: '#fff3c4',
  running: '#e3f9e5',
  stopping: '#f0f0f0',
  suspended: '#dceefb',
  restarting: '#ffe3b3',
  down: '#ffd6d6',
};

export function dotGraph({ actors, links = [], monitors = [] }: Graph, { max = 1_000 }: DotOptions = {}): string {
  const drawn = actors.slice(0, max);
  const known = new Set(drawn.map(({ path }) => path));
  const lines = [
    'digraph ophion {',
    '  rankdir=LR;',
    '  node [fontname="sans-serif", style="filled", shape="ellipse"];',
  ];
  if (drawn.length < actors.length)
    lines.push(`  label=${quoted(`${actors.length - drawn.length} more actors are not drawn`)};`);
  for (const actor of drawn) lines.push(`  ${quoted(actor.path)} [${attributes(nodeOf(actor))}];`);
  for (const { path } of drawn) {
    const parent = parentOf(path);
    if (known.has(parent)) lines.push(`  ${quoted(parent)} -> ${quoted(path)};`);
  }
  const seen = new Set<string>();
  for (const { from, to } of links) {
    // Both ends know of a link: it is one.
    const key = [from, to].sort().join('\0');
    if (seen.has(key) || !known.has(from) || !known.has(to) || isParent(from, to) || isParent(to, from)) continue;
    seen.add(key);
    lines.push(`  ${quoted(from)} -> ${quoted(to)} [dir="none", style="dashed", constraint="false", label="link"];`);
  }
  for (const { from, to } of monitors)
    if (known.has(from) && known.has(to))
      lines.push(`  ${quoted(from)} -> ${quoted(to)} [style="dotted", constraint="false", label="monitor"];`);
  return `${[...lines, '}'].join('\n')}\n`;
}

/** A supervisor and its child are linked anyway. */
const isParent = (parent: string, child: string): boolean => parentOf(child) === parent;

function nodeOf({ path, pid, kind, status, strategy, restarts, mailbox }: ActorRow): Record<string, string> {
  const name = lastOf(path);
  const incarnation = pid === null ? '' : pid.slice(pid.lastIndexOf('#'));
  const facts = [
    `${name}${incarnation}`,
    strategy ?? kind,
    status === 'running' ? '' : status,
    restarts > 0 ? `restarts ${restarts}` : '',
    mailbox > 0 ? `mailbox ${mailbox}` : '',
  ];
  const label = facts.filter((fact) => fact !== '').join('\n');
  return { label, fillcolor: colours[status], ...(strategy === null ? {} : { shape: 'box' }) };
}

function attributes(of: Readonly<Record<string, string>>): string {
  return Object.entries(of)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(', ');
}

/** A quoted id; a line break in it is one in the picture. */
const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\0', '').replaceAll('\r', '').replaceAll('\n', '\\n')}"`;
