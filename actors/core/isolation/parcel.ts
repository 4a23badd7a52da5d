/**
 * A value on its way to another thread: what structured cloning can copy, with a hole wherever something stands that it
 * cannot (a ref, a pid, an error), and what belongs into each hole. A hole is an object of its own: cloning keeps who is
 * who within one message, so no key of the user's can be taken for one.
 */

export interface Parcel {
  readonly body: unknown;
  /** Undefined when there are none: then nothing was copied, and nothing needs to be looked at. */
  readonly holes: readonly (readonly [hole: object, mark: unknown])[] | undefined;
}

/** What is not copied but marked, and how. */
export interface Marking {
  /** True for what `mark` answers. */
  isMarked(value: object): boolean;
  /** What travels in its place: something that can be cloned. `copy` packs what it holds itself, as if lossy. */
  mark(value: object, copy: (part: unknown) => unknown): unknown;
}

/** A plain object or an instance of a user's class: cloned by its own fields, as structured cloning does. */
export const isRecord = (value: object): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

/**
 * Packs a value. It stays as it is unless something in it is marked. `lossy`, for what is only to be looked at: what
 * cannot be cloned is described in words.
 */
export function pack(value: unknown, marking: Marking, lossy = false): Parcel {
  if (!lossy && !holdsMarked(value, marking)) return { body: value, holes: undefined };
  const packer = new Packer(marking, lossy);
  const body = packer.copy(value);
  return { body, holes: packer.holes.length === 0 ? undefined : packer.holes };
}

function holdsMarked(value: unknown, marking: Marking): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const seen = new Set<unknown>([value]);
  for (const next of seen) {
    if (typeof next !== 'object' || next === null) continue;
    if (marking.isMarked(next)) return true;
    for (const part of partsOf(next)) seen.add(part);
  }
  return false;
}

function* partsOf(value: object): Generator<unknown> {
  if (value instanceof Map) for (const entry of value) yield* entry;
  else if (value instanceof Set || Array.isArray(value)) yield* value;
  else if (isRecord(value)) yield* Object.values(value);
}

class Packer {
  readonly holes: (readonly [object, unknown])[] = [];
  readonly #marking: Marking;
  #lossy: boolean;
  readonly #copies = new Map<object, unknown>();

  constructor(marking: Marking, lossy: boolean) {
    this.#marking = marking;
    this.#lossy = lossy;
  }

  readonly copy = (value: unknown): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol') return this.#lossy ? described(value) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (this.#marking.isMarked(value)) return this.#hole(value);
    if (Array.isArray(value)) return this.#fill(value, [] as unknown[], (copy) => copy.push(...value.map(this.copy)));
    if (value instanceof Map) {
      return this.#fill(value, new Map(), (copy) => {
        for (const [key, part] of value) copy.set(this.copy(key), this.copy(part));
      });
    }
    if (value instanceof Set) {
      return this.#fill(value, new Set(), (copy) => {
        for (const part of value) copy.add(this.copy(part));
      });
    }
    if (!isRecord(value)) return this.#lossy ? cloneOrText(value) : value;
    if (this.#lossy && typeof value.toJSON === 'function') return this.copy(shown(value));
    return this.#fill(value, {} as Record<string, unknown>, (copy) => {
      for (const [key, part] of Object.entries(value)) copy[key] = this.copy(part);
    });
  };

  /** Known before it is filled, for values that hold themselves. */
  #fill<C extends object>(value: object, copy: C, fill: (copy: C) => void): C {
    this.#copies.set(value, copy);
    fill(copy);
    return copy;
  }

  #hole(value: object): unknown {
    const hole = {};
    this.#copies.set(value, hole);
    const lossy = this.#lossy;
    this.#lossy = true;
    try {
      this.holes.push([hole, this.#marking.mark(value, this.copy)]);
    } catch (error) {
      if (!lossy) throw error;
      this.#copies.set(value, `[${String(error)}]`);
    }
    this.#lossy = lossy;
    return this.#copies.get(value);
  }
}

const described = (value: unknown): string =>
  typeof value === 'function' ? `[function ${value.name}]` : `[${String(value)}]`;

function shown(value: Record<string, unknown>): unknown {
  try {
    return (value.toJSON as () => unknown)();
  } catch (error) {
    return `[toJSON threw ${String(error)}]`;
  }
}

function cloneOrText(value: object): unknown {
  try {
    return structuredClone(value);
  } catch {
    return `[${value.constructor?.name ?? 'object'}]`;
  }
}

/** Makes what belongs into a hole. `fill` unpacks what its mark holds; `known` gives it out before that, for cycles. */
export type Revive = (mark: unknown, fill: (part: unknown) => unknown, known: (value: unknown) => void) => unknown;

/** Unpacks a parcel that has been cloned, in place. */
export function unpack({ body, holes }: Parcel, revive: Revive): unknown {
  if (holes === undefined) return body;
  const marks = new Map<unknown, unknown>(holes);
  const revived = new Map<unknown, unknown>();
  const filled = new Set<unknown>();

  const fill = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (revived.has(value)) return revived.get(value);
    if (marks.has(value)) {
      const made = revive(marks.get(value), fill, (early) => revived.set(value, early));
      revived.set(value, made);
      return made;
    }
    if (!filled.has(value)) {
      filled.add(value);
      fillParts(value, fill);
    }
    return value;
  };
  return fill(body);
}

function fillParts(value: object, fill: (part: unknown) => unknown): void {
  if (Array.isArray(value)) for (const [index, part] of value.entries()) value[index] = fill(part);
  else if (value instanceof Map) {
    const entries = [...value];
    value.clear();
    for (const [key, part] of entries) value.set(fill(key), fill(part));
  } else if (value instanceof Set) {
    const parts = [...value];
    value.clear();
    for (const part of parts) value.add(fill(part));
  } else if (isRecord(value)) for (const [key, part] of Object.entries(value)) value[key] = fill(part);
}
