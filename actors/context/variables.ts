/**
 * `Variables`: typed from their declaration. Every write is one atomic commit of the session, with a revision; what
 * TypeScript has set, the very next call in Python sees.
 */
import { StateError } from '../core/index.ts';
import {
  type Commit,
  type CommitRequest,
  compareAndSet,
  type Declarations,
  dependentsOf,
  FollowedSession,
  fenced,
  type HistoryOptions,
  type ImportIntoOptions,
  importInto,
  type Lock,
  type RollbackOptions,
  rollback,
  type SessionExport,
  type SessionHistory,
  type Snapshot,
  type StateCallOptions,
  type Value,
  type Values,
  type Variable,
  type WritableView,
} from '../state/index.ts';
import { type Derive, type DeriveOptions, derive } from './derive.ts';
import {
  type Change,
  type Found,
  follow,
  type OnChangeOptions,
  type Subscription,
  subscribe,
  Teller,
  valuesOf,
  type WatchVariablesOptions,
} from './variable-changes.ts';
import { unknownVariable } from './variables-error.ts';

export interface SetOptions extends StateCallOptions {
  /** The version that the variable must have, as `version` told it; else the write is a `conflict`. */
  readonly expect?: number;
}

export interface GetOptions<T> extends StateCallOptions {
  /** What is answered when there is no such variable; whatever else goes wrong is told. Default: it is `not_found`. */
  readonly default?: T;
}

/** What became of a batch that is not atomic. */
export interface PartialBatch<N extends string = string> {
  readonly set: readonly N[];
  /** Why the others were refused, by name. */
  readonly failed: { readonly [Name in N]?: StateError };
}

/** Whether an error is about one variable, and not about its session. */
const isOfOne = ({ code, details }: StateError): boolean =>
  code === 'not_found' ? details.variable !== undefined : refusals.has(code);
const refusals: ReadonlySet<string> = new Set(['invalid', 'too_large', 'denied', 'conflict', 'locked', 'read_only']);

type Name<V> = keyof V & string;

export class Variables<V extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>> {
  readonly #id: string;
  readonly #session: () => Found;
  readonly #teller = new Teller();

  readonly #through: (view: WritableView) => WritableView;

  /** `id` names them in messages; `session` is where they are now, `through` what writes go through. */
  constructor(id: string, session: () => Found, through: (view: WritableView) => WritableView = (view) => view) {
    this.#id = id;
    this.#session = session;
    this.#through = through;
  }

