/**
 * The caller's side of a tool call: one handle, one outcome, whatever is restarted meanwhile. The call lies in a
 * table that the bridge reads, so sending it is no message that could be lost.
 */
import { ActorError, type CallOptions } from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import type { AffinityMode } from '../../actors/worker/index.ts';
import type { CallSettled } from './call-settled.ts';
import type { CallOutcome } from './call-table.ts';
import { Caller, type CallTarget } from './caller.ts';
import { cancelledCode } from './error-codes.ts';
import type { CommitPlan } from './gen/variables_pb.js';

/** What is left out, or undefined, has its default. */
export interface ToolRequest {
  readonly tool: string;
  /** Named arguments. Default: none. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  /** The session that the tool sees. Default: none. */
  readonly sessionId?: string | undefined;
  /** Which pool runs it. Default: the first whose workers offer the tool. */
  readonly pool?: string | undefined;
  /** Whether running it twice does no harm: then it is run again when its worker was lost. Default false. */
  readonly idempotent?: boolean | undefined;
  /**
   * Calls with the same key go to the same worker: when they can, or only there, as `affinityMode` says. Default: the
   * session, for which the worker that has seen it last is the quickest.
   */
  readonly affinityKey?: string | undefined;
  /**
   * `hint`: another worker will do. `strict_queue`, for what cannot leave a worker: that worker alone, and the call
   * waits for it. `strict_fail_fast`: refused with `queue_full` when it is busy. A strict call whose worker was lost is
   * refused with `affinity_lost` until the key is released (`pool.release(key)`). Default: the pool's `affinity`.
   */
  readonly affinityMode?: AffinityMode | undefined;
  /** The call must see the session at this revision or a later one. Default: the newest there is when it is sent. */
  readonly minRevision?: number | undefined;
  /**
   * Makes it one call, however often it is made: the same key in the same session joins the run that is under way, or
   * has its outcome, as long as that is kept (see `OutcomeLimits`). With another tool or other arguments it is a
   * `conflict`. Inside a transaction only the tool sees it. Default: the id of the call, which nobody else has.
   */
  readonly idempotencyKey?: string | undefined;
  /** Whose key it is: no owner meets another one's calls by a key. Default: all callers in this process are one. */
  readonly keyOwner?: string | undefined;
  /** Whether it goes on when its signal aborts, to be asked for again by its key. Default false. */
  readonly outlivesSignal?: boolean | undefined;
  /** The caller's W3C trace context. Default: the call begins a trace of its own. */
  readonly traceparent?: string | undefined;
  /** Ids of the calls inside which this one is made, nearest first. Default: none. */
  readonly within?: readonly string[] | undefined;
  /** What the transaction has written by now that the call is to join; its own writes are not committed then. */
  readonly overlay?: CommitPlan | undefined;
}

export interface ToolCallOptions extends CallOptions {
  /** The whole of it, over all attempts, in milliseconds. Default 60,000; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** How often it is tried at most, when a worker was lost. Default 3. */
  readonly maxAttempts?: number;
}

export interface ToolStreamOptions extends ToolCallOptions {
  /**
   * How many items may be under way or unread. Default: 32, and up to 256 while they are so small that they come to no
   * more than 1 MiB.
   */
  readonly window?: number;
}

/** A call that was made. */
export class ToolHandle {
  /** One id for all attempts. */
  readonly id: string;
  /**
   * The one outcome. Rejects with ToolError when the tool raised, WorkerLostError when its worker was lost and the
   * call may not be run again, StreamFullError when its worker takes no more at the moment, CallTimeoutError, PoolError,
   * StateError (its session; arguments that cannot cross), or the reason with which it was given up.
   */
  readonly outcome: Promise<CallOutcome>;
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.id = caller.id;
    this.outcome = caller.outcome;
    this.#caller = caller;
  }

  /** Internal: what it added to the transaction that it was made in, once it has its outcome. */
  get writes(): CommitPlan | undefined {
    return this.#caller.writes;
  }

  /** The outcome as data, with what is known of a call that failed. Never rejects. */
  settled(): Promise<CallSettled> {
    return this.#caller.settled;
  }

  /** Gives it up: the outcome rejects with `reason`, and the tool is told. */
  cancel(reason: unknown = new ActorError(cancelledCode, 'the call was given up')): void {
    this.#caller.giveUp(reason);
  }
}

/** A stream that was opened: the items in order, once. Leaving the loop early stops the tool. */
export class ToolStream implements AsyncIterableIterator<Value> {
  readonly id: string;
  /** What came after the last item; rejects as a call's does. Not looking at it is no unhandled rejection. */
  readonly outcome: Promise<CallOutcome>;
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.id = caller.id;
    this.outcome = caller.outcome;
    this.#caller = caller;
    caller.outcome.catch(() => {});
  }

  /** Internal: see `ToolHandle.writes`. */
  get writes(): CommitPlan | undefined {
    return this.#caller.writes;
  }

  /** See `ToolHandle.settled`. */
  settled(): Promise<CallSettled> {
    return this.#caller.settled;
  }

  /** The next item. After the last one it is done, or throws what the outcome rejects with. */
  next(): Promise<IteratorResult<Value, undefined>> {
    return this.#caller.next();
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.#caller.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  cancel(reason: unknown = new ActorError(cancelledCode, 'the stream was given up')): void {
    this.#caller.giveUp(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Calls a Python tool that answers once. Nothing is thrown: every failure is the handle's outcome. */
export function callTool(target: CallTarget, request: ToolRequest, options: ToolCallOptions = {}): ToolHandle {
  return new ToolHandle(new Caller(target, request, options));
}

/** Calls a Python tool that answers item by item. */
export function streamTool(target: CallTarget, request: ToolRequest, options: ToolStreamOptions = {}): ToolStream {
  return new ToolStream(new Caller(target, request, options, { items: options.window }));
}
