/**
 * What lies in a mailbox. Everything that one actor learns of another comes as a letter, in the order in which
 * it was put there (otp S-125). Who sent it is known to the kernel alone, for those who look at it later: `sender` is
 * missing where that was code outside all actors, or code of one behind an `await`.
 */

import type { ExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Pid } from './pid.ts';

export type Letter =
  /** Anything sent with `send`, and what the kernel tells: down, response, timers. OTP's info. */
  | { readonly kind: 'info'; readonly message: unknown; readonly sender?: Pid | undefined }
  | { readonly kind: 'cast'; readonly name: string; readonly arg: unknown; readonly sender?: Pid | undefined }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly arg: unknown;
      readonly from: From;
      readonly sender?: Pid | undefined;
    }
  /** An exit signal to an actor that traps exits (otp S-128). */
  | { readonly kind: 'exit'; readonly from: Pid; readonly reason: ExitReason }
  /** A system message: runs `work` in the actor's turn, also while it is suspended (otp S-187). `from` waits for it. */
  | { readonly kind: 'system'; readonly work: () => void | Promise<void>; readonly from?: From };

/** Told to who monitors an actor, once (otp S-131). */
export interface DownMessage {
  readonly type: 'down';
  readonly ref: MonitorRef;
  /** Undefined when nobody was there, or when it was monitored by its name (otp S-145). */
  readonly pid: Pid | undefined;
  /** Its path in the tree, or the name by which it was monitored. */
  readonly path: string;
  readonly reason: ExitReason;
}

/** An exit signal as a trapping actor's `info` sees it. */
export interface ExitMessage {
  readonly type: 'exit';
  readonly from: Pid;
  readonly reason: ExitReason;
}

/** No message came in the time that a handler gave with `timeoutMs` (otp S-160). */
export interface TimeoutMessage {
  readonly type: 'timeout';
}

/** The answer to a `request`. */
export type ResponseMessage<T = unknown> =
  | { readonly type: 'response'; readonly tag: unknown; readonly ok: true; readonly value: T }
  | { readonly type: 'response'; readonly tag: unknown; readonly ok: false; readonly error: Error };

/** One monitor. Monitors stack: each has its own ref. */
export interface MonitorRef {
  readonly path: string;
}
