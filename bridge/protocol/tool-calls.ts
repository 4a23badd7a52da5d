/**
 * The caller's side of a tool call: one handle, one outcome, whatever is restarted meanwhile. The call lies in a
 * table that the bridge reads, so sending it is no message that could be lost.
 */
import {
  ActorError,
  type CallOptions,
  CallTimeoutError,
  MailboxFullError,
  SpecError,
  type TimerHandle,
} from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import { type AffinityMode, affinityModes } from '../../actors/worker/index.ts';
import { Attachments } from './attachments.ts';
import { type CallOutcome, type CallSink, callTable, OpenCall } from './call-table.ts';
import { encodeMap } from './codec.ts';
import { cancelledCode } from './error-codes.ts';
import type { BridgeNames } from './names.ts';

export interface ToolRequest {
  readonly tool: string;
  /** Named arguments. Default: none. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** The session that the tool sees. Default: none. */
  readonly sessionId?: string;
  /** Which pool runs it. Default: the first whose workers offer the tool. */
  readonly pool?: string;
  /** Whether running it twice does no harm: then it is run again when its worker was lost. Default false. */
  readonly idempotent?: boolean;
  /**
   * Calls with the same key go to the same worker: when they can, or only there, as `affinityMode` says. Default: the
   * session, for which the worker that has seen it last is the quickest.
   */
  readonly affinityKey?: string;
  /**
   * `hint`: another worker will do. `strict_queue`, for what cannot leave a worker: that worker alone, and the call
   * waits for it. `strict_fail_fast`: refused with `queue_full` when it is busy. A strict call whose worker was lost is
   * refused with `affinity_lost` until the key is released (`pool.release(key)`). Default: the pool's `affinity`.
   */
  readonly affinityMode?: AffinityMode;
  /** The call must see the session at this revision or a later one. Default: the newest there is when it is sent. */
  readonly minRevision?: number;
  /** Default: the id of the call. */
  readonly idempotencyKey?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
}

export interface ToolCallOptions extends CallOptions {
  /** The whole of it, over all attempts, in milliseconds. Default 60,000; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** How often it is tried at most, when a worker was lost. Default 3. */
  readonly maxAttempts?: number;
}

export interface ToolStreamOptions extends ToolCallOptions {
  /** How many items may be under way or unread. Default 32. */
  readonly window?: number;
}

export const defaultToolTimeoutMs = 60_000;
/** How many calls may be open at a time; one more is refused, and nothing of it was sent. */
export const maxOpenCalls = 100_000;
const defaultAttempts = 3;
const defaultWindow = 32;

