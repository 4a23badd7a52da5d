/**
 * The caller's end of one call: makes it, waits, reads its items, gives it up. A plain object that lies in the table of
 * calls with the call, so an outcome reaches it whatever is restarted meanwhile.
 */
import {
  ActorError,
  type ActorSystem,
  CallTimeoutError,
  MailboxFullError,
  SpecError,
  StateError,
  type TimerHandle,
} from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import { affinityModes } from '../../actors/worker/index.ts';
import { Attachments } from './attachments.ts';
import { tellCalled, tellSettled } from './call-events.ts';
import { type CallSettled, settledOf } from './call-settled.ts';
import { type CallOutcome, type CallPlan, type CallSink, callTable, type Known, OpenCall } from './call-table.ts';
import { encodeMap } from './codec.ts';
import { cancelledCode } from './error-codes.ts';
import type { CommitPlan } from './gen/variables_pb.js';
import { outcomeOfKept } from './kept-outcome.ts';
import { fingerprintOf, outcomeKey, outcomesOf, SharedRun } from './outcomes.ts';
import { bridgeSettings } from './settings.ts';
import type { ToolCallOptions, ToolRequest } from './tool-calls.ts';
import { isTraceparent } from './trace.ts';
import { beginSpan } from './tracing.ts';

export const defaultToolTimeoutMs = 60_000;
const defaultAttempts = 3;

/** Where calls are handed in: the bridge of a tree, by its name. */
export interface CallTarget {
  readonly system: ActorSystem;
  readonly bridge: { readonly path: string; cast(name: 'execute' | 'cancel' | 'credit', id: string): void };
}