  /** The value. Rejects with StateError `not_found` when there is no such variable, unless a `default` is given. */
  get<N extends Name<V>>(name: N, options?: GetOptions<V[N]>): Promise<V[N]> {
    const session = this.#session();
    if (options !== undefined && 'default' in options) return this.#getOr(name, options);
    if (options !== undefined || session instanceof Promise || session.readNow === undefined)
      return this.read(name, options).then(({ value }) => value as V[N]);
    try {
      return Promise.resolve((session.readNow(name) ?? this.#unknown(name)).value as V[N]);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Whether there is such a variable, of those that were declared here and of others. */
  async has(name: string, options?: StateCallOptions): Promise<boolean> {
    return (await this.#read([name], options)).variables.length > 0;
  }

  /** The whole variable: value, version, type and constraints. Rejects with `not_found`. */
  async read(name: Name<V>, options?: StateCallOptions): Promise<Variable> {
    const snapshot = await this.#read([name], options);
    const variable = snapshot.variables.find((one) => one.name === name);
    return variable ?? this.#unknown(name);
  }

  /** Several values (default: all) at one revision; names that do not exist are left out. */
  async getAll<N extends Name<V>>(names?: readonly N[], options?: StateCallOptions): Promise<Partial<Pick<V, N>>> {
    return valuesOf((await this.#read(names, options)).variables) as Partial<Pick<V, N>>;
  }

  /** All variables at one revision. */
  snapshot(options?: StateCallOptions): Promise<Snapshot> {
    return this.#read(undefined, options);
  }

  /** The variables whose names match, at one revision: `*` stands for any run of characters, as in `model.*`. */
  async list(pattern: string, options?: StateCallOptions): Promise<readonly Variable[]> {
    return (await (await this.#session()).list(pattern, options)).variables;
  }

  /** Sets one variable. Rejects with `not_found`, `invalid` (naming the constraint), or `conflict`. */
  set<N extends Name<V>>(name: N, value: V[N], options?: SetOptions): Promise<Commit> {
    const set = { [name]: value as Value };
    const expect = options?.expect;
    return this.#commit(expect === undefined ? { set } : { set, expect: { [name]: expect } }, options);
  }

  /**
   * Sets several variables in one commit: all or nothing. With `atomic: false`, each in a commit of its own: those that
   * are refused do not hold up the others.
   */
  batch(values: Partial<V>, options?: StateCallOptions & { readonly atomic?: true }): Promise<Commit>;
  batch(values: Partial<V>, options: StateCallOptions & { readonly atomic: false }): Promise<PartialBatch<Name<V>>>;
  batch(
    values: Partial<V>,
    options?: StateCallOptions & { readonly atomic?: boolean },
  ): Promise<Commit | PartialBatch<Name<V>>> {
    const set = values as Record<string, Value>;
    return options?.atomic === false ? this.#each(set, options) : this.#commit({ set }, options);
  }

  /**
   * Sets a variable to a function of its value, without losing anybody's write: compare and set, tried again (at
   * most 100 times, then `conflict`) when another write came between. `fn` runs here, once for each try.
   */
  async update<N extends Name<V>>(
    name: N,
    fn: (value: V[N]) => V[N] | Promise<V[N]>,
    options?: StateCallOptions,
  ): Promise<Commit> {
    const decide = async ({ variables }: Snapshot): Promise<CommitRequest> => {
      const variable = variables[0];
      return { set: { [name]: (await fn((variable ?? this.#unknown(name)).value as V[N])) as Value } };
    };
    return compareAndSet(this.#writable(), [name], decide, options);
  }

  /**
   * As `update`, of several variables in one commit: `fn` gets the values of one revision and answers what is to be
   * set. All of them must still be as they were read.
   */
  async updateAll<N extends Name<V>>(
    names: readonly N[],
    fn: (values: Pick<V, N>) => Partial<Pick<V, N>> | Promise<Partial<Pick<V, N>>>,
    options?: StateCallOptions,
  ): Promise<Commit> {
    const decide = async ({ variables }: Snapshot): Promise<CommitRequest> => {
      const values = valuesOf(variables);
      for (const name of names) if (!Object.hasOwn(values, name)) this.#unknown(name);
      return { set: (await fn(values as Pick<V, N>)) as Record<string, Value> };
    };
    return compareAndSet(this.#writable(), names, decide, options);
  }

  /** Kept commits, newest last. Default: the last 100; `names`, `since`, `upTo` and `limit` choose others. */
  async history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory> {
    return (await this.#session()).history(options);
  }

  /** The values as they were at a revision. Rejects with `compacted` when that is not known any more. */
  async valuesAt(revision: number, options?: StateCallOptions): Promise<Partial<V>> {
    return valuesOf((await (await this.#session()).at(revision, undefined, options)).variables) as Partial<V>;
  }

  /**
   * Makes the variables (or those of `names`) again what they were at a revision, as one new commit. Rejects with
   * `compacted` or `rewound` when that revision is not known.
   */
  async rollback(revision: number, options?: RollbackOptions): Promise<Commit> {
    return rollback(this.#writable(), revision, options);
  }

  /**
   * Takes over what an export has, as one commit: values, types and constraints. `strategy` says what becomes of the
   * others: `replace` removes what the export does not have, `merge` leaves it, `keep` leaves all that is there as it is
   * and adds the rest. Rejects with `invalid`, and with what a commit rejects with; then nothing is written.
   */
  async import(content: SessionExport, options: ImportIntoOptions): Promise<Commit> {
    return importInto(this.#writable(), content, options);
  }

  /** What depends on a variable, also through others, each behind what it depends on. */
  async dependents(name: Name<V>, options?: StateCallOptions): Promise<readonly Name<V>[]> {
    const { variables } = await this.#read(undefined, options);
    if (!variables.some((variable) => variable.name === name)) this.#unknown(name);
    return dependentsOf(variables, [name]).map((variable) => variable.name as Name<V>);
  }

  /**
   * Computes variables from those that they were declared to depend on (`dependsOn`), now and after every change,
   * until it is stopped: for what takes time. What a function can make at once is better computed in the commit itself
   * (`computedBy`). Functions run here, each behind what it depends on, and get the values of one revision by name;
   * what they answer is one commit. They may run again when others write meanwhile. What one throws, and a value that
   * does not fit, ends it (see `Subscription`) or goes to `onError`.
   */
  derive(functions: { readonly [N in Name<V>]?: Derive<V, V[N]> }, options: DeriveOptions = {}): Subscription {
    return derive(this.#id, this.#session, this.#teller, () => this.#writable(), functions as never, options);
  }

  /** The same variables, written only while these locks are held: else each write is refused as `locked`. */
  under(...locks: readonly Lock[]): Variables<V> {
    const fences = Object.fromEntries(locks.map(({ name, fence }) => [name, fence]));
    return new Variables<V>(this.#id, this.#session, (view) => fenced(this.#through(view), fences));
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
  watch<N extends Name<V>>(
    options: WatchVariablesOptions<N> = {},
  ): AsyncGenerator<Change<Pick<V, N>>, void, undefined> {
    return follow<Pick<V, N>>(this.#session, this.#teller, options);
  }

  /**
   * As `watch`, with a callback, which is called for one change after the other: the next waits until it has resolved.
   * `await using`, `stop` or the signal end it.
   */
  onChange<N extends Name<V>>(
    callback: (change: Change<Pick<V, N>>) => void | Promise<void>,
    options: OnChangeOptions<N> = {},
  ): Subscription {
    return subscribe<Pick<V, N>>(this.#session, this.#teller, callback, options);
  }

  async #getOr<N extends Name<V>>(name: N, options: GetOptions<V[N]>): Promise<V[N]> {
    const [variable] = (await this.#read([name], options)).variables;
    return (variable === undefined ? options.default : variable.value) as V[N];
  }

  async #each(values: Record<string, Value>, options: StateCallOptions): Promise<PartialBatch<Name<V>>> {
    const set: Name<V>[] = [];
    const failed: { [N in Name<V>]?: StateError } = {};
    for (const [name, value] of Object.entries(values) as [Name<V>, Value][]) {
      try {
        await this.#commit({ set: { [name]: value } }, options);
        set.push(name);
      } catch (error) {
        // What is wrong with the session itself is wrong with all of them.
        if (!(error instanceof StateError && isOfOne(error))) throw error;
        failed[name] = error;
      }
    }
    return { set, failed };
  }

  async #read(names: readonly string[] | undefined, options?: StateCallOptions): Promise<Snapshot> {
    return (await this.#session()).read(names, options);
  }

  #commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return this.#writable().commit(request, options);
  }

  /** Also when it moves while a write is decided on, or tried again. */
  #writable(): WritableView {
    return this.#through(new FollowedSession(this.#session));
  }

  #unknown(name: string): never {
    throw unknownVariable(this.#id, name);
  }
}
