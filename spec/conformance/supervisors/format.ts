/** Format 1: a supervision tree, and what is done to it. The recordings' README defines every field. */
import type { Json } from '../scenario.ts';

export type Reason = Json;

interface SpecFields {
  /** Absent, as any other field may be: a faulty spec on purpose. */
  readonly id?: string;
  readonly restart?: string;
  readonly shutdown?: number | string;
  readonly significant?: boolean;
  readonly type?: string;
  /** What init does on its 1st, 2nd, ... start. */
  readonly init?: readonly string[];
  readonly no_start?: boolean;
}

export interface WorkerNode extends SpecFields {
  readonly kind: 'worker';
  readonly trap?: boolean;
  readonly on_shutdown?: 'slow' | 'hang' | 'crash' | 'normal' | 'shutdown_tuple';
  readonly extra?: boolean;
}

export interface SupNode extends SpecFields {
  readonly kind: 'sup';
  readonly strategy?: string;
  readonly intensity?: number | string;
  readonly period?: number | string;
  readonly auto_shutdown?: string;
  readonly children: readonly Node[];
}

export type Node = WorkerNode | SupNode;

export interface Crash {
  readonly id: string;
  readonly how: 'stop' | 'exit' | 'raise' | 'kill' | 'signal';
  readonly reason?: Reason;
}

/** A request to a supervisor; `sup` is absent in a race, where all go to the same. */
export interface Call {
  readonly op: string;
  readonly sup?: string;
  readonly id?: string;
  readonly instance?: string;
  readonly init?: readonly string[];
  readonly spec?: Node;
}

export type Op =
  | ({ readonly op: 'crash' } & Crash)
  | { readonly op: 'burst'; readonly sup: string; readonly crashes: readonly Crash[] }
  | { readonly op: 'race'; readonly sup: string; readonly crashes: readonly Crash[]; readonly calls: readonly Call[] }
  | { readonly op: 'stop_sup'; readonly sup: string; readonly reason: Reason }
  | { readonly op: 'kill_sup'; readonly sup: string }
  | { readonly op: 'advance'; readonly ms: number }
  | (Call & { readonly op: `${string}_child` | `${string}_children` | 'get_childspec'; readonly sup: string });

export type TraceEvent =
  | { readonly ev: 'init'; readonly id: string; readonly n: number; readonly out: string }
  | {
      readonly ev: 'terminate' | 'exit_msg' | 'down';
      readonly id: string;
      readonly n: number;
      readonly reason: Reason;
    };

/** Its keys stand in alphabetical order. */
export interface TraceReport {
  readonly child: string;
  readonly count?: number;
  readonly ctx: string;
  readonly reason: Reason;
  readonly sup: string;
}

export type Row = readonly [id: string | null, state: number | 'undefined' | 'restarting', type: string];

export interface TraceStep {
  readonly op: string;
  readonly result: Json;
  readonly order: 'total' | 'per_id';
  readonly events: readonly TraceEvent[];
  readonly reports: readonly TraceReport[];
  readonly shape: Readonly<Record<string, readonly Row[]>>;
  readonly counts: Readonly<Record<string, readonly number[]>>;
  readonly [field: string]: unknown;
}

/** All that a replay may know of a scenario. */
export interface Script {
  readonly tree: SupNode;
  readonly ops: readonly Op[];
}
