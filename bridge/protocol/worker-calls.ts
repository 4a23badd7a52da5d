/**
 * What workers ask of the host: calls of TypeScript tools, commits, snapshots, watches, locks. What takes its time runs as
 * a temporary child of `tasks`; each writes its answer to the worker's stream itself, so it survives the bridge; the
 * request lies in a table, so one that was taken and not started is started by the next bridge. One answer each.
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
import type { StateSession } from '../../actors/state/index.ts';
import type { links } from '../transport/index.ts';
import type { BridgeEvent } from './bridge-events.ts';
import { callTable } from './call-table.ts';
import { cancelledCode } from './error-codes.ts';
import type { LockVariable } from './gen/bridge_pb.js';
import type { ToolCall } from './gen/tools_pb.js';
import type { WatchVariablesRequest } from './gen/variables_pb.js';
import { ItemCredit } from './item-credit.ts';
import { LazyAbort } from './lazy-abort.ts';
import type { LocalHost } from './local-context.ts';
import type { SessionTools } from './local-tools.ts';
import { hostMessage } from './messages.ts';
import type { Turns, Waiter } from './turns.ts';
import { holdLock } from './worker-lock.ts';
import {
  failureAnswer,
  isPlain,
  lockEnd,
  type PlainRequest,
  plainAnswer,
  type WorkerRequest,
  watchEnd,
} from './worker-requests.ts';
import { runTool } from './worker-tool.ts';
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
  /** A lock's: fires when the worker lets go. */
  readonly #unlocked = new LazyAbort();
  #holds = false;

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
        // A lock is held here, not there.
        if (this.stage !== 'over' && !this.#holds) this.fail(new ActorDownError(ctx.path, exitReason.shutdown()));
      });
    const over = new Promise<void>((resolve) => {
      this.#onOver = resolve;
    });
    return Promise.race([this.#work(), over]);
  }

  #work(): Promise<void> {
    const { request } = this;
    if (request.case === 'call') return this.#call(request.value);
    if (request.case === 'watch') return this.#watch(request.value);
    if (request.case === 'lock') return this.#lock(request.value);
    throw new TypeError(`a ${request.case} has no task`);
  }

  /** Answers at once what needs no task: it ends soon, by itself. Otherwise false. */
  answer(): boolean {
    const { request } = this;
    if (!isPlain(request)) return false;
    if (this.stage !== 'new') return true;
    this.stage = 'running';
    void this.#answer(request);
    return true;
  }

  async #answer(request: PlainRequest): Promise<void> {
    const { stream, key } = this;
    const { provider, tools } = this.#host;
    const tell = request.case === 'commit' ? this.#committing() : undefined;
    try {
      this.#finish(await plainAnswer(request, { provider, tools, stream, key }));
      tell?.();
    } catch (error) {
      this.fail(error);
      tell?.(error);
    }
  }

  /** What tells that a commit has ended; undefined when nobody listens. */
  #committing(): ((error?: unknown) => void) | undefined {
    const { system, bridge } = this.#host.caller;
    if (!system.events.heard('worker.committed')) return undefined;
    const { stream, sessionId } = this;
    const open = [...callTable(system, bridge.path).values()].filter(
      (call) => call.stream === stream && call.plan.sessionId === sessionId,
    );
    const callId = open.length === 1 ? (open[0]?.id ?? '') : '';
    const startedMs = system.runtime.clock.monotonicMs();
    return (error) => {
      const ms = system.runtime.clock.monotonicMs() - startedMs;
      const event: BridgeEvent = { type: 'worker.committed', worker: stream, sessionId, callId, error, ms };
      system.emit(event);
    };
  }

  async #watch(request: WatchVariablesRequest): Promise<void> {
    try {
      await followSession(request, {
        find: (signal) => this.#find(signal),
        timers: this.#host.links.system.deadlines,
        signal: this.#abort.signal,
        mayTell: () => this.#credit.take(),
        tell: (event) => this.#host.links.cast('write', { key: this.key, payload: hostMessage('watched', event) }),
      });
      this.#finish(hostMessage('watchEnd', watchEnd()));
    } catch (error) {
      this.fail(error);
    }
  }

  async #lock(request: LockVariable): Promise<void> {
    const { links } = this.#host;
    try {
      await holdLock(request, {
        system: links.system,
        find: () => this.#find(),
        key: this.key,
        signal: this.#abort.signal,
        unlocked: this.#unlocked.signal,
        held: (lock) => {
          this.#holds = true;
          links.cast('write', { key: this.key, payload: hostMessage('locked', lock) });
        },
      });
      this.#finish(hostMessage('lockEnd', lockEnd()));
    } catch (error) {
      this.fail(error);
    }
  }

  /** The session as this worker has it. */
  #find(signal?: AbortSignal): Promise<StateSession> {
    const as = { as: this.stream };
    return this.#host.provider.find(this.sessionId, signal === undefined ? as : { ...as, signal });
  }

  /** The worker lets go of its lock. */
  unlock(): void {
    this.#unlocked.abort(new ActorError(cancelledCode, 'the worker has let go of it'));
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
    const { stream, key, within, attachments } = this;
    const { links } = this.#host;
    try {
      const said = await runTool(call, {
        host: this.#host,
        stream,
        abort: this.#abort,
        deadlineMs: this.#deadlineMs,
        within,
        attachments,
        mayTell: () => this.#credit.take(),
        tell: (item) => links.cast('write', { key, ...item }),
      });
      if (said !== undefined) this.#finish(said.payload, said.attachments);
    } catch (error) {
      this.fail(error);
    }
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
