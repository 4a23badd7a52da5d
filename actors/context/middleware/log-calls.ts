/** Says of each call what it came to, and how long it took. */
import { isActorError, type LogSink } from '../../core/index.ts';
import type { Middleware, MiddlewareCall } from './middleware.ts';
import { calledName, concerns, type WhichCalls } from './which.ts';

export interface LogCallsOptions extends WhichCalls {
  /** Where to. Default: the system's own log. */
  readonly sink?: LogSink;
  /** Whether names of the arguments, of a program those of its inputs, are shown. Their values never are: they may be secret. Default false. */
  readonly names?: boolean;
}

/** `info` for a call that answered, `warning` for one that failed. */
export function logCalls({ sink, names = false, ...which }: LogCallsOptions = {}): Middleware {
  const isMine = concerns(which);
  const begin = (call: MiddlewareCall) => {
    const { clock, log } = call.system.runtime;
    const startMs = clock.monotonicMs();
    const { program, side, arguments: args } = call;
    const given = program === undefined ? args : { ...(args.inputs as object | undefined) };
    const shown = names ? `(${Object.keys(given).join(', ')})` : '';
    const called = program === undefined ? `${side} ${calledName(call)}` : calledName(call);
    const tell = (error: unknown, how: string): void => {
      const took = `${Math.round(clock.monotonicMs() - startMs)} ms`;
      const text = `context '${call.context}': ${called}${shown}: ${how} after ${took}`;
      (sink ?? log)(error === undefined ? 'info' : 'warning', text);
    };
    return { ended: (how: string) => tell(undefined, how), failed: (error: unknown) => tell(error, failure(error)) };
  };
  return {
    async call(call, next) {
      if (!isMine(call)) return next(call);
      const { ended, failed } = begin(call);
      try {
        const answer = await next(call);
        ended('answered');
        return answer;
      } catch (error) {
        failed(error);
        throw error;
      }
    },
    async *stream(call, next) {
      if (!isMine(call)) {
        yield* next(call);
        return;
      }
      const { ended, failed } = begin(call);
      let [items, how] = [0, 'was left'];
      try {
        for await (const item of next(call)) {
          items += 1;
          yield item;
        }
        how = 'ended';
      } catch (error) {
        how = '';
        failed(error);
        throw error;
      } finally {
        if (how !== '') ended(`${how} with ${items} items`);
      }
    },
  };
}

const failure = (error: unknown): string =>
  isActorError(error)
    ? `failed with ${error.code}`
    : `failed with ${error instanceof Error ? error.name : typeof error}`;
