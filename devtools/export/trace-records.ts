/**
 * What stands in a `*.trace.jsonl`: a header line, then one record a line, each a row of the protocol with the name of its
 * kind. A reader passes over kinds that it does not know, so that kinds can be added.
 */
import type {
  ActorRow,
  CrashReport,
  EventRow,
  LogRow,
  MessageRow,
  MomentRow,
  SessionRow,
  SpanRow,
  StateRow,
  VariableRow,
} from '../protocol/index.ts';

export const traceFormat = 'ophion.trace';
/** A reader takes files of its own version and older ones. */
export const traceVersion = 1;

export interface TraceHeader {
  readonly format: typeof traceFormat;
  readonly version: number;
  /** The run of the host that it was recorded in. */
  readonly run: string;
  readonly name: string;
  readonly ophion: string;
  readonly node: string;
  readonly startedAtMs: number;
  /** When it was written. */
  readonly endedAtMs: number;
  /** Records that the limits of the recording have cost. */
  readonly dropped: number;
}

/** By kind: the row that it is. */
export interface TraceRows {
  message: MessageRow;
  crash: CrashReport;
  event: EventRow;
  span: SpanRow;
  /** With the actors that there were. */
  moment: MomentRow & { readonly rows: readonly ActorRow[] };
  state: StateRow;
  log: LogRow;
  /** With its variables. */
  session: SessionRow & { readonly rows: readonly VariableRow[] };
}

export type TraceKind = keyof TraceRows;
export type TraceRecord = { [K in TraceKind]: { readonly record: K } & TraceRows[K] }[TraceKind];

/** Why a file could not be read. */
export type TraceFileErrorCode = 'not_a_trace' | 'newer_version' | 'broken_line' | 'line_too_long';

/** A trace file that cannot be read: which line, and why. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError';
  readonly code: TraceFileErrorCode;
  /** Counted from 1. */
  readonly line: number;

  constructor(code: TraceFileErrorCode, line: number, message: string, options?: ErrorOptions) {
    super(`line ${line}: ${message}`, options);
    this.code = code;
    this.line = line;
  }
}

/** What a record of each kind must have to be shown at all. */
const needed: {
  readonly [K in TraceKind]: Readonly<Partial<Record<keyof TraceRows[K], 'number' | 'string' | 'array'>>>;
} = {
  message: { seq: 'number', atMs: 'number', name: 'string', from: 'string', to: 'string' },
  crash: { id: 'number', atMs: 'number', path: 'string', causes: 'array', messages: 'array' },
  event: { seq: 'number', atMs: 'number', type: 'string', text: 'string' },
  span: { spanId: 'string', traceId: 'string', startAtMs: 'number', name: 'string' },
  moment: { seq: 'number', atMs: 'number', rows: 'array' },
  state: { seq: 'number', atMs: 'number', pid: 'string', changed: 'array' },
  log: { worker: 'string', line: 'number', text: 'string' },
  session: { realm: 'string', id: 'string', rows: 'array' },
};

export function isTraceKind(kind: unknown): kind is TraceKind {
  return typeof kind === 'string' && Object.hasOwn(needed, kind);
}

/** The first field that a record lacks or has of another type; undefined: it is sound. */
export function lackOf(kind: TraceKind, record: object): string | undefined {
  for (const [field, type] of Object.entries(needed[kind])) {
    const value = (record as Readonly<Record<string, unknown>>)[field];
    if (type === 'array' ? !Array.isArray(value) : typeof value !== type) return field;
  }
  return undefined;
}
