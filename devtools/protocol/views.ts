/**
 * What can be looked at. A query names a view and what of it; it is answered once (`get`) or followed (`watch`): then
 * first with a snapshot, and from then on with numbered deltas.
 */
import type { Preview } from './preview.ts';
import type {
  ActorDetail,
  ActorRow,
  AuditRow,
  BridgeHead,
  CallRow,
  CrashReport,
  CrashRow,
  EventRow,
  FaultPlanRow,
  FaultsHead,
  LogRow,
  MessageRow,
  MomentRow,
  Overview,
  PlanHead,
  SessionRow,
  SpanRow,
  StateRow,
  ToolRow,
  TreeRow,
  VariableRow,
  VersionRow,
  WorkerRow,
} from './rows.ts';

/** Which of many rows. */
export interface Page {
  /** Default 0. */
  readonly offset?: number;
  /** Default 100, at most 1,000. */
  readonly limit?: number;
}

/** Filters are applied where the records are made, so what does not fit costs nothing further on. */
export interface MessageFilter {
  /** A glob of paths, of sender or receiver: `*` within a part, `**` over parts: `app/pools/**`. */
  readonly path?: string;
  /** The name of a call or cast, or the `type` of a message; with `*`. */
  readonly name?: string;
  /** To the actors of `path`, or from them. Default both. */
  readonly direction?: 'in' | 'out';
  readonly failures?: boolean;
  /** Handled for so long at least, in milliseconds. */
  readonly minMs?: number;
  readonly session?: string;
  readonly traceId?: string;
}

export type ActorSort = 'path' | 'mailbox' | 'busy' | 'memory' | 'restarts' | 'handled' | 'rate';

export type Query =
  | { readonly view: 'overview' }
  /**
   * `open`: whose children are shown; `all`, or those paths. `closed`: whose are not, whatever `open` says; so that one
   * branch of a tree that is all open can be folded. `at`: a recorded moment, by its number.
   */
  | ({
      readonly view: 'tree';
      readonly open: 'all' | readonly string[];
      readonly closed?: readonly string[];
      readonly under?: string;
      readonly at?: number;
    } & Page)
  | ({
      readonly view: 'actors';
      readonly search?: string;
      readonly sort?: ActorSort;
      readonly kind?: string;
      readonly status?: string;
    } & Page)
  | { readonly view: 'actor'; readonly path: string }
  /** More of a value, at a path of keys into the state of an actor, a crash's state, or a variable. */
  | {
      readonly view: 'value';
      readonly of:
        | { readonly actor: string }
        | { readonly crash: number; readonly state: 'before' | 'after' }
        | { readonly session: string; readonly variable: string }
        | { readonly message: number };
      readonly keys: readonly string[];
    }
  | ({ readonly view: 'history'; readonly path: string } & Page)
  | ({ readonly view: 'messages'; readonly filter?: MessageFilter } & Page)
  /** A message with what led to it and what it led to: rows are messages in the order of time. */
  | { readonly view: 'message'; readonly seq: number }
  | ({ readonly view: 'crashes'; readonly path?: string } & Page)
  | { readonly view: 'crash'; readonly id: number }
  | ({ readonly view: 'sessions'; readonly search?: string } & Page)
  | { readonly view: 'session'; readonly session: string }
  | ({ readonly view: 'variable'; readonly session: string; readonly name: string } & Page)
  | { readonly view: 'workers' }
  | ({ readonly view: 'logs'; readonly path: string; readonly incarnation?: number } & Page)
  | { readonly view: 'bridge' }
  | ({ readonly view: 'calls'; readonly tool?: string; readonly open?: boolean } & Page)
  | { readonly view: 'trace'; readonly traceId: string }
  | ({ readonly view: 'events'; readonly path?: string; readonly types?: readonly string[] } & Page)
  /** The armed plans; `brief`: without the catalogue and the points. */
  | { readonly view: 'faults'; readonly brief?: boolean }
  /** A plan that somebody writes, looked at before it is started: as text in the short form, or as data. */
  | { readonly view: 'plan'; readonly plan: unknown }
  | ({ readonly view: 'audit' } & Page)
  | ({ readonly view: 'moments' } & Page);

/** By view: what its head and its rows are. */
export interface Views {
  overview: { head: Overview; row: CrashRow };
  tree: { head: TreeHead; row: TreeRow };
  actors: { head: null; row: ActorRow };
  actor: { head: ActorDetail; row: never };
  value: { head: { readonly value: Preview }; row: never };
  history: { head: HistoryHead; row: StateRow };
  messages: { head: TraceHead; row: MessageRow };
  message: { head: MessageRow; row: MessageRow };
  crashes: { head: null; row: CrashRow };
  crash: { head: CrashReport; row: never };
  sessions: { head: { readonly providers: readonly string[] }; row: SessionRow };
  session: { head: SessionRow; row: VariableRow };
  variable: { head: VariableRow; row: VersionRow };
  workers: { head: null; row: WorkerRow };
  logs: { head: { readonly incarnations: readonly number[] }; row: LogRow };
  bridge: { head: BridgeHead; row: ToolRow };
  calls: { head: null; row: CallRow };
  trace: { head: { readonly traceId: string }; row: SpanRow };
  events: { head: { readonly dropped: number }; row: EventRow };
  faults: { head: FaultsHead; row: FaultPlanRow };
  plan: { head: PlanHead; row: never };
  audit: { head: null; row: AuditRow };
  moments: { head: null; row: MomentRow };
}

export type View = keyof Views;
export type QueryOf<V extends View> = Extract<Query, { readonly view: V }>;

export interface TreeHead {
  /** The moment that is shown; null: now. */
  readonly atMs: number | null;
}

export interface HistoryHead {
  /** Whether states are recorded now (action `record`), and how many were dropped for the limits. */
  readonly recording: boolean;
  readonly dropped: number;
}

/** A running or ended message trace; there is one for all viewers. */
export interface TraceHead {
  /** It records, or has stopped and still follows what it has recorded, for a second at most. */
  readonly running: boolean;
  readonly filter: MessageFilter;
  /** What was recorded, and what was dropped for the limits. */
  readonly recorded: number;
  readonly dropped: number;
  /** Why it stopped: `count`, `time`, `bytes`, `rate` or `asked`; null while it records or before the first one. */
  readonly stopped: string | null;
  readonly endsAtMs: number | null;
}

/** A view at one moment. */
export interface Snapshot<V extends View = View> {
  readonly head: Views[V]['head'];
  /** In order, each with its key. */
  readonly rows: readonly (readonly [key: string, row: Views[V]['row']])[];
  /** How many rows there are in all, also those that this page has not. */
  readonly total: number;
}

/** What has changed since number `from`. What is left out is as it was. */
export interface Delta<V extends View = View> {
  /** What the receiver must have, else it has a gap and asks for a snapshot (`resync`). */
  readonly from: number;
  readonly head?: Views[V]['head'];
  /** New or changed rows. */
  readonly set?: Readonly<Record<string, Views[V]['row']>>;
  /** All keys in their order, where that has changed; those that are not in it are gone. */
  readonly keys?: readonly string[];
  readonly total?: number;
  /** So many changes happened since that this viewer, being slow, did not get one by one. */
  readonly folded?: number;
}
