/** The protocol of the dev tools, and the viewer's side of it: nothing of the host, so that a browser can load it. */
export { type Action, type Scope, scopeOf } from './actions.ts';
export { globOf, isFailure, messageFilter, nameGlobOf } from './message-filter.ts';
export {
  defaultCredit,
  type Hello,
  type HostMessage,
  protocolVersion,
  type ViewerMessage,
  type WireError,
} from './messages.ts';
export { lastOf, parentOf, pathOf } from './paths.ts';
export type { Preview, PreviewNode } from './preview.ts';
export { Replica } from './replica.ts';
export type * from './rows.ts';
export { Viewer, ViewerError, type ViewerSocket, type Watch } from './viewer.ts';
export type * from './views.ts';