/** A call that was made. */
export class ToolHandle {
  /** One id for all attempts. */
  readonly id: string;
  /**
   * The one outcome. Rejects with ToolError when the tool raised, WorkerLostError when its worker was lost and the
   * call may not be run again, CallTimeoutError, PoolError, StateError (its session; arguments that cannot cross),
   * or the reason with which it was given up.
   */
  readonly outcome: Promise<CallOutcome>;
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.id = caller.id;
    this.outcome = caller.outcome;
    this.#caller = caller;
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
export function callTool(names: BridgeNames, request: ToolRequest, options: ToolCallOptions = {}): ToolHandle {
  return new ToolHandle(new Caller(names, request, options, undefined));
}

/** Calls a Python tool that answers item by item. */
export function streamTool(names: BridgeNames, request: ToolRequest, options: ToolStreamOptions = {}): ToolStream {
  return new ToolStream(new Caller(names, request, options, options.window ?? defaultWindow));
}

interface Reader {
  readonly resolve: (result: IteratorResult<Value, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

class Caller implements CallSink {
  readonly id: string;
  readonly outcome: Promise<CallOutcome>;
  consumed = 0;
  readonly #names: BridgeNames;
  readonly #window: number;
  readonly #call: OpenCall | undefined;
  readonly #items: Value[] = [];
  readonly #readers: Reader[] = [];
  #resolve: (outcome: CallOutcome) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #ended: { readonly error?: unknown } | undefined;
  #asked = 0;
  #timer: TimerHandle | undefined;
  #stopListening: (() => void) | undefined;

  constructor(names: BridgeNames, request: ToolRequest, options: ToolCallOptions, window: number | undefined) {
    const { runtime } = names.system;
    this.id = runtime.ids.next();
    this.#names = names;
    this.#window = window ?? 0;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    try {
      this.#call = this.#open(request, options, window);
    } catch (error) {
      this.#end({ error });
    }
  }

  #open(
    request: ToolRequest,
    { timeoutMs = defaultToolTimeoutMs, maxAttempts, signal }: ToolCallOptions,
    window: number | undefined,
  ) {
    const { system } = this.#names;
    positive(request.tool, 'timeoutMs', timeoutMs);
    positive(request.tool, 'maxAttempts', maxAttempts ?? 1);
    positive(request.tool, 'window', window ?? 1);
    const { affinityMode = 'hint' } = request;
    if (!affinityModes.includes(affinityMode))
      throw new SpecError(request.tool, `invalid_affinityMode: one of ${affinityModes.join(', ')}`, affinityMode);
    signal?.throwIfAborted();
    const large = new Attachments();
    const encoded = encodeMap(request.arguments ?? {}, `arguments of ${request.tool}`, large);
    const call = new OpenCall(
      this.id,
      {
        sessionId: request.sessionId ?? '',
        tool: request.tool,
        arguments: encoded,
        attachments: large.detach(),
        pool: request.pool,
        stream: window !== undefined,
        idempotent: request.idempotent ?? false,
        maxAttempts: maxAttempts ?? defaultAttempts,
        affinityKey: request.affinityKey ?? (request.sessionId === '' ? undefined : request.sessionId),
        affinityMode: request.affinityMode,
        minRevision: request.minRevision ?? 0,
        deadlineMs: system.runtime.clock.monotonicMs() + timeoutMs,
        idempotencyKey: request.idempotencyKey ?? this.id,
        traceparent: request.traceparent ?? '',
        window: this.#window,
      },
      this,
    );
    if (signal !== undefined) {
      const onAbort = () => this.giveUp(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#stopListening = () => signal.removeEventListener('abort', onAbort);
    }
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      const late = () => this.giveUp(new CallTimeoutError(request.tool, timeoutMs));
      this.#timer = system.deadlines.set(timeoutMs, late);
    }
    // The table is what counts: a bridge that starts again reads it, so the cast may be lost.
    const calls = callTable(system, this.#names.bridge.path);
    if (calls.size >= maxOpenCalls) throw new MailboxFullError(`${this.#names.bridge.path}/calls`, maxOpenCalls);
    calls.set(call.id, call);
    this.#names.bridge.cast('execute', call.id);
    return call;
  }

  settle(outcome: CallOutcome | Error): void {
    if (outcome instanceof Error) this.#end({ error: outcome });
    else this.#end({}, outcome);
  }

  item(value: Value): boolean {
    if (this.#ended !== undefined) return false;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value });
      this.#took();
      return true;
    }
    if (this.#items.length >= this.#window) return false;
    this.#items.push(value);
    return true;
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#took();
      return Promise.resolve({ done: false, value: item });
    }
    const ended = this.#ended;
    if (ended !== undefined) {
      // The error is thrown once; after that the iterator is over, as a generator's is.
      this.#ended = {};
      return 'error' in ended ? Promise.reject(ended.error) : Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** The reader has left its loop. */
  leave(): void {
    this.giveUp(new ActorError(cancelledCode, 'the reader of the stream has left'));
    this.#items.length = 0;
    this.#ended = {};
  }

  giveUp(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#end({ error: reason });
    const call = this.#call;
    if (call === undefined) return;
    call.cancelled = reason instanceof Error ? reason.message : String(reason);
    this.#names.bridge.cast('cancel', call.id);
  }

  /** A reader has taken an item: half a window taken is worth a message. */
  #took(): void {
    this.consumed += 1;
    if (this.consumed - this.#asked < Math.max(1, this.#window >> 1)) return;
    this.#asked = this.consumed;
    if (this.#ended === undefined) this.#names.bridge.cast('credit', this.id);
  }

  #end(ended: { readonly error?: unknown }, outcome?: CallOutcome): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#timer?.cancel();
    this.#stopListening?.();
    if (outcome !== undefined) this.#resolve(outcome);
    else this.#reject(ended.error);
    for (const reader of this.#readers.splice(0)) {
      if ('error' in ended) reader.reject(ended.error);
      else reader.resolve({ done: true, value: undefined });
    }
  }
}

function positive(tool: string, name: string, value: number): void {
  if (!(value > 0)) throw new SpecError(tool, `invalid_${name}: it must be above 0`, value);
}
