/**
 * What handlers of a `server()` return, as values: answer, go on, stop. Their creators are what users import.
 */
import { type ExitReason, toExitReason } from './exit-reason.ts';

/** What happens after a handler; at most one of them. */
export interface After {
  /** When no message arrives within so many milliseconds, `info` gets `{ type: 'timeout' }` (otp S-160). */
  readonly timeoutMs?: number;
  /** The handler `continue` runs with it at once, before anything else is handled (otp S-159). */
  readonly continue?: unknown;
  /** A hint that it may be idle for long. JavaScript has no use for it: nothing happens (otp S-161). */
  readonly hibernate?: boolean;
}

/** What all results have in common: a state never is one. */
export abstract class HandlerResult {}

/** A call handler's result: answer now. */
export class Reply<V, S> extends HandlerResult {
  declare readonly kind: 'reply';
  readonly value: V;
  readonly state: S;
  readonly after: After | undefined;

  constructor(value: V, state: S, after?: After) {
    super();
    this.value = value;
    this.state = state;
    this.after = after;
  }
}

/** Any handler's result: go on. */
export class Next<S> extends HandlerResult {
  declare readonly kind: 'next';
  readonly state: S;
  readonly after: After | undefined;

  constructor(state: S, after?: After) {
    super();
    this.state = state;
    this.after = after;
  }
}

/** A call handler's result: somebody answers later, with `ctx.reply(from, value)`. */
export class NoReply<V, S> extends Next<S> {
  declare readonly answers: V;
}

/** Any handler's result: end this actor. */
export class Stop<S, V = unknown> extends HandlerResult {
  declare readonly answers: V;
  readonly reason: ExitReason;
  readonly state: S | undefined;
  /** What the call is answered after terminate; undefined for none. */
  readonly reply: { readonly value: unknown } | undefined;

  constructor(reason: ExitReason, state: S | undefined, reply?: { readonly value: unknown }) {
    super();
    this.reason = reason;
    this.state = state;
    this.reply = reply;
  }
}

/** Init's result: there is nothing to run, and that is no failure. */
export class Ignore extends HandlerResult {
  readonly ignore = true;
}

/** Answers a call with `value` and goes on with `state`. */
export const reply = <V, S>(value: V, state: S, after?: After): Reply<V, S> => new Reply(value, state, after);
/** Goes on with `state`; the call is answered later. Name the answer's type: `noreply<Answer, State>(state)`. */
export const noreply = <V, S>(state: S, after?: After): NoReply<V, S> => new NoReply(state, after);
/** Goes on with `state`, as a handler that returns just `state` does, and says what then. Also for init. */
export const next = <S>(state: S, after?: After): Next<S> => new Next(state, after);
/**
 * Ends this actor: `stop()` normally, `stop('shutdown')`, `stop(new Error(...))`, or with any other reason. In a call
 * handler `reply` is answered after terminate has run.
 */
export const stop = <S = never, V = never>(
  reason: unknown = 'normal',
  state?: S,
  options?: { readonly reply: V },
): Stop<S, V> => new Stop(toExitReason(reason), state, options === undefined ? undefined : { value: options.reply });
export const ignore = (): Ignore => new Ignore();
