/** A row of an actor, as dev tools show it, with what a spec says of it. */
import type { ActorRow, TreeRow } from '../../devtools/protocol/index.ts';

export const actorRow = (path: string, facts: Partial<ActorRow> = {}): ActorRow => ({
  path,
  pid: `${path}#1`,
  kind: 'server',
  name: null,
  status: 'running',
  restarts: 0,
  mailbox: 0,
  mailboxPeak: 0,
  handled: 0,
  dropped: 0,
  perSecond: null,
  busyMs: null,
  rssBytes: null,
  children: 0,
  strategy: null,
  budget: null,
  backoffUntilAtMs: null,
  ...facts,
});

export const treeRow = (path: string, facts: Partial<TreeRow> = {}): TreeRow => ({
  ...actorRow(path),
  depth: path.split('/').length - 1,
  open: true,
  ...facts,
});
