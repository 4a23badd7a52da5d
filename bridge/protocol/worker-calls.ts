/**
 * What workers ask of the host: calls of TypeScript tools, commits, snapshots, watches. Each runs as a temporary child of
 * `tasks` that writes its answer to the worker's stream itself, so it survives the bridge; the request lies in a
 * table, so one that was taken and not started is started by the next bridge. One answer each.
 */
import {
  type ActorContext,
  ActorDownError,
  ActorError,
  CallTimeoutError,
  type ChurnMap,
  exitReason,
  ignore,
  type ServerRef,
  server,
  stop,
  type TimerHandle,
} from '../../actors/core/index.ts';
import { OverlaySession } from '../../actors/state/index.ts';
import type { links } from '../transport/index.ts';
import { Attachments } from './attachments.ts';
import { callTable } from './call-table.ts';
import { decodeMap, encodeValue } from './codec.ts';
import { cancelledCode, faultOfTool } from './error-codes.ts';
import type { ToolCall } from './gen/tools_pb.js';
import type { WatchVariablesRequest } from './gen/variables_pb.js';
import { ItemCredit } from './item-credit.ts';
import { LazyAbort } from './lazy-abort.ts';
import { type LocalHost, ToolContext } from './local-context.ts';
import { exposedFunction, isAsyncIterable, type SessionTools } from './local-tools.ts';
import { hostMessage } from './messages.ts';
import { decodePlan, encodePlan, isEmptyPlan } from './state-messages.ts';
import { spanOf } from './trace.ts';
import type { Turns, Waiter } from './turns.ts';
import {
  failureAnswer,
  type PlainRequest,
  plainAnswer,
  resultOf,
  type WorkerRequest,
  watchEnd,
} from './worker-requests.ts';
import { followSession } from './worker-watch.ts';

/** What a task needs; nothing of it belongs to an incarnation of the bridge. */
export interface WorkerCallHost extends LocalHost {
  readonly links: ServerRef<typeof links>;
  readonly tools: SessionTools;
  readonly turns: Turns<WorkerCall>;
  /** Tells the bridge that somebody may go on. */
  readonly onTurn: () => void;
}

export type WorkerCallTable = ChurnMap<string, WorkerCall>;

/** One exchange that a worker opened. */
export class WorkerCall implements Waiter {
  /** Names the exchange at links, and this call in the table. */
  readonly key: string;
  readonly stream: string;
  readonly exchange: number;
  readonly request: WorkerRequest;
  /** What the request's arguments refer to by number. */
  readonly attachments: readonly Uint8Array[];
  /** `new`: its task has not begun. `over`: it was answered, or nobody waits for an answer any more. */
  stage: 'new' | 'running' | 'over' = 'new';
  turn: Waiter['turn'] = 'none';
  readonly #host: WorkerCallHost;
  readonly #table: WorkerCallTable;
  readonly #abort = new LazyAbort();
  /** On the monotonic clock. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #timer: TimerHandle | undefined;
  #onOver: (() => void) | undefined;
  readonly #credit = new ItemCredit(this.#abort);

  constructor(
    key: string,
    stream: string,
    exchange: number,
    { request, attachments = [] }: { readonly request: WorkerRequest; readonly attachments?: readonly Uint8Array[] },
    host: WorkerCallHost,
    table: WorkerCallTable,
  ) {
    this.key = key;
    this.stream = stream;
    this.exchange = exchange;
    this.request = request;
    this.attachments = attachments;
    this.#host = host;
    this.#table = table;
    table.set(key, this);
    const timeoutMs = request.case === 'call' ? request.value.timeoutMs : undefined;
    if (timeoutMs !== undefined) this.#limit(timeoutMs);
  }

  get sessionId(): string {
    const { request } = this;
    return request.value.sessionId;
  }

  /** Ids of the host's calls inside which it is made, nearest first. */
  get within(): readonly string[] {
    if (this.request.case !== 'call') return [];
    const { system, bridge } = this.#host.caller;
    const parent = callTable(system, bridge.path).get(this.request.value.parentCallId);
    // What a worker says is believed of its own calls alone.
    return parent?.stream === this.stream ? [parent.id, ...parent.plan.within] : [];
  }

  /**
   * Runs it to its answer. Never rejects. A function that goes on after it was told to end cannot be ended; it is
   * not waited for.
   */
  run(ctx: ActorContext<WorkerCall>): Promise<void> {
    // However the task ends, the worker gets an answer.
    void ctx
      .ref(ctx.self)
      .monitor()
      .then(() => {
        if (this.stage !== 'over') this.fail(new ActorDownError(ctx.path, exitReason.shutdown()));
      });
    const over = new Promise<void>((resolve) => {
      this.#onOver = resolve;
    });
    return Promise.race([this.#work(), over]);
  }

  #work(): Promise<void> {
    const { request } = this;
    if (request.case === 'call') return this.#call(request.value);
    return request.case === 'watch' ? this.#watch(request.value) : this.#answer(request);
  }

  async #answer(request: PlainRequest): Promise<void> {
    const { stream, key } = this;
    const { provider, tools } = this.#host;
    try {
      this.#finish(await plainAnswer(request, { provider, tools, stream, key, signal: this.#abort.signal }));
    } catch (error) {
      this.fail(error);
    }
  }

