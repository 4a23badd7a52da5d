/**
 * A copy of an actor's state for another world: what the one does to it, the other must not see. Refs and pids are names
 * of places: `place` says what they become. Functions are the same code in both.
 */
import { ActorRef, Pid } from '../../actors/core/index.ts';

/** A state, or a part of it, that cannot be in two worlds. */
export class NotCopied extends Error {
  constructor(where: string, what: string) {
    super(`${where}: ${what} cannot be copied`);
    this.name = new.target.name;
  }
}

export type PlaceOf = (place: ActorRef | Pid) => unknown;

/** Throws NotCopied, which says where in it. */
export function copyState(value: unknown, place: PlaceOf, where = 'state'): unknown {
  return new Copying(place).copy(value, where);
}

type Made = new (value: never) => object;
/** Copied by their own constructor. */
const byConstructor: readonly unknown[] = [
  Date,
  RegExp,
  ...[Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int16Array, Uint32Array, Int32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

class Copying {
  readonly #place: PlaceOf;
  readonly #seen = new Map<object, object>();

  constructor(place: PlaceOf) {
    this.#place = place;
  }

  copy(value: unknown, where: string): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof ActorRef || value instanceof Pid) return this.#place(value);
    const known = this.#seen.get(value);
    if (known !== undefined) return known;
    const copied = this.#begun(value, where);
    this.#seen.set(value, copied);
    if (value instanceof Map) {
      for (const [key, of] of value) {
        (copied as Map<unknown, unknown>).set(
          this.copy(key, `${where}[key]`),
          this.copy(of, `${where}[${String(key)}]`),
        );
      }
    } else if (value instanceof Set) {
      for (const of of value) (copied as Set<unknown>).add(this.copy(of, `${where}[member]`));
    } else if (this.#isPlain(value)) {
      for (const key of Reflect.ownKeys(value)) {
        const part = (value as Record<PropertyKey, unknown>)[key];
        (copied as Record<PropertyKey, unknown>)[key] = this.copy(part, `${where}.${String(key)}`);
      }
    }
    return copied;
  }

  #isPlain(value: object): boolean {
    const prototype = Object.getPrototypeOf(value);
    return Array.isArray(value) || prototype === Object.prototype || prototype === null;
  }

  #begun(value: object, where: string): object {
    if (value instanceof Map) return new Map();
    if (value instanceof Set) return new Set();
    if (Array.isArray(value)) return new Array(value.length);
    if (this.#isPlain(value)) return Object.create(Object.getPrototypeOf(value));
    // An error is told, not changed.
    if (value instanceof Error) return value;
    if (value instanceof ArrayBuffer) return value.slice(0);
    const { constructor: made } = value;
    if (byConstructor.includes(made)) return new (made as Made)(value as never);
    throw new NotCopied(where, `an instance of ${made?.name || 'a class'}`);
  }
}
