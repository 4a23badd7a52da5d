/**
 * What a TypeScript tool is given beside its arguments: the session and the Python tools as its own call may use them.
 * Whatever it asks for ends with the call, has no more time than that, stands in its trace, and joins its transaction.
 */
import { type ActorSystem, CallTimeoutError } from '../../actors/core/index.ts';
import type { OverlaySession, SessionView, StateProvider, Value } from '../../actors/state/index.ts';
import { type CallTarget, defaultToolTimeoutMs } from './caller.ts';
import type { CommitPlan } from './gen/variables_pb.js';
import { decodePlan, encodePlan } from './state-messages.ts';
import { callTool, streamTool, type ToolCallOptions, type ToolRequest, type ToolStreamOptions } from './tool-calls.ts';

/** A Python tool: its name, or its name with what is known of it. */
export type ToolName =
  | string
  | { readonly name: string; readonly idempotent?: boolean; readonly pool?: string | undefined };

/** Options of a call that a tool makes. `timeoutMs` is by default what is left of its own call, at most 60,000. */
export interface NestedCallOptions
  extends ToolCallOptions,
    Pick<ToolRequest, 'idempotent' | 'pool' | 'affinityKey' | 'affinityMode'> {}

export interface LocalToolContext {
  /** Fires when the caller gives up, the deadline passes, the worker is lost, or the system stops. */
  readonly signal: AbortSignal;
  /** What is left of the caller's deadline now, in milliseconds, never below 0; Infinity: there is none. */
  readonly timeoutMs: number;
  readonly sessionId: string;
  /** The id of the call. */
  readonly callId: string;
  /** The W3C trace context of this call; those that it makes stand below it. */
  readonly traceparent: string;
  /** The session's variables as this call sees them: inside a transaction with what that has written. */
  readonly session: SessionView;
  /** Calls a Python tool of the session, as a part of this call, and resolves to what it answers. */
  call(tool: ToolName, args?: Readonly<Record<string, unknown>>, options?: NestedCallOptions): Promise<Value>;
  /** Calls a streaming Python tool. Leaving the loop early stops it. */
  stream(
    tool: ToolName,
    args?: Readonly<Record<string, unknown>>,
    options?: NestedCallOptions & Pick<ToolStreamOptions, 'window'>,
  ): AsyncGenerator<Value, void, undefined>;
}

/** The call that a tool runs in. */
export interface RunningCall {
  /** Its `signal` is made when it is asked for. */
  readonly abort: { readonly signal: AbortSignal };
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly sessionId: string;
  readonly callId: string;
  readonly traceparent: string;
  /** Ids of the host's calls inside which it is made, nearest first. */
  readonly within: readonly string[];
  /** Where its writes go; undefined: they take effect at once. */
  readonly transaction: OverlaySession | undefined;
}

export interface LocalHost {
  readonly caller: CallTarget;
  readonly provider: StateProvider;
}

export class ToolContext implements LocalToolContext {
  readonly sessionId: string;
  readonly callId: string;
  readonly traceparent: string;
  readonly session: SessionView;
  readonly #host: LocalHost;
  readonly #running: RunningCall;

  constructor(host: LocalHost, running: RunningCall) {
    this.#host = host;
    this.#running = running;
    this.sessionId = running.sessionId;
    this.callId = running.callId;
    this.traceparent = running.traceparent;
    this.session = running.transaction ?? new FoundSession(host.provider, running.sessionId);
  }

  get signal(): AbortSignal {
    return this.#running.abort.signal;
  }

  get timeoutMs(): number {
    const { deadlineMs } = this.#running;
    return Math.max(0, deadlineMs - this.#system.runtime.clock.monotonicMs());
  }

  async call(
    tool: ToolName,
    args: Readonly<Record<string, unknown>> = {},
    options: NestedCallOptions = {},
  ): Promise<Value> {
    const { request, limits } = this.#nested(tool, args, options);
    const handle = callTool(this.#host.caller, request, limits);
    const { value } = await handle.outcome;
    await this.#merge(handle.writes);
    return value;
  }

  async *stream(
    tool: ToolName,
    args: Readonly<Record<string, unknown>> = {},
    { window, ...options }: NestedCallOptions & Pick<ToolStreamOptions, 'window'> = {},
  ): AsyncGenerator<Value, void, undefined> {
    const { request, limits } = this.#nested(tool, args, options);
    const stream = streamTool(this.#host.caller, request, window === undefined ? limits : { ...limits, window });
    yield* stream;
    await this.#merge(stream.writes);
  }

  /** What a nested call has written is this call's from now on. */
  async #merge(writes: CommitPlan | undefined): Promise<void> {
    if (writes !== undefined) await this.#running.transaction?.merge(decodePlan(writes, 'typescript'));
  }

  get #system(): ActorSystem {
    return this.#host.caller.system;
  }

  /** Throws the signal's reason, or CallTimeoutError when the time of this call is over: nothing is sent then. */
  #nested(tool: ToolName, args: Readonly<Record<string, unknown>>, options: NestedCallOptions) {
    const { within, transaction, sessionId, traceparent } = this.#running;
    const { signal } = this;
    const { name, ...known } = typeof tool === 'string' ? { name: tool } : tool;
    const { idempotent, pool, affinityKey, affinityMode, maxAttempts, timeoutMs, signal: own } = options;
    signal.throwIfAborted();
    const wanted = timeoutMs ?? defaultToolTimeoutMs;
    const leftMs = this.timeoutMs;
    if (leftMs <= 0) throw new CallTimeoutError(name, wanted, { outcome: 'not_started' });
    const request: ToolRequest = {
      tool: name,
      arguments: args,
      sessionId,
      within,
      traceparent,
      ...(transaction === undefined ? {} : { overlay: encodePlan(transaction.pending()) }),
      ...defined({ pool: known.pool, idempotent: known.idempotent }),
      ...defined({ idempotent, pool, affinityKey, affinityMode }),
    };
    const limits: ToolCallOptions = {
      timeoutMs: Math.min(leftMs, wanted),
      signal: own === undefined ? signal : AbortSignal.any([signal, own]),
      ...defined({ maxAttempts }),
    };
    return { request, limits };
  }
}

/** The session of a call that joins no transaction; found when it is first needed. */
class FoundSession implements SessionView {
  readonly #provider: StateProvider;
  readonly #id: string;

  constructor(provider: StateProvider, id: string) {
    this.#provider = provider;
    this.#id = id;
  }

  async read(...args: Parameters<SessionView['read']>): ReturnType<SessionView['read']> {
    return (await this.#provider.find(this.#id)).read(...args);
  }

  async list(...args: Parameters<SessionView['list']>): ReturnType<SessionView['list']> {
    return (await this.#provider.find(this.#id)).list(...args);
  }

  async history(...args: Parameters<SessionView['history']>): ReturnType<SessionView['history']> {
    return (await this.#provider.find(this.#id)).history(...args);
  }

  async at(...args: Parameters<SessionView['at']>): ReturnType<SessionView['at']> {
    return (await this.#provider.find(this.#id)).at(...args);
  }

  async commit(...args: Parameters<SessionView['commit']>): ReturnType<SessionView['commit']> {
    return (await this.#provider.find(this.#id)).commit(...args);
  }

  async backoff(...args: Parameters<SessionView['backoff']>): ReturnType<SessionView['backoff']> {
    return (await this.#provider.find(this.#id)).backoff(...args);
  }

  async *watch(...args: Parameters<SessionView['watch']>) {
    yield* (await this.#provider.find(this.#id)).watch(...args);
    return undefined;
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What of it is given. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