  async #watch(request: WatchVariablesRequest): Promise<void> {
    try {
      await followSession(request, {
        provider: this.#host.provider,
        signal: this.#abort.signal,
        mayTell: () => this.#credit.take(),
        tell: (event) => this.#host.links.cast('write', { key: this.key, payload: hostMessage('watched', event) }),
      });
      this.#finish(hostMessage('watchEnd', watchEnd()));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Answers with this error, and tells the function. Does nothing when it was answered. */
  fail(error: unknown): void {
    if (this.stage === 'over') return;
    this.#finish(failureAnswer(this.request, error));
    this.#abort.abort(error);
  }

  /** The worker has given up. */
  cancel(reason: string): void {
    this.fail(new ActorError(cancelledCode, reason === '' ? 'the caller has given up' : reason));
  }

  /** The worker is lost: nobody waits for an answer. */
  abandon(error: Error): void {
    this.#over();
    this.#abort.abort(error);
  }

  /** What it said was above the limits and was not sent; this answer is not. */
  refused(error: unknown): void {
    if (this.stage !== 'over') this.fail(error);
    else this.#host.links.cast('write', { key: this.key, payload: failureAnswer(this.request, error), end: true });
  }

  /** The worker takes so many more items. */
  addCredit(items: number): void {
    this.#credit.give(items);
  }

  #limit(timeoutMs: number): void {
    const { system } = this.#host.links;
    this.#deadlineMs = system.runtime.clock.monotonicMs() + timeoutMs;
    const tool = this.request.case === 'call' ? this.request.value.tool : this.request.case;
    const late = () => {
      const outcome = this.stage === 'new' ? 'not_started' : 'unknown';
      this.fail(new CallTimeoutError(tool, timeoutMs, { outcome }));
    };
    // In whole milliseconds: deadlines of the same duration share a list, and what is left of others is never the same.
    this.#timer = system.deadlines.set(Math.ceil(timeoutMs), late);
  }

  async #call(call: ToolCall): Promise<void> {
    const { sessionId, tool } = call;
    let args: Parameters<Awaited<ReturnType<typeof exposedFunction>>>[0];
    let run: Awaited<ReturnType<typeof exposedFunction>>;
    try {
      args = decodeMap(call.arguments, this.attachments);
      run = await exposedFunction(this.#host.tools, sessionId, tool);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.#abort.aborted) return;
    const transaction = this.#transaction(call);
    try {
      const answer = run(args, this.#context(call, transaction));
      const value = isAsyncIterable(answer) ? await this.#stream(call, answer) : await answer;
      const large = new Attachments();
      const result = resultOf({ case: 'value', value: encodeValue(value, large) });
      const attachments = large.detach();
      const writes = encodePlan(transaction?.writes() ?? {});
      this.#finish(hostMessage('result', isEmptyPlan(writes) ? result : { ...result, writes }), attachments);
    } catch (error) {
      this.#finish(hostMessage('result', resultOf({ case: 'fault', value: faultOfTool(tool, error) })));
    } finally {
      transaction?.end();
    }
  }

  /** Where the tool writes when its caller has a transaction. */
  #transaction({ overlay, sessionId }: ToolCall): OverlaySession | undefined {
    if (overlay === undefined) return undefined;
    return new OverlaySession(() => this.#host.provider.find(sessionId), decodePlan(overlay, this.stream));
  }

  #context({ sessionId, callId, traceparent }: ToolCall, transaction: OverlaySession | undefined) {
    const { within } = this;
    const { system } = this.#host.caller;
    const id = system.runtime.ids.next();
    return new ToolContext(this.#host, {
      abort: this.#abort,
      deadlineMs: this.#deadlineMs,
      sessionId,
      callId: callId === '' ? id : callId,
      traceparent: spanOf(id, traceparent),
      within,
      transaction,
    });
  }

  /** Sends items as the worker asks for them. A call that wants one answer gets them as a list. */
  async #stream(call: ToolCall, items: AsyncIterable<unknown>): Promise<unknown> {
    const collected: unknown[] = [];
    // Leaving the loop ends the generator.
    for await (const item of items) {
      if (call.stream) {
        const large = new Attachments();
        const value = encodeValue(item, large);
        await this.#credit.take();
        if (this.#abort.aborted) break;
        const attachments = large.detach();
        const payload = hostMessage('item', { $typeName: 'ophion.v1.Item', value });
        this.#host.links.cast('write', { key: this.key, payload, attachments });
      } else if (collected.length >= maxCollected) {
        throw new ActorError('too_large', `more than ${maxCollected} items; call it as a stream`);
      } else collected.push(item);
      if (this.#abort.aborted) break;
    }
    return call.stream ? undefined : collected;
  }

  #finish(payload: Uint8Array, attachments: readonly Uint8Array[] = []): void {
    if (this.stage === 'over') return;
    // Not through the task's context: an ended task's answer must still arrive.
    this.#host.links.cast('write', { key: this.key, payload, attachments, end: true });
    this.#over();
  }

  #over(): void {
    this.stage = 'over';
    this.#timer?.cancel();
    this.#table.delete(this.key);
    if (this.turn !== 'none' && this.#host.turns.leave(this)) this.#host.onTurn();
    this.#onOver?.();
  }
}

const maxCollected = 10_000;

/** The task that runs one of them. */
export const workerCallTask = server({
  init: (ctx: ActorContext<WorkerCall>) => {
    const call = ctx.input;
    // Started twice when a bridge crashed in between: the first one has it.
    if (call.stage !== 'new') return ignore();
    call.stage = 'running';
    void call.run(ctx).finally(() => ctx.send(ctx.self, 'over'));
    return call;
  },
  info: () => stop(),
});
