/** Connecting to a running system from Node, and how it is found. */
export { type Connection, type ConnectionNews, type ConnectOptions, connectDevtools } from './connect.ts';
export { ConnectError, type ConnectErrorCode } from './errors.ts';
export { type Reason, reasonOf, reasonText } from './reason-of.ts';
export {
  ensureRunFolder,
  type FoundSystem,
  listRunFiles,
  type RunFile,
  RunFileError,
  type RunFiles,
  removeRunFile,
  runFolder,
  whyNotOurs,
  writeRunFile,
} from './run-file.ts';
export { describe, findTarget, type Target, type TargetOptions } from './target.ts';
