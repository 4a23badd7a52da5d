/**
 * `registry()`: keys to actors, with a value each: Elixir's Registry. An entry lives as long as the actor that owns it,
 * which is linked with the registry. Reading asks nobody: the table is looked at directly, and never shows an actor
 * that has ended (otp S-139 to S-144).
 */
import { type Behavior, definition, type InitResult, type Logic } from './behavior.ts';
import { ActorContext } from './context.ts';
import { ActorDownError, ActorError } from './errors.ts';
import { type ExitReason, exitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import { link, unlink } from './links.ts';
import type { NameSpace, Place } from './names.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { ActorRef } from './ref.ts';
import type { ActorSystem } from './system.ts';

export interface RegistryOptions {
  /** `unique`: one entry per key. `duplicate`: any number, also of one actor. */
  readonly keys: 'unique' | 'duplicate';
  /**
   * Who is told of each entry that comes and goes, by a RegistryMessage. An entry that vanishes since its owner ended is
   * not told: monitor the owner for that (otp S-143).
   */
  readonly listeners?: readonly Place[];
}

/** Told to the listeners of a registry. */
export type RegistryMessage<K = unknown, V = unknown> =
  | { readonly type: 'register'; readonly registry: string; readonly key: K; readonly pid: Pid; readonly value: V }
  | { readonly type: 'unregister'; readonly registry: string; readonly key: K; readonly pid: Pid };

/** Somebody has this key already. */
export class AlreadyRegisteredError extends ActorError {
  readonly pid: Pid;

  constructor(registry: string, key: unknown, pid: Pid) {
    super('already_registered', `${registry}: the key ${String(key)} is ${pid}'s`);
    this.pid = pid;
  }
}

export interface RegistryEntry<V> {
  readonly pid: Pid;
  readonly value: V;
}

export interface RegistryLogic<K, V> extends Logic<undefined> {
  readonly refAt: (system: ActorSystem, path: string) => RegistryRef<K, V>;
}

/**
 * Defines a registry. Starts nothing: give it to a supervisor, before those that use it. Keys are the same when a Map
 * finds them the same: values by value, objects by identity.
 */
export function registry<K = string, V = unknown>(options: RegistryOptions): RegistryLogic<K, V> {
  return {
    [definition]: {
      kind: 'registry',
      behave: (context) => new RegistryBehavior(options, context as ActorContext<never>),
    },
    refAt: (system, path) => new RegistryRef<K, V>(system, path),
  };
}

interface Entry {
  readonly key: unknown;
  readonly owner: Process;
  value: unknown;
}

class RegistryBehavior implements Behavior {
  readonly trapExit = true;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  readonly unique: boolean;
  readonly #listeners: readonly ActorRef[];
  readonly #context: ActorContext<never>;
  readonly #process: Process;
  readonly #byKey = new Map<unknown, Set<Entry>>();
  readonly #byOwner = new Map<Pid, Set<Entry>>();

  constructor({ keys, listeners = [] }: RegistryOptions, context: ActorContext<never>) {
    this.unique = keys === 'unique';
    this.#context = context;
    this.#process = ActorContext.processOf(context);
    this.#listeners = listeners.map((place) => new ActorRef(context.system, place));
  }

  init(): InitResult {
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'system':
        return letter.work();
      case 'exit':
        if (this.#process.isParent(letter.from)) this.#process.requestStop(letter.reason);
        else this.#forget(letter.from);
        return;
      case 'call':
        letter.from.fail(new ActorError('unknown_call', `${this.#context.self}: is a registry, and answers no call`));
        return;
      default:
        this.#context.system.deadLetter(this.#context.path, letter);
    }
  }

  /** The end of an owner arrives as an exit signal. */
  #forget(owner: Pid): void {
    for (const entry of this.#byOwner.get(owner) ?? []) this.#take(entry);
  }

  /** All entries of a key, of living owners only. */
  find(key: unknown): readonly Entry[] {
    return [...(this.#byKey.get(key) ?? [])].filter(({ owner }) => owner.status !== 'dead');
  }

  of(owner: Pid): readonly Entry[] {
    return owner.alive ? [...(this.#byOwner.get(owner) ?? [])] : [];
  }

  all(): readonly Entry[] {
    return [...this.#byKey.values()].flatMap((entries) => [...entries]).filter(({ owner }) => owner.status !== 'dead');
  }

  add(key: unknown, owner: Process, value: unknown): void {
    const [taken] = this.unique ? this.find(key) : [];
    if (taken !== undefined) throw new AlreadyRegisteredError(this.#context.path, key, taken.owner.pid);
    if (this.unique) for (const ended of this.#byKey.get(key) ?? []) this.#take(ended);
    const entry: Entry = { key, owner, value };
    push(this.#byKey, key, entry);
    push(this.#byOwner, owner.pid, entry);
    link(owner, this.#process);
    this.#tell({ type: 'register', registry: this.#context.path, key, pid: owner.pid, value });
  }

  remove(entry: Entry): void {
    this.#take(entry);
    if (!this.#byOwner.has(entry.owner.pid)) unlink(entry.owner, this.#process);
    const { key, owner } = entry;
    this.#tell({ type: 'unregister', registry: this.#context.path, key, pid: owner.pid });
  }

  #take(entry: Entry): void {
    drop(this.#byKey, entry.key, entry);
    drop(this.#byOwner, entry.owner.pid, entry);
  }

  #tell(message: RegistryMessage): void {
    for (const listener of this.#listeners) listener.process?.deliver({ kind: 'info', message });
  }

  terminate(_reason: ExitReason): void {}
  dispose(): void {}

  inspect(): unknown {
    return this.all().map(({ key, owner, value }) => ({ key, pid: owner.pid, value }));
  }
}

function push<K, T>(map: Map<K, Set<T>>, key: K, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, new Set([item]));
  else items.add(item);
}

function drop<K, T>(map: Map<K, Set<T>>, key: K, item: T): void {
  const items = map.get(key);
  items?.delete(item);
  if (items?.size === 0) map.delete(key);
}

/** Whoever registers: an actor's `ctx`. */
export interface Owner {
  readonly self: Pid;
}

/**
 * A ref to a registry, and a name space for `via(registry, key)`. Everything throws ActorDownError when the registry is
 * not there.
 */
export class RegistryRef<K = string, V = unknown> extends ActorRef implements NameSpace<K> {
  get #table(): RegistryBehavior {
    const behavior = this.process?.behavior;
    if (behavior instanceof RegistryBehavior) return behavior;
    throw new ActorDownError(this.path, exitReason.noproc);
  }

  /** Makes an entry that this actor owns. Throws AlreadyRegisteredError when unique keys are taken. */
  register(owner: Owner, key: K, value?: V): void {
    this.#add(key, owner.self, value);
  }

  #add(key: K, pid: Pid, value: V | undefined): void {
    const process = Pid.processOf(pid);
    if (process === undefined) throw new ActorDownError(String(pid), exitReason.noproc);
    this.#table.add(key, process, value);
  }

  /** Takes all entries back that this actor has under the key; with `matches`, only those whose value does. */
  unregister(owner: Owner, key: K, matches: (value: V) => boolean = () => true): void {
    const table = this.#table;
    for (const entry of table.of(owner.self)) {
      if (sameKey(entry.key, key) && matches(entry.value as V)) table.remove(entry);
    }
  }

  /** The entries of a key: at most one when keys are unique. */
  lookup(key: K): readonly RegistryEntry<V>[] {
    return this.#table.find(key).map(shown) as RegistryEntry<V>[];
  }

  /** The keys that an actor has, once for each entry. */
  keys(pid: Pid): readonly K[] {
    return this.#table.of(pid).map(({ key }) => key as K);
  }

  /** How many entries there are. */
  count(): number {
    return this.#table.all().length;
  }

  /** All entries that fit, as `[key, pid, value]`. */
  select(fits: (key: K, pid: Pid, value: V) => boolean): readonly (readonly [key: K, pid: Pid, value: V])[] {
    return this.#table
      .all()
      .map(({ key, owner, value }) => [key as K, owner.pid, value as V] as const)
      .filter((row) => fits(...row));
  }

  /**
   * Changes the value of an entry that this actor owns, and returns the new one. Throws ActorError `not_registered` when
   * it does not own the key, `not_unique` when keys are not unique (otp S-141).
   */
  updateValue(owner: Owner, key: K, change: (value: V) => V): V {
    const table = this.#table;
    if (!table.unique) throw new ActorError('not_unique', `${this.path}: only unique keys have one value`);
    const entry = table.of(owner.self).find((one) => sameKey(one.key, key));
    if (entry === undefined) {
      throw new ActorError('not_registered', `${this.path}: the key ${String(key)} is not ${owner.self}'s`);
    }
    entry.value = change(entry.value as V);
    return entry.value as V;
  }

  /** Calls `act` here and now with all entries of a key; not at all when there are none. A throw is the caller's. */
  dispatch(key: K, act: (entries: readonly RegistryEntry<V>[]) => void): void {
    const entries = this.lookup(key);
    if (entries.length > 0) act(entries);
  }

  // As a name space

  registerName(key: K, pid: Pid): boolean {
    this.#refuseDuplicates();
    try {
      this.#add(key, pid, undefined);
      return true;
    } catch (error) {
      if (error instanceof AlreadyRegisteredError) return false;
      throw error;
    }
  }

  unregisterName(key: K): void {
    const [entry] = this.#table.find(key);
    if (entry !== undefined) this.#table.remove(entry);
  }

  whereisName(key: K): Pid | undefined {
    this.#refuseDuplicates();
    return this.#table.find(key)[0]?.owner.pid;
  }

  #refuseDuplicates(): void {
    if (!this.#table.unique) throw new ActorError('not_unique', `${this.path}: a name must be one actor's (otp S-144)`);
  }
}

const shown = ({ owner, value }: Entry) => ({ pid: owner.pid, value });
/** As a Map compares. */
const sameKey = (a: unknown, b: unknown): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
