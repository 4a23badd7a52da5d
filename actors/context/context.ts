/**
 * `openContext()`: what application code touches. One supervised actor, a session of variables, programs and tools.
 * It starts on local state and moves itself to bridged state when something of it needs Python.
 */
import { call, StateError } from '../core/index.ts';
import {
  bridgedState,
  type Commit,
  type Declarations,
  type HeldLock,
  type Lock,
  type LockOptions,
  localState,
  lockVariable,
  placeSession,
  type SessionExport,
  type StateBackend,
  type StateCallOptions,
  type StateHost,
  type StateProvider,
  sessionTools,
  type Values,
} from '../state/index.ts';
import { type ContextInput, contextActor } from './context-actor.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import { ExposedTools } from './exposed-tools.ts';
import type { LocalTools } from './local-tool.ts';
import type { OphionRef } from './ophion.ts';
import { type DspyProgram, type NativeProgram, Program } from './program.ts';
import type { PythonStream, PythonTool } from './remote-tool.ts';
import { type CallSettled, type ToolOptions, type ToolStream, Tools } from './tools.ts';
import { Variables } from './variables.ts';

export interface ContextOptions<D extends Declarations> {
  /** Names the context and its session. Default: a new id. An open session of that id is joined. */
  readonly id?: string;
  /** Declared at once, in one commit. */
  readonly variables?: D;
  /** Where the variables live. Default: `localState()`, which moves to bridged by itself when Python is needed. */
  readonly state?: StateBackend<StateHost>;
  /** The session ends by itself when it was not used for so long. Default: it lives until it is closed. */
  readonly ttlMs?: number;
}

/** How long a context waits for its move to bridged state. */
const moveTimeoutMs = 30_000;

/**
 * Opens a context. Rejects with StateError when the state refuses (`quota`, `invalid`, `already_exists` for a
 * variable that is declared otherwise in the session that is joined).
 */
export async function openContext<const D extends Declarations = Record<never, never>>(
  ophion: OphionRef,
  options: ContextOptions<D> = {},
): Promise<Context<Values<D>>> {
  const host: StateHost = { system: ophion.system, root: ophion.path };
  const provider: StateProvider = (options.state ?? localState()).connect(host);
  const id = options.id ?? `c-${ophion.system.runtime.ids.next().slice(0, 12)}`;
  const session = await provider.open(id, options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs });
  const record: ContextRecord = {
    id,
    session,
    moving: undefined,
    moves: 0,
    tools: new Map(),
    closed: false,
  };
  try {
    if (options.variables !== undefined && Object.keys(options.variables).length > 0) {
      await session.commit({ declare: options.variables });
    }
    const input: ContextInput = { record, bridged: bridgedState().connect(host), tools: sessionTools(host) };
    await ophion.contexts.startChild({ id, logic: contextActor, input });
  } catch (error) {
    await session.close();
    throw error;
  }
  // The bridge knows the session's id alone.
  const leave = provider.kind === 'local' ? undefined : placeSession(host, id, provider);
  return new Context(ophion, record, leave);
}

export class Context<V extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>> {
  readonly variables: Variables<V>;
  readonly #ophion: OphionRef;
  readonly #record: ContextRecord;
  readonly #tools: Tools;
  readonly #exposed: ExposedTools;
  /** Says that its session is not where it was any more. */
  readonly #leave: () => void;

  /** Internal: use `openContext`. */
  constructor(ophion: OphionRef, record: ContextRecord, leave: () => void = () => {}) {
    this.#ophion = ophion;
    this.#leave = leave;
    this.#record = record;
    this.variables = new Variables(record.id, () => settledSession(record));
    this.#tools = new Tools(ophion.bridge, record, () => this.#moving());
    const { system, path: root } = ophion;
    this.#exposed = new ExposedTools(record, ophion.contextRef(record.id), sessionTools({ system, root }), root);
  }

  get id(): string {
    return this.#record.id;
  }

  /** Which provider the variables live on now: `local`, `bridged`, ... */
  get state(): string {
    return this.#record.session.kind;
  }

  /** Adds variables and answers this context with their types. */
  async declare<D extends Declarations>(declarations: D): Promise<Context<V & Values<D>>> {
    await this.variables.declare(declarations);
    return this as unknown as Context<V & Values<D>>;
  }

