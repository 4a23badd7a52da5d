/**
 * The errors that calls throw: one base with a closed `code`, and a subclass only where a caller would act
 * differently. Exit reasons are data and live in exit-reason.ts; these are what a failed call rejects with.
 */

import { type ExitReason, errorOf, formatExitReason } from './exit-reason.ts';
import type { stateErrorCodes } from './state-error-codes.ts';

const brand = Symbol.for('ophion.ActorError');

/** Base of all errors of this library. The message starts with the target it is about. */
export class ActorError extends Error {
  readonly code: string;
  readonly [brand] = true;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** True for an error of this library, also when two copies of it are installed. */
export function isActorError(value: unknown): value is ActorError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** A child did not start; `message` says which and why. */
export class StartError extends ActorError {
  readonly reason: ExitReason;

  constructor(target: string, reason: ExitReason, options?: ErrorOptions) {
    super('start_failed', `${target}: did not start: ${formatExitReason(reason)}`, {
      cause: errorOf(reason),
      ...options,
    });
    this.reason = reason;
  }
}

/** A handler returned, or threw, what means nothing to its actor (otp S-158, S-166, S-175). */
export class BadReturnError extends ActorError {
  readonly value: unknown;

  constructor(target: string, what: string, value: unknown, code = 'bad_return_value') {
    super(code, `${target}: ${what}: ${typeof value === 'function' ? 'a function' : safeJson(value)}`);
    this.value = value;
  }
}

/** The target died, or was not there. */
export class ActorDownError extends ActorError {
  readonly target: string;
  readonly reason: ExitReason;

  constructor(target: string, reason: ExitReason, options?: ErrorOptions & { code?: string; message?: string }) {
    super(options?.code ?? 'actor_down', options?.message ?? `${target}: is down: ${formatExitReason(reason)}`, {
      cause: errorOf(reason),
      ...options,
    });
    this.target = target;
    this.reason = reason;
  }
}

/** A worker was lost while it held a call. `not_started` is safe to send again; `unknown` only if idempotent. */
export class WorkerLostError extends ActorDownError {
  readonly outcome: 'not_started' | 'unknown';
  readonly worker: string;
  readonly lastOutput: string;

  constructor(worker: string, reason: ExitReason, outcome: 'not_started' | 'unknown', lastOutput = '') {
    super(worker, reason, {
      code: 'worker_lost',
      message:
        `${worker}: was lost (${formatExitReason(reason)}) ` +
        (outcome === 'not_started' ? 'before the call started' : 'while it may have been running the call'),
    });
    this.worker = worker;
    this.outcome = outcome;
    this.lastOutput = lastOutput;
  }
}

/** No answer in time. The work may still be running, unless `outcome` says that it had not started. */
export class CallTimeoutError extends ActorError {
  readonly timeoutMs: number;
  /** `not_started`: nothing was done, it is safe to send again. `unknown`: it may have been done. */
  readonly outcome: 'not_started' | 'unknown';

  constructor(
    target: string,
    timeoutMs: number,
    { outcome = 'unknown', ...options }: ErrorOptions & { outcome?: 'not_started' | 'unknown' } = {},
  ) {
    const said = outcome === 'not_started' ? '; it had not started' : '';
    super('call_timeout', `${target}: no answer within ${timeoutMs} ms${said}`, options);
    this.timeoutMs = timeoutMs;
    this.outcome = outcome;
  }
}

/** The target's mailbox is full. Nothing was sent, so it is safe to send it again. */
export class MailboxFullError extends ActorError {
  constructor(target: string, max: number) {
    super('mailbox_full', `${target}: its mailbox holds ${max} messages already; nothing was sent`);
  }
}

/** A child spec or an option is wrong. `rule` is OTP's name of what is wrong with it (otp S-006). */
export class SpecError extends ActorError {
  readonly rule: string;
  readonly value: unknown;

  constructor(target: string, rule: string, value?: unknown) {
    const shown = value === undefined ? '' : ` (${typeof value === 'function' ? 'a function' : safeJson(value)})`;
    super('bad_spec', `${target}: ${rule}${shown}`);
    this.rule = rule;
    this.value = value;
  }
}

/** The tool itself failed. */
export class ToolError extends ActorError {
  readonly tool: string;
  readonly remoteType: string;
  readonly remoteTraceback: string;
  /** Named facts that the other side gave; `code` when an error of this library was behind it. */
  readonly details: Readonly<Record<string, unknown>>;
  /** What the tool had reported of its run before it failed. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    tool: string,
    message: string,
    options: ErrorOptions & {
      remoteType?: string;
      remoteTraceback?: string;
      details?: Readonly<Record<string, unknown>>;
      facts?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super('tool_failed', `${tool}: ${message}`, options);
    this.tool = tool;
    this.remoteType = options.remoteType ?? '';
    this.remoteTraceback = options.remoteTraceback ?? '';
    this.details = options.details ?? {};
    this.facts = options.facts ?? {};
  }

  /**
   * How Node shows it, such as by `console.error`: where it came here, then where it was raised, line by line, then the
   * same of its causes. `stack` is that of this side alone.
   */
  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: object, inspect: Inspect): string {
    const lines = [this.stack ?? String(this)];
    if (this.remoteTraceback !== '') {
      lines.push(`  raised${this.remoteType === '' ? '' : ` as ${this.remoteType}`} there:`);
      lines.push(indented(this.remoteTraceback.trimEnd(), 4));
    }
    if (Object.keys(this.details).length > 0)
      lines.push(`  details: ${indented(inspect(this.details, options), 2).trim()}`);
    if (this.cause !== undefined) {
      const below = depth < 0 ? String(this.cause) : inspect(this.cause, { ...options, depth: depth - 1 });
      lines.push(`  [cause]: ${indented(below, 2).trim()}`);
    }
    return lines.join('\n');
  }
}

type Inspect = (value: unknown, options: object) => string;

const indented = (text: string, by: number): string => text.replace(/^(?=.)/gm, ' '.repeat(by));

export type StateErrorCode = (typeof stateErrorCodes)[number];

/** The state protocol refused; `code` says how, `details` name what. */
export class StateError extends ActorError {
  declare readonly code: StateErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: StateErrorCode,
    message: string,
    options: ErrorOptions & { details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, message, options);
    this.details = options.details ?? {};
  }
}

export type PoolErrorCode =
  | 'queue_full'
  | 'queue_timeout'
  /** The one worker that an affinity key belongs to is at work, and the request does not want to wait. */
  | 'worker_busy'
  | 'affinity_lost'
  | 'circuit_open'
  | 'unknown_pool';

/** A pool did not hand out a worker. Nothing was started. */
export class PoolError extends ActorError {
  declare readonly code: PoolErrorCode;

  constructor(code: PoolErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** No token, a bad one, or one without the right scope. */
export class AuthError extends ActorError {
  declare readonly code: 'unauthenticated' | 'permission_denied';

  constructor(code: 'unauthenticated' | 'permission_denied', message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The two sides of a wire disagree: a bug, or mixed versions. */
export class ProtocolError extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('protocol', message, options);
  }
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
