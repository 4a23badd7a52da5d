/** No more than so many calls a second. */
import { LimitError } from '../../../bridge/protocol/index.ts';
import { pause } from '../../state/index.ts';
import type { Middleware, MiddlewareCall } from './middleware.ts';
import { calledName, checkAbove, concerns, type WhichCalls } from './which.ts';

export interface LimitCallsOptions extends WhichCalls {
  readonly perSecond: number;
  /** How many may come at once after a pause. Default: `perSecond`, at least 1. */
  readonly burst?: number;
  /** How long a call may wait for its turn, in milliseconds; its own time goes on. Default 0: it is refused at once. */
  readonly waitMs?: number;
}

/**
 * One limit for all calls that it sees, on all contexts that it is used on; those that wait have their turns in their
 * order. One more is refused with LimitError `rate_limited`, which says when there is room (`retryAfterMs`); nothing was
 * done. A stream counts once.
 */
export function limitCalls(options: LimitCallsOptions): Middleware {
  const { perSecond, burst = Math.max(1, perSecond), waitMs = 0, ...which } = options;
  checkAbove('perSecond', perSecond, Number.MIN_VALUE);
  checkAbove('burst', burst, 1);
  checkAbove('waitMs', waitMs, 0);
  const isMine = concerns(which);
  const everyMs = 1_000 / perSecond;
  /** When the next turn would be, if nothing could be saved up. */
  let dueMs = 0;
  const turn = async (call: MiddlewareCall): Promise<void> => {
    const { system, signal, timeoutMs } = call;
    const nowMs = system.runtime.clock.monotonicMs();
    dueMs = Math.max(dueMs, nowMs);
    const leftMs = dueMs - (burst - 1) * everyMs - nowMs;
    if (leftMs > Math.min(waitMs, timeoutMs)) {
      throw new LimitError('rate_limited', calledName(call), `may be called ${perSecond} times a second`, leftMs);
    }
    // Whoever comes next is behind this one.
    dueMs += everyMs;
    if (leftMs > 0) await pause(system, leftMs, signal);
  };
  return {
    async call(call, next) {
      if (isMine(call)) await turn(call);
      return next(call);
    },
    async *stream(call, next) {
      if (isMine(call)) await turn(call);
      yield* next(call);
    },
  };
}
