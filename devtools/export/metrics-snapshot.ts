/** What the metrics are made of: plain numbers at one moment, which the host fills in. */
import type { CallMetrics } from '../inspect/call-metrics.ts';

export interface MetricsSnapshot {
  /** How many actors of a kind are in a status. */
  readonly actors: readonly { readonly kind: string; readonly status: string; readonly count: number }[];
  /** Since the start of the system. */
  readonly restarts: number;
  readonly crashes: number;
  readonly handled: number;
  readonly deadLetters: number;
  /** Letters that wait in all mailboxes together. */
  readonly backlog: number;
  /** What the dev tools have dropped for their limits: `messages`, `events`, `frames`, ... */
  readonly dropped: readonly { readonly what: string; readonly count: number }[];
  readonly workers: readonly { readonly pool: string; readonly state: string; readonly count: number }[];
  readonly sessions: readonly { readonly realm: string; readonly count: number }[];
  /** See `CallLog.metrics`. */
  readonly calls: readonly CallMetrics[];
}
