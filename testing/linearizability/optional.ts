/**
 * Operations of which nobody knows whether they have happened: a search may use each of them once, or never. Of equal
 * ones the earliest is used first, for it can stand wherever a later one could.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../history.ts';

export class Optional<O, R> {
  readonly all: readonly Operation<O, R>[];
  /** Of each, the last one before it that is equal; -1 for the first of its kind. */
  readonly #sameBefore: readonly number[];
  readonly #used = new Set<number>();

  constructor(operations: readonly Operation<O, R>[]) {
    this.all = operations;
    this.#sameBefore = sameBefore(operations.map(({ op }) => op));
  }

  mayUse(index: number): boolean {
    if (this.#used.has(index)) return false;
    const before = this.#sameBefore[index] as number;
    return before < 0 || this.#used.has(before);
  }

  use(index: number): void {
    this.#used.add(index);
  }

  unuse(index: number): void {
    this.#used.delete(index);
  }

  /** Those that are used, and this one. */
  usedWith(index: number | undefined): ReadonlySet<number> {
    return index === undefined ? new Set(this.#used) : new Set([...this.#used, index]);
  }
}

/** For each, the index of the last one before it that is equal, or -1. */
export function sameBefore(operations: readonly unknown[]): readonly number[] {
  const last = new Map<string, { readonly op: unknown; index: number }[]>();
  return operations.map((op, index) => {
    const key = JSON.stringify(op) ?? '';
    const alike = last.get(key) ?? [];
    last.set(key, alike);
    const same = alike.find((other) => isDeepStrictEqual(other.op, op));
    if (same === undefined) {
      alike.push({ op, index });
      return -1;
    }
    const before = same.index;
    same.index = index;
    return before;
  });
}

/** Whether all of the one are in the other: where less was used, everything is possible that is possible with more. */
export function isWithin<T>(some: ReadonlySet<T>, all: ReadonlySet<T>): boolean {
  if (some.size > all.size) return false;
  for (const one of some) if (!all.has(one)) return false;
  return true;
}
