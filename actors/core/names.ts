/**
 * Names: OTP's registered names and name spaces. A name is looked up at each use, so a restarted actor is found
 * under the same one; a pid held from before is stale for ever (otp S-137, S-138, S-145).
 */
import { ActorError } from './errors.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorSystem } from './system.ts';
import { Table } from './table.ts';

/** Where names may be kept: OTP's `via` callbacks. A Registry with unique keys is one. */
export interface NameSpace<K = string> {
  /** Gives an actor a name; false when the name is taken. */
  registerName(name: K, pid: Pid): boolean;
  unregisterName(name: K): void;
  whereisName(name: K): Pid | undefined;
}

/** Whoever is to be found by a name at the moment of asking. */
export interface NamedPlace {
  find(system: ActorSystem): Process | undefined;
  toString(): string;
}

/** The place of whoever has this name now. */
export class LocalName implements NamedPlace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  find(system: ActorSystem): Process | undefined {
    return system.names.find(this.name);
  }

  toString(): string {
    return `name:${this.name}`;
  }
}

/** The place of whoever has this name in some name space now. */
export class Via<K = string> implements NamedPlace {
  readonly space: NameSpace<K>;
  readonly name: K;

  constructor(space: NameSpace<K>, name: K) {
    this.space = space;
    this.name = name;
  }

  find(_system: ActorSystem): Process | undefined {
    const pid = this.space.whereisName(this.name);
    return pid === undefined ? undefined : Pid.processOf(pid);
  }

  toString(): string {
    return `via:${String(this.name)}`;
  }
}

/** Names an actor by its registered name: `ctx.ref(named('printer'))`. */
export const named = (name: string): LocalName => new LocalName(name);
/** Names an actor by a key of some name space: `ctx.ref(via(registry, 'printer'))`. */
export const via = <K>(space: NameSpace<K>, name: K): Via<K> => new Via(space, name);

/** Where an actor is to be found: its path in the tree, or a name. */
export type Place = string | NamedPlace;

/** The registered names of one system: one actor per name, one name per actor. */
export class Names {
  readonly #named = new Table<string, Process>();

  /**
   * Gives an actor a name. Throws ActorError `bad_name` when the name is taken, when the actor has a name already,
   * and when it has ended.
   */
  register(name: string, pid: Pid): void {
    const process = Pid.processOf(pid);
    if (process === undefined) throw refused(name, `${pid} has ended`);
    const owner = this.#named.get(name);
    if (owner !== undefined) throw refused(name, `it is ${owner.pid}'s`);
    if (process.name !== undefined) throw refused(name, `${pid} is '${process.name}' already`);
    process.name = name;
    this.#named.set(name, process);
  }

  /** Takes a name back. Throws ActorError `bad_name` when nobody has it. */
  unregister(name: string): void {
    const process = this.#named.get(name);
    if (process === undefined) throw refused(name, 'nobody has it');
    this.release(process);
  }

  /** Who has this name now. */
  whereis(name: string): Pid | undefined {
    return this.#named.get(name)?.pid;
  }

  /** Internal: the living process of that name. */
  find(name: string): Process | undefined {
    return this.#named.get(name);
  }

  /** Internal: told by a process that ends. */
  release(process: Process): void {
    if (process.name !== undefined) this.#named.delete(process.name);
    process.name = undefined;
  }
}

function refused(name: string, why: string): ActorError {
  return new ActorError('bad_name', `the name '${name}': ${why}`);
}
