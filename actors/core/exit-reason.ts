/**
 * Why an actor ended: OTP's exit reasons as a closed union. The "normal family" (normal, shutdown, shutdown
 * with a detail) does not restart a transient child and is no crash (otp S-027, S-030).
 */
import { isDeepStrictEqual } from 'node:util';

export type ExitReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'shutdown'; readonly detail?: unknown }
  | { readonly kind: 'killed' }
  | { readonly kind: 'noproc' }
  | { readonly kind: 'error'; readonly error: Error }
  | { readonly kind: 'exit'; readonly value: unknown }
  | { readonly kind: 'os_exit'; readonly code: number }
  | { readonly kind: 'os_signal'; readonly signal: NodeJS.Signals };

const normal: ExitReason = { kind: 'normal' };
const shutdown: ExitReason = { kind: 'shutdown' };
const killed: ExitReason = { kind: 'killed' };
const noproc: ExitReason = { kind: 'noproc' };
const kill: ExitReason = { kind: 'exit', value: 'kill' };
const timeout: ExitReason = { kind: 'exit', value: 'timeout' };

/** Constructors of exit reasons. Those without data are one shared value. */
export const exitReason = {
  normal,
  /** How others see one that was killed. Sent by hand it is a reason like any other (otp S-127). */
  killed,
  noproc,
  /** As an exit signal: the kill that nobody can trap. As the reason of an own end: a reason like any other (otp S-129). */
  kill,
  /** A start that took too long (otp S-202). */
  timeout,
  /** `shutdown`, or OTP's `{shutdown, Detail}` when a detail is given. */
  shutdown: (detail?: unknown): ExitReason => (detail === undefined ? shutdown : { kind: 'shutdown', detail }),
  /** Something was thrown. */
  error: (error: Error): ExitReason => ({ kind: 'error', error }),
  /** Any other reason that a user gives. */
  exit: (value: unknown): ExitReason => ({ kind: 'exit', value }),
  /** An OS process ended with an exit code; 0 is `normal` (otp S-282). */
  osExit: (code: number): ExitReason => (code === 0 ? normal : { kind: 'os_exit', code }),
  /** An OS process was ended by a signal. */
  osSignal: (signal: NodeJS.Signals): ExitReason => ({ kind: 'os_signal', signal }),
} as const;

/** True for the normal family: normal, shutdown, and shutdown with a detail. */
export function isNormal(reason: ExitReason): boolean {
  return reason.kind === 'normal' || reason.kind === 'shutdown';
}

/** True when two reasons say the same. */
export function sameReason(a: ExitReason, b: ExitReason): boolean {
  return a === b || isDeepStrictEqual(a, b);
}

/** True for what kills when it is sent as an exit signal. */
export function isKill(reason: ExitReason): boolean {
  return reason.kind === 'exit' && reason.value === 'kill';
}

const kinds = new Set(['normal', 'shutdown', 'killed', 'noproc', 'error', 'exit', 'os_exit', 'os_signal']);

/** True when the value is an exit reason already. */
export function isExitReason(value: unknown): value is ExitReason {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.has(String(value.kind));
}

/**
 * Makes an exit reason of whatever was thrown or given: a reason stays, the strings of the normal family get
 * their meaning, an `Error` becomes `error`, anything else `exit`.
 */
export function toExitReason(value: unknown): ExitReason {
  if (value instanceof Error) return { kind: 'error', error: value };
  if (isExitReason(value)) return value;
  if (value === 'normal') return normal;
  if (value === 'shutdown') return shutdown;
  return { kind: 'exit', value };
}

/** The detail of a supervisor's `shutdown` when a child did not start (otp S-019). */
export class FailedToStart {
  readonly id: string;
  readonly reason: ExitReason;

  constructor(id: string, reason: ExitReason) {
    this.id = id;
    this.reason = reason;
  }

  toString(): string {
    return `child '${this.id}' did not start: ${formatExitReason(this.reason)}`;
  }
}

/** The error at the bottom of a reason, through nested failed starts. */
export function errorOf(reason: ExitReason): Error | undefined {
  if (reason.kind === 'error') return reason.error;
  if (reason.kind === 'shutdown' && reason.detail instanceof FailedToStart) return errorOf(reason.detail.reason);
  return undefined;
}

/** One line for logs: `error: boom`, `os_signal SIGKILL`, `shutdown`. */
export function formatExitReason(reason: ExitReason): string {
  switch (reason.kind) {
    case 'normal':
    case 'killed':
    case 'noproc':
      return reason.kind;
    case 'shutdown':
      return reason.detail === undefined ? 'shutdown' : `shutdown (${describe(reason.detail)})`;
    case 'error':
      return `${reason.error.name}: ${reason.error.message}`;
    case 'exit':
      return `exit ${describe(reason.value)}`;
    case 'os_exit':
      return `exit code ${reason.code}`;
    case 'os_signal':
      return `signal ${reason.signal}`;
    default: {
      const never: never = reason;
      return String(never);
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof FailedToStart) return value.toString();
  if (isExitReason(value)) return formatExitReason(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
