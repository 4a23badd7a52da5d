/**
 * `openContext()`: what application code touches. One supervised actor, a session of variables, programs and tools.
 * It starts on local state and moves itself to bridged state when something of it needs Python.
 */
import { StateError } from '../core/index.ts';
import {
  type Commit,
  type Declarations,
  FollowedSession,
  type HeldLock,
  type Json,
  type Lock,
  type LockOptions,
  lockVariable,
  type SessionExport,
  type StateBackend,
  type StateCallOptions,
  type StateHost,
  sessionTools,
  type Values,
} from '../state/index.ts';
import { type ContextRecord, ownSession, settledSession } from './context-record.ts';
import { ExposedTools } from './exposed-tools.ts';
import { Inheritance } from './inheritance.ts';
import type { LocalTools } from './local-tool.ts';
import { addMetadata, type Metadata, readMetadata } from './metadata.ts';
import type { AnyMiddleware } from './middleware/index.ts';
import { type Opened, openRecord, writingTo } from './opening.ts';
import type { OphionRef } from './ophion.ts';
import { Program } from './program.ts';
import type { AnyDefinition, ProgramDefinition } from './program-definition.ts';
import type { PythonStream, PythonTool } from './remote-tool.ts';
import { type ContextStatistics, statisticsOf } from './statistics.ts';
import { Surrounding } from './surrounding.ts';
import { toldWrites } from './told-writes.ts';
import { type CallSettled, type ToolOptions, type ToolStream, Tools } from './tools.ts';
import { Variables } from './variables.ts';

type Names = Readonly<Record<string, unknown>>;
/** The variables of an inner scope: its own, and those of the outer one that none of them has the name of. */
export type Shadowed<Outer extends Names, Own extends Names> = keyof Outer extends never
  ? Own
  : Omit<Outer, keyof Own> & Own;

export interface ContextOptions<D extends Declarations, Outer extends Names = Record<never, never>> {
  /** Names the context and its session. Default: a new id. A session of that id that is open elsewhere is joined. */
  readonly id?: string;
  /** Declared at once, in one commit. */
  readonly variables?: D;
  /**
   * An outer scope, such as a context for the whole application: its variables are there as if they were this context's
   * own, always as they are there, until one of the same name is declared here or it is written here. From then on this
   * context has one of its own, which shadows the outer one; removing that gives the outer one back. When the outer
   * context ends, its variables stay here as they were. Default: none.
   */
  readonly inherits?: Context<Outer>;
  /** What is to be known of it beside its variables, such as whom it is for: added to what the session has. Default: none. */
  readonly metadata?: Metadata;
  /** Where the variables live. Default: `localState()`, which moves to bridged by itself when Python is needed. */
  readonly state?: StateBackend<StateHost>;
  /** The session ends by itself when it was not used for so long. Default: it lives until it is closed. */
  readonly ttlMs?: number;
}

/** How long a context waits for its move to bridged state. */
const moveTimeoutMs = 30_000;

/**
 * Opens a context. Rejects with StateError when the state refuses: `quota`, `invalid`, `already_exists` for a variable
 * that is declared otherwise in the session that is joined, and for a context of this id that is open in this system.
 */
export async function openContext<
  const D extends Declarations = Record<never, never>,
  Outer extends Names = Record<never, never>,
>(ophion: OphionRef, options: ContextOptions<D, Outer> = {}): Promise<Context<Shadowed<Outer, Values<D>>>> {
  return new Context(ophion, await openRecord(ophion, options), options.state);
}

export class Context<V extends Names = Names> {
  readonly variables: Variables<V>;
  readonly #ophion: OphionRef;
  readonly #record: ContextRecord;
  readonly #tools: Tools;
  readonly #exposed: ExposedTools;
  readonly #state: StateBackend<StateHost> | undefined;
  /** Says that its session is not where it was any more. */
  readonly #leave: () => void;

  /** Internal: use `openContext`. */
  constructor(ophion: OphionRef, { record, leave }: Opened, state: StateBackend<StateHost> | undefined) {
    this.#ophion = ophion;
    this.#state = state;
    this.#leave = leave;
    this.#record = record;
    const { system, path: root } = ophion;
    this.variables = new Variables(
      record.id,
      () => settledSession(record),
      (view) => toldWrites(system, record.id, '', writingTo(record, view)),
    );
    this.#tools = new Tools(ophion.bridge, record, () => this.#moving());
    const surrounding = new Surrounding(record.chain, record.id, system);
    const tools = sessionTools({ system, root });
    this.#exposed = new ExposedTools(record, ophion.contextRef(record.id), tools, root, surrounding);
  }

