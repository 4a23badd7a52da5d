/** Calls of tools, through both languages. See rows.ts. */

/** In view `bridge`, by tool. Percentiles are of the last 1,000 calls. */
export interface ToolRow {
  readonly tool: string;
  readonly side: 'python' | 'typescript';
  readonly calls: number;
  readonly inFlight: number;
  readonly perSecond: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly errors: Readonly<Record<string, number>>;
}

export interface BridgeHead {
  readonly inFlight: number;
  readonly queued: number;
  readonly streams: number;
  readonly perSecond: number | null;
  readonly errors: Readonly<Record<string, number>>;
}

/** One call of a tool, from all sides: rows of view `calls`, by call id. */
export interface CallRow {
  readonly callId: string;
  readonly tool: string;
  readonly session: string;
  readonly worker: string;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly tookMs: number | null;
  /**
   * Parts of that, over all attempts, in milliseconds: the wait for a worker; the way to it and back; and what the worker
   * says that the tool's own code took. Null: it was not so far, or that is not known.
   */
  readonly queueMs: number | null;
  readonly wireMs: number | null;
  readonly handlerMs: number | null;
  readonly outcome: 'open' | 'ok' | 'failed';
  readonly error: string | null;
  readonly traceId: string;
}

/** One span of a trace over both languages: rows of view `trace`, by span id, depth first. */
export interface SpanRow {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceId: string;
  readonly depth: number;
  readonly name: string;
  /**
   * `caller`, `queue`, `bridge`, `python`, `typescript`, `commit`, `write`. `python` is what the worker says that the tool's own
   * code took (attribute `handlerMs`), where it does; then what `bridge` has more than it is the way there and back.
   */
  readonly layer: string;
  readonly startAtMs: number;
  readonly tookMs: number | null;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}
