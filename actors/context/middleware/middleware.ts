/**
 * Middleware: what stands around calls of tools, in both directions. One is used on a context, or on the whole system;
 * the first that was used is the outermost, and those of the system stand around those of a context.
 */
import type { CallOutcome } from '../../../bridge/protocol/index.ts';
import type { ActorSystem } from '../../core/index.ts';
import type { Snapshot } from '../../state/index.ts';

/** One call on its way to its tool. `{ ...call, arguments: other }` is another one, for `next`. */
export interface MiddlewareCall {
  /** The tool's name. Programs that run in Python are `ophion.program` and `ophion.program_stream`. */
  readonly tool: string;
  /** `python`: called from here, it runs in a worker. `typescript`: an exposed one, called by Python or by a client. */
  readonly side: 'python' | 'typescript';
  readonly arguments: Readonly<Record<string, unknown>>;
  /** It answers item by item. */
  readonly stream: boolean;
  /** The call, or the token, says that running it twice does no harm. */
  readonly idempotent: boolean;
  /** The id of the context. */
  readonly context: string;
  /** How long it may take, over all that is done about it, in milliseconds. Infinity: for ever. */
  readonly timeoutMs: number;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal | undefined;
  /** Reads variables of the session as the call sees them, at one revision: these, none (`[]`), or all. */
  read(names?: readonly string[]): Promise<Snapshot>;
  /** Clock, timers and chance are those of its `runtime`. */
  readonly system: ActorSystem;
}

/** What a call came to. Of a TypeScript tool, and of an answer that a middleware gives itself, the value is known alone. */
export type CallAnswer = Pick<CallOutcome, 'value'> & Partial<Omit<CallOutcome, 'value'>>;

export interface Middleware {
  /** Around a call that answers once. `next` may be called any number of times. Default: it passes. */
  call?(call: MiddlewareCall, next: (call: MiddlewareCall) => Promise<CallAnswer>): Promise<CallAnswer>;
  /** Around a call that answers item by item; leaving the loop over `next` early stops the tool. Default: it passes. */
  stream?(call: MiddlewareCall, next: (call: MiddlewareCall) => AsyncIterable<unknown>): AsyncIterable<unknown>;
}

/** A function alone stands around calls that answer once. */
export type AnyMiddleware = Middleware | NonNullable<Middleware['call']>;

/** All that stands around the calls of one context. */
export class Chain {
  #all: readonly Middleware[];

  constructor(outer: readonly AnyMiddleware[] = []) {
    this.#all = outer.map(asMiddleware);
  }

  /** For calls that begin from now on. */
  use(middleware: readonly AnyMiddleware[]): void {
    this.#all = [...this.#all, ...middleware.map(asMiddleware)];
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  async call(call: MiddlewareCall, run: (call: MiddlewareCall) => Promise<CallAnswer>): Promise<CallAnswer> {
    const all = this.#all;
    const from =
      (at: number) =>
      async (given: MiddlewareCall): Promise<CallAnswer> => {
        const one = all[at];
        if (one === undefined) return run(given);
        return one.call === undefined ? from(at + 1)(given) : one.call(given, from(at + 1));
      };
    return from(0)(call);
  }

  stream(call: MiddlewareCall, run: (call: MiddlewareCall) => AsyncIterable<unknown>): AsyncIterable<unknown> {
    const all = this.#all;
    const from =
      (at: number) =>
      (given: MiddlewareCall): AsyncIterable<unknown> => {
        const one = all[at];
        if (one === undefined) return run(given);
        return one.stream === undefined ? from(at + 1)(given) : one.stream(given, from(at + 1));
      };
    return from(0)(call);
  }
}

const asMiddleware = (given: AnyMiddleware): Middleware => (typeof given === 'function' ? { call: given } : given);
