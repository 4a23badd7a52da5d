/**
 * `ophion/devtools`: look inside a running system.
 *
 * @module ophion/devtools
 */
export type { ForeignSource } from './adapters/foreign-source.ts';
export {
  type Inspected,
  type XstateInspector,
  type XstateInspectorOptions,
  xstateInspector,
} from './adapters/xstate.ts';
export {
  ConnectError,
  type ConnectErrorCode,
  type Connection,
  type ConnectionNews,
  type ConnectOptions,
  connectDevtools,
  type TargetOptions,
} from './client/index.ts';
export { type Dropped, type EventsOptions, events, nextEvent } from './events.ts';
export { type ChromeTraceInput, chromeTrace } from './export/chrome-trace.ts';
export { CrashTestError, type CrashTestErrorCode, type CrashTestOptions, crashTest } from './export/crash-test.ts';
export { type DotOptions, dotGraph, type Graph, type GraphEdge } from './export/dot.ts';
export { type SequenceOptions, sequenceDiagram } from './export/mermaid.ts';
export type { MetricsSnapshot } from './export/metrics-snapshot.ts';
export { type MetricsOptions, metricsContentTypes, metricsText } from './export/open-metrics.ts';
export { TraceFile } from './export/trace-file.ts';
export { readTrace, type TraceContents, TraceReader, type TraceReaderOptions } from './export/trace-reader.ts';
export { TraceFileError, type TraceHeader, type TraceRecord } from './export/trace-records.ts';
export { writeTrace } from './export/trace-writer.ts';
export { type Devtools, type DevtoolsOptions, startDevtools } from './host/index.ts';
export type { Redact } from './inspect/redact.ts';
export { type Action, type Scope, type Viewer, ViewerError, type Watch } from './protocol/index.ts';
export type { Query, QueryOf, Snapshot, View, Views } from './protocol/views.ts';
export { formatTree, inspectTree, type TreeNode, totalRestarts } from './tree.ts';
