/**
 * `ophion/devtools`: look inside a running system.
 *
 * @module ophion/devtools
 */
export { type Dropped, type EventsOptions, events, nextEvent } from './events.ts';
export { type Devtools, type DevtoolsOptions, startDevtools } from './host/index.ts';
export type { Redact } from './inspect/redact.ts';
export { formatTree, inspectTree, type TreeNode, totalRestarts } from './tree.ts';
