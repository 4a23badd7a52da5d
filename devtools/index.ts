/**
 * `ophion/devtools`: look inside a running system.
 *
 * @module ophion/devtools
 */
export { type Dropped, type EventsOptions, events, nextEvent } from './events.ts';
export { formatTree, inspectTree, type TreeNode, totalRestarts } from './tree.ts';
