/** Makes a call again that has failed: one that had not started, or that may run twice. */
import { CallTimeoutError } from '../../core/index.ts';
import { pause } from '../../state/index.ts';
import type { Middleware } from './middleware.ts';
import { callersFault, checkAbove, concerns, notStarted, type WhichCalls } from './which.ts';

export interface RetryCallsOptions extends WhichCalls {
  /** How often it is made at most. Default 3. */
  readonly attempts?: number;
  /** Names of tools that may run twice, beside those whose call or token says so. Default: none. */
  readonly idempotent?: readonly string[];
  /** The pause before the second attempt, in milliseconds; each next one is twice as long. Default 50. */
  readonly firstMs?: number;
  /** The longest pause, in milliseconds. Default 2,000. Half of each is chance. */
  readonly longestMs?: number;
  /** Whether this failure is worth another attempt, of a call that may be made again. Default: all but the caller's own doing. */
  readonly when?: (error: unknown) => boolean;
}

/**
 * A call that had not started is made again whatever it does, one that may have run only when it may run twice. All
 * attempts and pauses together have no more than the call's `timeoutMs`; what the last one failed with is the failure.
 * A call whose worker was lost is tried again by the bridge itself (`maxAttempts`); this is for what tools and pools say. Streams
 * pass: what was read of one cannot be taken back.
 */
export function retryCalls(options: RetryCallsOptions = {}): Middleware {
  const { attempts = 3, firstMs = 50, longestMs = 2_000, when = (error) => !callersFault(error), ...which } = options;
  checkAbove('attempts', attempts, 1);
  checkAbove('firstMs', firstMs, 0);
  checkAbove('longestMs', longestMs, firstMs);
  const isMine = concerns(which);
  const repeatable = new Set(options.idempotent);
  return {
    async call(call, next) {
      if (!isMine(call)) return next(call);
      const { clock, random } = call.system.runtime;
      const deadlineMs = clock.monotonicMs() + call.timeoutMs;
      const mayRunTwice = call.idempotent || repeatable.has(call.tool);
      for (let attempt = 1; ; attempt += 1) {
        try {
          const leftMs = deadlineMs - clock.monotonicMs();
          if (leftMs <= 0) throw new CallTimeoutError(call.tool, call.timeoutMs, { outcome: 'not_started' });
          return await next(attempt === 1 ? call : { ...call, timeoutMs: leftMs });
        } catch (error) {
          const again = attempt < attempts && (mayRunTwice || notStarted(error)) && when(error);
          const wait = Math.min(longestMs, firstMs * 2 ** (attempt - 1)) * (1 - random.next() / 2);
          if (!again || call.signal?.aborted || clock.monotonicMs() + wait >= deadlineMs) throw error;
          await pause(call.system, wait, call.signal);
        }
      }
    },
  };
}
