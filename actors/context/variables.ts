/**
 * `Variables`: typed from their declaration. Every write is one atomic commit of the session, with a revision; what
 * TypeScript has set, the very next call in Python sees.
 */
import { StateError } from '../core/index.ts';
import type {
  Commit,
  CommitRequest,
  Declarations,
  SessionView,
  Snapshot,
  StateCallOptions,
  Value,
  Values,
  Variable,
} from '../state/index.ts';

export interface SetOptions extends StateCallOptions {
  /** The version that the variable must have, as `version` told it; else the write is a `conflict`. */
  readonly expect?: number;
}

/** One change of one commit. */
export interface Change<V = unknown> {
  readonly revision: number;
  /** Everything that the commit wrote. */
  readonly values: Partial<V>;
  readonly removed: readonly string[];
  readonly writer: string;
  /** Stands for several commits, of which only the outcome is told: this reader was too slow. */
  readonly folded: boolean;
}

export interface WatchVariablesOptions<N extends string> {
  /** Only these variables. Default: all. */
  readonly names?: readonly N[];
  /** Changes after this revision. Default: begin with the values of now. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

/** How often `update` tries again when somebody else wrote in between. */
const updateAttempts = 100;

type Name<V> = keyof V & string;

export class Variables<V extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>> {
  readonly #id: string;
  readonly #session: () => Promise<SessionView>;

  /** `id` names them in messages; `session` is where they are now. */
  constructor(id: string, session: () => Promise<SessionView>) {
    this.#id = id;
    this.#session = session;
  }

  /** The value. Rejects with StateError `not_found` when there is no such variable. */
  async get<N extends Name<V>>(name: N, options?: StateCallOptions): Promise<V[N]> {
    return (await this.read(name, options)).value as V[N];
  }

  /** The whole variable: value, version, type and constraints. Rejects with `not_found`. */
  async read(name: Name<V>, options?: StateCallOptions): Promise<Variable> {
    const snapshot = await this.#read([name], options);
    const variable = snapshot.variables.find((one) => one.name === name);
    if (variable === undefined) throw unknownVariable(this.#id, name);
    return variable;
  }

  /** Several values (default: all) at one revision; names that do not exist are left out. */
  async getAll<N extends Name<V>>(names?: readonly N[], options?: StateCallOptions): Promise<Partial<Pick<V, N>>> {
    return valuesOf((await this.#read(names, options)).variables) as Partial<Pick<V, N>>;
  }

  /** All variables at one revision. */
  snapshot(options?: StateCallOptions): Promise<Snapshot> {
    return this.#read(undefined, options);
  }

  /** Sets one variable. Rejects with `not_found`, `invalid` (naming the constraint), or `conflict`. */
  set<N extends Name<V>>(name: N, value: V[N], { expect, ...options }: SetOptions = {}): Promise<Commit> {
    return this.#commit(
      { set: { [name]: value as Value }, ...(expect === undefined ? {} : { expect: { [name]: expect } }) },
      options,
    );
  }

  /** Sets several variables in one commit: all or nothing. */
  batch(values: Partial<V>, options?: StateCallOptions): Promise<Commit> {
    return this.#commit({ set: values as Record<string, Value> }, options);
  }

  /**
   * Sets a variable to a function of its value, without losing anybody's write: compare and set, tried again (at
   * most 100 times, then `conflict`) when another write came between.
   */
  async update<N extends Name<V>>(name: N, fn: (value: V[N]) => V[N], options?: StateCallOptions): Promise<Commit> {
    for (let attempt = 1; ; attempt += 1) {
      const { value, version } = await this.read(name, options);
      try {
        return await this.set(name, fn(value as V[N]), { ...options, expect: version });
      } catch (error) {
        if (!(error instanceof StateError && error.code === 'conflict') || attempt === updateAttempts) throw error;
      }
    }
  }

  /** Adds variables; the same handle then knows their types. Rejects with `already_exists` or `invalid`. */
  async declare<D extends Declarations>(
    declarations: D,
    options?: StateCallOptions,
  ): Promise<Variables<V & Values<D>>> {
    await this.#commit({ declare: declarations }, options);
    return this as unknown as Variables<V & Values<D>>;
  }

  /** Removes a variable. Rejects with `not_found`. */
  remove(name: Name<V>, options?: StateCallOptions): Promise<Commit> {
    return this.#commit({ remove: [name] }, options);
  }

  /**
   * Follows the variables: first the values of now (or, told a revision, what came after it), then every commit, in
   * order and without gap, also across a move to another provider and a crash of anything below.
   */
  async *watch<N extends Name<V>>(
    options: WatchVariablesOptions<N> = {},
  ): AsyncGenerator<Change<Pick<V, N>>, void, undefined> {
    const { names, signal } = options;
    let cursor = options.from;
    for (;;) {
      const session = await this.#session();
      const watching = session.watch({
        ...(names === undefined ? {} : { names }),
        ...(cursor === undefined ? {} : { from: cursor }),
        ...(signal === undefined ? {} : { signal }),
      });
      for await (const event of watching) {
        if (event.type === 'snapshot') {
          cursor = event.snapshot.revision;
          yield {
            revision: cursor,
            values: valuesOf(event.snapshot.variables) as never,
            removed: [],
            writer: '',
            folded: event.folded !== undefined,
          };
        } else {
          cursor = event.commit.revision;
          yield {
            revision: cursor,
            values: valuesOf(wanted(event.commit.written, names)) as never,
            removed: event.commit.removed,
            writer: event.commit.writer,
            folded: event.folded !== undefined,
          };
        }
      }
      // The session ended: it was closed, or it has moved and goes on elsewhere at the same revision.
      if ((await this.#session()) === session) return;
    }
  }

  async #read(names: readonly string[] | undefined, options?: StateCallOptions): Promise<Snapshot> {
    return (await this.#session()).read(names, options);
  }

  async #commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return (await this.#session()).commit(request, options);
  }
}

function wanted(variables: readonly Variable[], names: readonly string[] | undefined): readonly Variable[] {
  return names === undefined ? variables : variables.filter((variable) => names.includes(variable.name));
}

function valuesOf(variables: readonly Variable[]): Record<string, unknown> {
  return Object.fromEntries(variables.map((variable) => [variable.name, variable.value]));
}

export function unknownVariable(contextId: string, name: string): StateError {
  return new StateError('not_found', `${contextId}: there is no variable '${name}'; declare it first`, {
    details: { name },
  });
}