  get id(): string {
    return this.#record.id;
  }

  /** The system that it is part of. */
  get ophion(): OphionRef {
    return this.#ophion;
  }

  /** Which provider the variables live on now: `local`, `bridged`, ... */
  get state(): string {
    return this.#record.session.kind;
  }

  /**
   * Opens an inner scope: a context that inherits from this one, such as for a program with variables of its own. It has
   * its own session, on the same kind of state unless `state` says otherwise, and is closed by itself.
   */
  scope<const D extends Declarations = Record<never, never>>(
    options: Omit<ContextOptions<D>, 'inherits'> = {},
  ): Promise<Context<Shadowed<V, Values<D>>>> {
    const state = this.#state === undefined ? {} : { state: this.#state };
    return openContext<D, V>(this.#ophion, { ...state, ...options, inherits: this });
  }

  /** Internal: gives another context what it has of this one: its variables, and what stands around its calls. */
  lendTo(other: ContextRecord): void {
    other.chain.within(this.#record.chain);
    other.inheritance = new Inheritance(
      this.id,
      () => settledSession(this.#record),
      () => ownSession(other),
    );
  }

  /** What is known of it beside its variables. */
  async metadata(): Promise<Metadata> {
    return readMetadata(await settledSession(this.#record));
  }

  /** Adds to it, in one commit; `undefined` takes a key away. Resolves to all of it. */
  addMetadata(changes: { readonly [key: string]: Json | undefined }): Promise<Metadata> {
    return addMetadata(new FollowedSession(() => settledSession(this.#record)), changes);
  }

  /** What it is and has now. Reading it is an access. */
  statistics(options?: StateCallOptions): Promise<ContextStatistics> {
    return statisticsOf(this.#record, options);
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

  /** Undefined when it is bridged and has all that it inherits already, as it is for nearly every call of a tool. */
  #moving(): Promise<unknown> | undefined {
    if (this.#record.closed) throw this.#closedError();
    const { session, moving, inheritance } = this.#record;
    if (session.kind !== 'local' && moving === undefined) return inheritance?.catchUp();
    const bridged = this.#bridged();
    return inheritance === undefined ? bridged : bridged.then(() => inheritance.catchUp());
  }

  #bridged(): Promise<unknown> {
    return this.#ophion.contextRef(this.id).call('needBridge', undefined, { timeoutMs: moveTimeoutMs });
  }

  /**
   * Registers a program: a DSPy module, a Python function or a TypeScript function. One that runs in Python needs
   * bridged state: the context begins to move at once, and whoever runs the program waits for it and gets its error, if
   * any. Throws SignatureError, which shows the position of the first fault, and ProgramError for a definition that does
   * not fit together.
   */
  program<const S extends string, const B extends Readonly<Record<string, keyof V & string>> = Record<never, never>>(
    name: string,
    definition: ProgramDefinition<S, B, V>,
  ): Program<S, keyof B & string> {
    const { system } = this.#ophion;
    const host = { system, record: this.#record, tools: this.#tools, context: this };
    const program = new Program<S, keyof B & string>(host, name, definition as unknown as AnyDefinition);
    if (!('run' in definition)) this.ensureBridged().catch(() => {});
    return program;
  }

  /**
   * Lets Python call these functions, by name, within this context's session: bare ones, or made by `tool()`. Replaces
   * those of the same name. Rejects with StateError, and exposes none of them: `invalid` for a bad name, `quota`.
   */
  expose(tools: LocalTools): Promise<void> {
    return this.#exposed.add(tools, () => this.ensureBridged());
  }

  /**
   * Puts middleware around the calls of this context, and of those that inherit from it, that begin from now on: of
   * Python tools, of programs, and of exposed tools by Python and by clients. The first is the outermost; what was used
   * before, that of an outer context and that of `ophion({ middleware })` stand around it.
   */
  use(...middleware: readonly AnyMiddleware[]): void {
    this.#record.chain.use(middleware);
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