interface Reader {
  readonly resolve: (result: IteratorResult<Value, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** How many items its reader wants under way or unread; undefined: as `ItemWindow` has it. */
export interface StreamWindow {
  readonly items: number | undefined;
}

export class Caller implements CallSink {
  readonly id: string;
  readonly outcome: Promise<CallOutcome>;
  consumed = 0;
  /** What the call added to the transaction that it was made in, once it has its outcome. */
  writes: CommitPlan | undefined;
  readonly #target: CallTarget;
  /** Undefined until it is known what is wanted, and for ever when that cannot be. */
  #plan: CallPlan | undefined;
  readonly #call: OpenCall | undefined;
  readonly #items: Value[] = [];
  readonly #readers: Reader[] = [];
  #resolve: (outcome: CallOutcome) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #ended: { readonly error?: unknown } | undefined;
  #known: Known = 'unknown';
  #settled: Promise<CallSettled> | undefined;
  /** The run that it shares with whoever has the same key. */
  #run: SharedRun | undefined;
  /** How much the worker was allowed to send when more was asked for. */
  #askedAt = -1;
  #timer: TimerHandle | undefined;
  #stopListening: (() => void) | undefined;

  /** `window`: of a stream, see `ToolStreamOptions`; undefined for a call that answers once. */
  constructor(target: CallTarget, request: ToolRequest, options: ToolCallOptions, window?: StreamWindow) {
    const { runtime } = target.system;
    this.id = runtime.ids.next();
    this.#target = target;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    try {
      this.#call = this.#open(request, options, window);
    } catch (error) {
      this.#end({ error }, 'not_started');
    }
  }

  #open(request: ToolRequest, options: ToolCallOptions, window: StreamWindow | undefined): OpenCall | undefined {
    const { system, bridge } = this.#target;
    const plan = this.#planned(request, options, window);
    this.#plan = plan;
    tellCalled(system, this.id, plan);
    const run = plan.fingerprint === '' ? undefined : this.#joined(plan);
    // Another caller's: what it runs, or what it has ended with.
    if (run === 'kept') return undefined;
    if (run !== undefined) {
      this.#wait(request, options);
      return run.call;
    }
    // The table is what counts: a bridge that starts again reads it, so the cast may be lost.
    const calls = callTable(system, bridge.path);
    const { maxOpenCalls } = bridgeSettings(system, bridge.path);
    if (calls.size >= maxOpenCalls) throw new MailboxFullError(`${bridge.path}/calls`, maxOpenCalls);
    this.#run = plan.fingerprint === '' ? undefined : outcomesOf(system, bridge.path).begin(plan);
    this.#run?.join(this);
    const call = new OpenCall(this.id, plan, this.#run ?? this);
    if (this.#run !== undefined) this.#run.call = call;
    this.#wait(request, options);
    calls.set(call.id, call);
    bridge.cast('execute', call.id);
    return call;
  }

  #planned(
    request: ToolRequest,
    { timeoutMs = defaultToolTimeoutMs, maxAttempts = defaultAttempts, signal }: ToolCallOptions,
    window: StreamWindow | undefined,
  ): CallPlan {
    const { tool, idempotencyKey: key, overlay, sessionId = '' } = request;
    positive(tool, 'timeoutMs', timeoutMs);
    positive(tool, 'maxAttempts', maxAttempts);
    positive(tool, 'window', window?.items ?? 1);
    const { affinityMode = 'hint' } = request;
    if (!affinityModes.includes(affinityMode))
      throw new SpecError(tool, `invalid_affinityMode: one of ${affinityModes.join(', ')}`, affinityMode);
    signal?.throwIfAborted();
    const large = new Attachments();
    const args = encodeMap(request.arguments ?? {}, `arguments of ${tool}`, large);
    const attachments = large.detach();
    // A call inside a transaction is part of one run of that, and of no other.
    const shared = key !== undefined && overlay === undefined;
    const { system } = this.#target;
    const startedMs = system.runtime.clock.monotonicMs();
    const parent = isTraceparent(request.traceparent ?? '') ? (request.traceparent ?? '') : '';
    const stream = window !== undefined;
    return {
      sessionId,
      tool,
      arguments: args,
      attachments,
      pool: request.pool,
      stream,
      idempotent: request.idempotent ?? false,
      maxAttempts,
      affinityKey: request.affinityKey ?? (request.sessionId === '' ? undefined : request.sessionId),
      affinityMode: request.affinityMode,
      minRevision: request.minRevision ?? 0,
      startedMs,
      deadlineMs: startedMs + timeoutMs,
      timeoutMs,
      idempotencyKey: key ?? this.id,
      parent,
      within: request.within ?? [],
      overlay,
      outcomeKey: shared ? outcomeKey(request.keyOwner ?? '', key) : `call:${this.id}`,
      fingerprint: shared ? fingerprintOf(tool, args, attachments) : '',
      window: window?.items,
      // Last: a span that has begun is ended with the call.
      traceparent: beginSpan(system, {
        kind: 'call',
        id: this.id,
        tool,
        sessionId,
        stream,
        worker: '',
        attempt: 1,
        parent,
      }),
    };
  }

  /** Joins the run of a key; `kept` when that is over, and this caller has its outcome. */
  #joined(plan: CallPlan): SharedRun | 'kept' | undefined {
    const known = outcomesOf(this.#target.system, this.#target.bridge.path).known(plan);
    if (known === undefined) return undefined;
    if (plan.stream) {
      const message = `${plan.tool}: a stream was opened with its idempotency key already; its items are that reader's`;
      throw new StateError('already_exists', message, { details: { tool: plan.tool } });
    }
    if (known instanceof SharedRun) {
      known.join(this);
      this.#run = known;
      return known;
    }
    this.settle(outcomeOfKept(known), known.known);
    return 'kept';
  }

  /** Gives it up in its time. */
  #wait(
    { tool, outlivesSignal = false }: ToolRequest,
    { timeoutMs = defaultToolTimeoutMs, signal }: ToolCallOptions,
  ): void {
    if (signal !== undefined) {
      const onAbort = () => (outlivesSignal ? this.#leave(signal.reason) : this.giveUp(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      this.#stopListening = () => signal.removeEventListener('abort', onAbort);
    }
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      const late = () => this.giveUp(new CallTimeoutError(tool, timeoutMs, { outcome: this.#knows() }));
      this.#timer = this.#target.system.deadlines.set(Math.ceil(timeoutMs), late);
    }
  }

  /** What is known of the call when it is given up now. */
  #knows(): 'not_started' | 'unknown' {
    return this.#call?.knows ?? 'not_started';
  }

  get settled(): Promise<CallSettled> {
    this.#settled ??= this.outcome.then(
      (outcome) => settledOf('ended', { outcome }),
      (error: unknown) => settledOf(this.#known, { error }),
    );
    return this.#settled;
  }

  settle(outcome: CallOutcome | Error, known: Known, writes?: CommitPlan): void {
    if (this.#ended === undefined) this.writes = writes;
    if (outcome instanceof Error) this.#end({ error: outcome }, known);
    else this.#end({}, known, outcome);
  }

  item(value: Value): boolean {
    if (this.#ended !== undefined) return false;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value });
      this.#took();
      return true;
    }
    if (this.#items.length >= (this.#call?.window?.most ?? 0)) return false;
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
    const call = this.#call;
    if (!this.#leave(reason) || call === undefined) return;
    call.cancelled = reason instanceof Error ? reason.message : String(reason);
    this.#target.bridge.cast('cancel', call.id);
  }

  /** Does not wait any more. True when nobody else does. */
  #leave(reason: unknown): boolean {
    this.#end({ error: reason }, this.#knows());
    return this.#run?.leave(this) ?? true;
  }

  /**
   * A reader has taken an item. It is worth a message when the worker may send no more than half a window, and the last
   * one before a commit is. One message is enough: a bridge that starts again looks for itself.
   */
  #took(): void {
    this.consumed += 1;
    const call = this.#call;
    if (call?.window === undefined || this.#ended !== undefined) return;
    const isLast = call.stage === 'committing' && this.#items.length === 0;
    if (!isLast) {
      if (call.credited - this.consumed > call.window.size >> 1 || this.#askedAt === call.credited) return;
      this.#askedAt = call.credited;
    }
    this.#target.bridge.cast('credit', this.id);
  }

  #end(ended: { readonly error?: unknown }, known: Known, outcome?: CallOutcome): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#known = known;
    this.#timer?.cancel();
    this.#stopListening?.();
    if (outcome !== undefined) this.#resolve(outcome);
    else this.#reject(ended.error);
    this.#tell(ended.error, known, outcome);
    for (const reader of this.#readers.splice(0)) {
      if ('error' in ended) reader.reject(ended.error);
      else reader.resolve({ done: true, value: undefined });
    }
  }

  #tell(error: unknown, known: Known, outcome: CallOutcome | undefined): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    const worker = outcome?.worker ?? this.#call?.worker ?? '';
    const attempts = outcome?.attempts ?? this.#call?.attempt ?? 1;
    tellSettled(this.#target.system, { callId: this.id, plan, worker, attempts, known, error });
  }
}

function positive(tool: string, name: string, value: number): void {
  if (!(value > 0)) throw new SpecError(tool, `invalid_${name}: it must be above 0`, value);
}
