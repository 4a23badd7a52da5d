/**
 * Middleware: what stands around calls of tools and programs, in both directions. One is used on a context, or on the
 * whole system; the first that was used is the outermost. Those of the system stand around those of a context, and those
 * of an outer context around those of one that inherits from it.
 */
import type { CallOutcome } from '../../../bridge/protocol/index.ts';
import type { ActorSystem } from '../../core/index.ts';
import type { Snapshot } from '../../state/index.ts';

/** One call on its way to its tool. `{ ...call, arguments: other }` is another one, for `next`. */
export interface MiddlewareCall {
  /**
   * The tool's name. A program's is `ophion.program` for a DSPy module, `ophion.function` for a Python function and
   * `ophion.native` for a TypeScript function, with `_stream` behind it for one that streams.
   */
  readonly tool: string;
  /** The name of the program that it is a run of; undefined for a tool. What goes in is in its argument `inputs`. */
  readonly program: string | undefined;
  /**
   * `python`: called from here, it runs in a worker. `typescript`: a program that runs here, or an exposed tool that
   * Python or a client calls.
   */
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
  readonly #system: readonly Middleware[];
  #outer: Chain | undefined;
  #own: readonly Middleware[] = [];

  constructor(system: readonly AnyMiddleware[] = []) {
    this.#system = system.map(asMiddleware);
  }

  /** Puts it inside of that of another context, which this one's inherits from. */
  within(outer: Chain): void {
    this.#outer = outer;
  }

  /** For calls that begin from now on, of this context and of those that inherit from it. */
  use(middleware: readonly AnyMiddleware[]): void {
    this.#own = [...this.#own, ...middleware.map(asMiddleware)];
  }

  get isEmpty(): boolean {
    return this.#system.length === 0 && this.#scoped.length === 0;
  }

  /** Of the contexts, the outermost first. What the outer ones have of their system is not theirs to give. */
  get #scoped(): readonly Middleware[] {
    return this.#outer === undefined ? this.#own : [...this.#outer.#scoped, ...this.#own];
  }

  get #all(): readonly Middleware[] {
    return [...this.#system, ...this.#scoped];
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
