/** Finds what in a value cannot be cloned, once cloning it has failed. */
import { NotCloneableError } from './errors.ts';
import { isMarked } from './is-marked.ts';
import { isRecord } from './parcel.ts';

/** Names the first part that cannot be cloned. `cause` is what cloning threw. */
export function notCloneable(target: string, value: unknown, cause: unknown): NotCloneableError {
  if (cause instanceof NotCloneableError) return cause;
  if (cause instanceof RangeError) return new NotCloneableError(target, '', 'it is nested too deeply', { cause });
  const found = find(value, '', new Set());
  const what = found?.what ?? (cause instanceof Error ? cause.message : String(cause));
  return new NotCloneableError(target, found?.where ?? '', what, { cause });
}

interface Found {
  readonly where: string;
  readonly what: string;
}

function find(value: unknown, where: string, seen: Set<object>): Found | undefined {
  if (typeof value === 'function') return { where, what: `it is the function '${value.name || 'without a name'}'` };
  if (typeof value === 'symbol') return { where, what: `it is ${String(value)}` };
  if (typeof value !== 'object' || value === null || seen.has(value) || isMarked(value)) return undefined;
  seen.add(value);
  for (const [part, key] of parts(value)) {
    const found = find(part, where + key, seen);
    if (found !== undefined) return found;
  }
  return isContainer(value) ? undefined : leaf(value, where);
}

function leaf(value: object, where: string): Found | undefined {
  try {
    structuredClone(value);
    return undefined;
  } catch {
    return { where, what: `it is a ${value.constructor?.name ?? 'value without a class'}` };
  }
}

const isContainer = (value: object) =>
  Array.isArray(value) || value instanceof Map || value instanceof Set || isRecord(value);

function* parts(value: object): Generator<readonly [part: unknown, key: string]> {
  if (value instanceof Map) {
    for (const [key, part] of value) {
      yield [key, ' (a key)'];
      yield [part, `.get(${String(key)})`];
    }
  } else if (value instanceof Set) for (const part of value) yield [part, ' (a member)'];
  else if (Array.isArray(value)) for (const [index, part] of value.entries()) yield [part, `[${index}]`];
  else if (isRecord(value)) for (const [key, part] of Object.entries(value)) yield [part, `.${key}`];
}
