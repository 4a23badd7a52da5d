/** What supervisors tell: OTP's supervisor and progress reports as system events (otp S-250 to S-256). */
import type { ExitReason, Pid } from '../actors/core/index.ts';

export interface Offender {
  readonly id: string;
  readonly pid: Pid | undefined;
  readonly restart: string;
  readonly shutdown: number | string;
  readonly significant: boolean;
  readonly type: string;
}

export interface SupervisorReport {
  readonly type: 'supervisor.report';
  readonly supervisor: Pid;
  readonly context: 'child_terminated' | 'start_error' | 'shutdown_error' | 'shutdown';
  readonly reason: ExitReason;
  readonly offender: Offender;
  /** When instances of one template were stopped together: how many ended so; the offender is the template. */
  readonly count?: number;
}

export type SupervisorEvent =
  | SupervisorReport
  /** A child was started again; `restarts` of `maxRestarts` count in the window. */
  | {
      readonly type: 'child.restarted';
      readonly supervisor: Pid;
      readonly pid: Pid;
      readonly previous: Pid | undefined;
      readonly reason: ExitReason;
      readonly restarts: number;
      readonly maxRestarts: number;
    }
  /** A child over its own budget was given up alone, or a supervisor over its budget ends. */
  | { readonly type: 'child.gave_up'; readonly supervisor: Pid; readonly path: string; readonly reason: ExitReason }
  /** The restart of a child waits for `ms` milliseconds; its `attempt`-th wait in a row. */
  | {
      readonly type: 'child.backing_off';
      readonly supervisor: Pid;
      readonly path: string;
      readonly reason: ExitReason;
      readonly attempt: number;
      readonly ms: number;
    }
  /** Half of the restarts that are tolerated, or more, count now; `path` is the child that restarts. */
  | {
      readonly type: 'supervisor.degraded';
      readonly supervisor: Pid;
      readonly path: string;
      readonly restarts: number;
      readonly maxRestarts: number;
    }
  | { readonly type: 'application.started'; readonly application: string; readonly pid: Pid }
  /** Its tree has ended, whatever ended it. */
  | {
      readonly type: 'application.exited';
      readonly application: string;
      readonly pid: Pid;
      readonly reason: ExitReason;
    }
  /** A callback of an application threw; its stop went on. */
  | {
      readonly type: 'application.callback_failed';
      readonly application: string;
      readonly callback: 'prepStop' | 'stop';
      readonly error: unknown;
    };
