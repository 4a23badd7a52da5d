/** Circuit breakers, one for each tool and each program: what fails again and again is not asked for a while. */
import { PoolError } from '../../core/index.ts';
import { type BreakerOptions, Breakers } from '../../worker/index.ts';
import type { Middleware, MiddlewareCall } from './middleware.ts';
import { calledName, checkAbove, concerns, toolsFault, type WhichCalls } from './which.ts';

export interface BreakCallsOptions extends WhichCalls, BreakerOptions {
  /** Whether this failure is one of the tool. Default: what it raised, a lost worker, and time that was over while it ran. */
  readonly counts?: (error: unknown) => boolean;
}

/**
 * When at least `failures` calls of a tool, or runs of a program, failed within `windowMs`, and they are at least `ratio` of its calls, it is
 * refused with PoolError `circuit_open`: nothing was done. After `openMs` one call is let through; how it ends decides. The
 * pool has a breaker as well (`breaker` of `python()`), for lost workers alone; this one is for what tools fail with,
 * such as a language model that is down.
 */
export function breakCalls(options: BreakCallsOptions = {}): Middleware {
  const { tools, programs, counts = toolsFault, ...breaker } = options;
  for (const [name, value] of Object.entries(breaker)) checkAbove(name, value, Number.MIN_VALUE);
  const isMine = concerns({ ...(tools && { tools }), ...(programs && { programs }) });
  const breakers = new Breakers(breaker);
  let last = 0;
  /** Lets the call through, and takes how it ends. */
  const admitted = (call: MiddlewareCall) => {
    const { clock } = call.system.runtime;
    const one = breakers.of(calledName(call));
    last += 1;
    const id = String(last);
    const leftMs = one.admit(id, clock.monotonicMs());
    if (leftMs > 0) {
      const text = `${calledName(call)}: failed too often and is not called for ${Math.ceil(leftMs)} ms more`;
      throw new PoolError('circuit_open', text);
    }
    return {
      well: () => one.record(id, 'success', clock.monotonicMs()),
      failed: (error: unknown) => {
        const gaveUp = call.signal?.aborted === true && error === call.signal.reason;
        one.record(id, !gaveUp && counts(error) ? 'failure' : 'none', clock.monotonicMs());
      },
      left: () => one.record(id, 'none', clock.monotonicMs()),
    };
  };
  return {
    async call(call, next) {
      if (!isMine(call)) return next(call);
      const ended = admitted(call);
      try {
        const answer = await next(call);
        ended.well();
        return answer;
      } catch (error) {
        ended.failed(error);
        throw error;
      }
    },
    async *stream(call, next) {
      if (!isMine(call)) {
        yield* next(call);
        return;
      }
      const ended = admitted(call);
      let end = ended.left;
      try {
        yield* next(call);
        end = ended.well;
      } catch (error) {
        end = () => ended.failed(error);
        throw error;
      } finally {
        end();
      }
    },
  };
}
