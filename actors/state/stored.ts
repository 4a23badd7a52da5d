/**
 * The immutable form of values, in which they are stored: what can change is copied, unless it is frozen all the way
 * down already.
 */
import { StateError } from '../core/index.ts';
import { copyOfBytes } from './blob.ts';
import { Instant, instantProblem, microsecondsOf } from './instant.ts';
import { invalid } from './invalid.ts';
import { tensorOf } from './typed-arrays.ts';
import { Tensor, type Value, valueBytesMax, valueDepthMax } from './value.ts';

/** A value in the form in which it is stored and sent, and how many bytes it has, roughly. */
export interface Stored {
  readonly value: Value;
  readonly bytes: number;
}

/**
 * Makes the immutable form of a value: copies what can change, unless it is frozen all the way down already. Throws
 * StateError `invalid` for what is no Value (it names the path), `too_large` above 16 MiB. `target` is what the
 * message starts with.
 */
export function store(target: string, value: unknown): Stored {
  switch (typeof value) {
    case 'boolean':
    case 'number':
      return { value, bytes: 8 };
    default: {
      const walk = new Walk(target);
      const stored = walk.visit(value, '', 0);
      return { value: stored, bytes: walk.bytes };
    }
  }
}

class Walk {
  bytes = 0;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
  }

  visit(value: unknown, path: string, depth: number): Value {
    switch (typeof value) {
      case 'boolean':
      case 'number':
      case 'bigint':
        this.#count(8);
        return value;
      case 'string':
        return this.#text(value, path);
      case 'object':
        return this.#object(value, path, depth);
      default:
        throw this.#no(path, `a ${typeof value} is no value`);
    }
  }

  #text(value: string, path: string): string {
    // Counting its bytes reads all of it; what is far too long is refused before.
    this.#count(value.length > valueBytesMax ? value.length : Buffer.byteLength(value));
    if (!wellFormed(value)) throw this.#no(path, 'half of a surrogate pair is no text');
    return value;
  }

  #object(value: object | null, path: string, depth: number): Value {
    this.#count(8);
    if (value === null) return null;
    if (depth >= valueDepthMax) throw this.#no(path, `is nested deeper than ${valueDepthMax} or in itself`);
    if (Array.isArray(value)) return this.#list(value, path, depth);
    if (value instanceof Uint8Array) {
      this.#count(value.byteLength);
      return copyOfBytes(value);
    }
    if (ArrayBuffer.isView(value)) this.#count(value.byteLength);
    const tensor = value instanceof Tensor ? value : tensorOf(value);
    if (tensor !== undefined) {
      if (value === tensor) this.#count(tensor.byteLength);
      return tensor;
    }
    if (value instanceof Date) return this.#date(value, path);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw this.#no(path, `an instance of ${value.constructor?.name ?? 'a class'} is no value`);
    }
    return this.#map(value as Record<string, unknown>, path, depth);
  }

  #date(date: Date, path: string): Date {
    const problem = instantProblem(date.getTime(), microsecondsOf(date));
    if (problem !== undefined) throw this.#no(path, problem);
    return date instanceof Instant ? new Instant(date.getTime(), date.microseconds) : new Date(date.getTime());
  }

  #list(list: readonly unknown[], path: string, depth: number): Value {
    this.#count(8 * list.length);
    let copy: Value[] | undefined = Object.isFrozen(list) ? undefined : new Array<Value>(list.length);
    for (let i = 0; i < list.length; i += 1) {
      const item = this.visit(list[i], `${path}[${i}]`, depth + 1);
      if (copy === undefined && item !== list[i] && !Number.isNaN(item)) copy = [...list] as Value[];
      if (copy !== undefined) copy[i] = item;
    }
    return copy === undefined ? (list as Value[]) : Object.freeze(copy);
  }

  #map(map: Record<string, unknown>, path: string, depth: number): Value {
    let same = isFrozenData(map);
    const copy: Record<string, Value> = {};
    for (const key of Object.keys(map)) {
      this.#count(8);
      this.#text(key, path);
      const item = this.visit(map[key], path === '' ? key : `${path}.${key}`, depth + 1);
      if (item !== map[key] && !Number.isNaN(item)) same = false;
      // Assigning `__proto__` would set the prototype.
      if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });
      else copy[key] = item;
    }
    return same ? (map as Record<string, Value>) : Object.freeze(copy);
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > valueBytesMax) {
      throw new StateError('too_large', `${this.#target}: a value may have ${valueBytesMax} bytes, this one has more`, {
        details: { maxBytes: valueBytesMax },
      });
    }
  }

  #no(path: string, why: string): StateError {
    return invalid(`${this.#target}: ${path === '' ? '' : `at ${path}: `}${why}`);
  }
}

/** Frozen, and without a getter that could answer something else the next time. */
function isFrozenData(map: object): boolean {
  return (
    Object.isFrozen(map) &&
    Object.values(Object.getOwnPropertyDescriptors(map)).every((property) => property.get === undefined)
  );
}

/** Whether a string can be written as UTF-8 without loss. */
function wellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