  /**
   * Locks a variable: one holder at a time, such as the optimizer that is at work on it. Others may read it, and write it
   * unless they write under a lock; `variables.under(lock)` writes only while the lock is held. It is renewed until it
   * is released or lost (`lock.lost`). Rejects with StateError `locked` when somebody else holds it (`policy`: `wait`,
   * `abort`, `preempt`), `not_found` for no variable.
   */
  lock(name: keyof V & string, options?: LockOptions): Promise<Lock> {
    return lockVariable(this.#ophion.system, () => settledSession(this.#record), name, options);
  }

  /** Which of its variables are locked now, and by whom. */
  async locks(options?: StateCallOptions): Promise<readonly HeldLock[]> {
    return (await settledSession(this.#record)).locks(options);
  }

  /**
   * Its whole session as data: for `import` of a provider, which makes a session of it, or `variables.import`, which
   * takes it over into one that is there. Secrets are in it.
   */
  async export(options?: StateCallOptions): Promise<SessionExport> {
    return (await settledSession(this.#record)).export(options);
  }

  /** Moves a local context to bridged state; the others are there already. On failure the old state is intact. */
  async ensureBridged(): Promise<void> {
    await this.#moving();
  }

  /** Undefined when it is bridged already, as it is for nearly every call of a tool. */
  #moving(): Promise<unknown> | undefined {
    if (this.#record.closed) throw this.#closedError();
    if (this.#record.session.kind !== 'local' && this.#record.moving === undefined) return undefined;
    const actor = this.#ophion.contextRef(this.id);
    return call(actor, 'needBridge', undefined, { timeoutMs: moveTimeoutMs });
  }

  /**
   * Registers a program. One that runs in Python needs bridged state: the context begins to move at once, and
   * whoever runs the program waits for it and gets its error, if any.
   */
  program<const S extends string, const N extends keyof V & string>(
    name: string,
    definition: DspyProgram<S, N> | NativeProgram<S, N>,
  ): Program<S, N> {
    const program = new Program<S, N>(this.#record, this.#tools, name, definition);
    if ('dspy' in definition) this.ensureBridged().catch(() => {});
    return program;
  }

  /**
   * Lets Python call these functions, by name, within this context's session: bare ones, or made by `tool()`. Replaces
   * those of the same name. Rejects with StateError, and exposes none of them: `invalid` for a bad name, `quota`.
   */
  expose(tools: LocalTools): Promise<void> {
    return this.#exposed.add(tools, () => this.ensureBridged());
  }

  /** Takes them back. A call that has begun goes on. Resolves to how many of these names were exposed. */
  unexpose(...names: readonly string[]): Promise<number> {
    return this.#exposed.remove(names);
  }

  /**
   * Calls a Python tool. Rejects with ToolError when the tool raised (type, message, traceback and causes as data),
   * WorkerLostError when its worker was lost, StreamFullError when its worker takes no more at the moment,
   * CallTimeoutError after `timeoutMs` (default 60,000), PoolError.
   */
  async call<In, Out>(tool: PythonTool<In, Out>, args: In, options: ToolOptions = {}): Promise<Out> {
    const outcome = await this.#tools.call(tool, args as never, options);
    return outcome.value as Out;
  }

  /**
   * As `call`, with what is known of a call that failed: `not_started` is safe to send again, `unknown` only if the tool
   * is idempotent. Rejects never; an abort is told as well.
   */
  async callSettled<In, Out>(
    tool: PythonTool<In, Out>,
    args: In,
    options: ToolOptions = {},
  ): Promise<CallSettled<Out>> {
    return (await this.#tools.callSettled(tool, args as never, options)) as CallSettled<Out>;
  }

  /** Calls a streaming Python tool. Leaving the loop early stops it. */
  stream<In, Item>(tool: PythonStream<In, Item>, args: In, options: ToolOptions = {}): ToolStream<Item> {
    return this.#tools.stream(tool, args as never, options) as ToolStream<Item>;
  }

  /** Ends the context and its session, for everybody. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#record.closed) return;
    this.#record.closed = true;
    while (this.#record.moving !== undefined) await this.#record.moving;
    await this.#ophion.contexts.terminateChild(this.id).catch((error: unknown) => {
      // Given up or gone already: then only the session is left to close.
      if ((error as { code?: string }).code !== 'not_found' && (error as { code?: string }).code !== 'actor_down')
        throw error;
    });
    try {
      await this.#record.session.close();
    } finally {
      this.#leave();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #closedError(): StateError {
    return new StateError('not_found', `context ${this.id} is closed`);
  }
}

export type { Commit };
