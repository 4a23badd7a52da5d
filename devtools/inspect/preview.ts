/**
 * Makes previews of values: cut off at a depth and a size, secrets masked, no getter called, no user code run but the
 * redactor. Never throws.
 */
import { inspect } from 'node:util';
import { ActorRef, type Clock, isActorError, nodeRuntime, Pid } from '../../actors/core/index.ts';
import type { Preview, PreviewNode } from '../protocol/index.ts';
import { looksSecret, masked, type Redact, Redactor } from './redact.ts';

export interface PreviewLimits {
  /** How deep. Default 4. */
  readonly depth?: number;
  /** How many characters in all, about. Default 4,096. */
  readonly characters?: number;
}

/** The longest text that one value shows. */
const longestText = 512;
/** The most entries that one object shows. */
const mostEntries = 100;

export interface PreviewsOptions {
  readonly redact?: Redact | undefined;
  /** Told once why the redactor is not called any more: everything that it would see is masked from then on. */
  readonly onRedactError?: (error: unknown) => void;
  /** Default: the real one. */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
}

export class Previews {
  readonly #redactor: Redactor;

  constructor({ redact, onRedactError = () => {}, clock = nodeRuntime().clock }: PreviewsOptions = {}) {
    this.#redactor = new Redactor(redact, clock, onRedactError);
  }

  of(value: unknown, { depth = 4, characters = 4_096 }: PreviewLimits = {}): Preview {
    this.#redactor.begin();
    return this.#shown('', value, depth, { left: characters }, []);
  }

  /** The value at a path of keys, shown anew; `cut` where there is none. */
  at(value: unknown, keys: readonly string[], limits: PreviewLimits = {}): Preview {
    const { depth = 6, characters = 65_536 } = limits;
    this.#redactor.begin();
    let found = value;
    let key = '';
    try {
      for (const next of keys) {
        // What is above it may be shown as something else, or not at all.
        found = this.#redactor.of(key, found);
        if (found === masked) return { $: 'masked' };
        if (typeof found !== 'object' || found === null) return { $: 'undefined' };
        found = entryOf(found, next);
        if (looksSecret(next, found)) return { $: 'masked' };
        key = next;
      }
    } catch {
      return unshown;
    }
    return this.#shown(key, found, depth, { left: characters }, []);
  }

  #shown(key: string, given: unknown, depth: number, budget: { left: number }, above: readonly object[]): Preview {
    const value = this.#redactor.of(key, given);
    if (value === masked || (key !== '' && looksSecret(key, value) && value !== undefined && value !== null)) {
      return { $: 'masked' };
    }
    budget.left -= 8;
    try {
      return this.#plain(value, depth, budget, above);
    } catch {
      return unshown;
    }
  }

  #plain(value: unknown, depth: number, budget: { left: number }, above: readonly object[]): Preview {
    switch (typeof value) {
      case 'string':
        return cutText(value, budget);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', text: inspect(value) };
      case 'boolean':
        return value;
      case 'undefined':
        return { $: 'undefined' };
      case 'bigint':
        return { $: 'bigint', text: String(value).slice(0, longestText) };
      case 'symbol':
        return { $: 'symbol', text: String(value) };
      case 'function':
        return { $: 'function', name: value.name };
      default:
        return value === null ? null : this.#object(value as object, depth, budget, above);
    }
  }

  #object(value: object, depth: number, budget: { left: number }, above: readonly object[]): Preview {
    if (value instanceof Pid) return { $: 'pid', text: String(value) };
    if (value instanceof ActorRef) return { $: 'ref', text: value.path };
    if (value instanceof Date)
      return { $: 'date', text: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
    if (ArrayBuffer.isView(value)) return { $: 'bytes', name: value.constructor.name, size: value.byteLength };
    if (value instanceof ArrayBuffer) return { $: 'bytes', name: 'ArrayBuffer', size: value.byteLength };
    if (above.includes(value)) return { $: 'circular' };
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function' && isConcealing(value)) {
      return this.#shown('', (value as { toJSON(): unknown }).toJSON(), depth, budget, above);
    }
    const kind = kindOf(value);
    const size = sizeOf(kind, value);
    const name = nameOf(value);
    const node: PreviewNode = {
      $: kind,
      ...(name === undefined ? {} : { name }),
      size,
      ...(value instanceof Error ? { text: value.message.slice(0, longestText) } : {}),
    };
    if (depth <= 0 || budget.left <= 0)
      return size === 0 && kind !== 'error' ? node : { ...node, $: kind === 'error' ? 'error' : 'cut' };
    const entries: [string, Preview][] = [];
    for (const [key, entry] of entriesOf(kind, value)) {
      if (entries.length >= mostEntries || budget.left <= 0) break;
      budget.left -= key.length;
      entries.push([
        key,
        entry === getter
          ? { $: 'getter' }
          : this.#shown(kind === 'array' ? '' : key, entry, depth - 1, budget, [...above, value]),
      ]);
    }
    const stack =
      value instanceof Error && typeof value.stack === 'string' ? { stack: value.stack.slice(0, 4_096) } : {};
    return { ...node, entries, ...stack };
  }
}

/** Of a proxy, or an object that says what it is by code of its own, which threw. */
const unshown: Preview = { $: 'object', name: 'cannot be looked at' };
const getter = Symbol('getter');

function cutText(text: string, budget: { left: number }): Preview {
  const room = Math.max(16, Math.min(longestText, budget.left));
  budget.left -= Math.min(text.length, room);
  return text.length <= room ? text : { $: 'string', text: text.slice(0, room), size: text.length };
}

type Kind = 'object' | 'array' | 'map' | 'set' | 'error';

function kindOf(value: object): Kind {
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'map';
  if (value instanceof Set) return 'set';
  return value instanceof Error ? 'error' : 'object';
}

function nameOf(value: object): string | undefined {
  if (value instanceof Error) return isActorError(value) ? `${value.name} ${value.code}` : value.name;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype || Array.isArray(value)) return undefined;
  const made: unknown = (prototype as { readonly constructor?: unknown }).constructor;
  return typeof made === 'function' ? made.name : undefined;
}

function sizeOf(kind: Kind, value: object): number {
  if (kind === 'array') return (value as readonly unknown[]).length;
  if (kind === 'map' || kind === 'set') return (value as ReadonlySet<unknown>).size;
  return Object.keys(value).length;
}

function* entriesOf(kind: Kind, value: object): Generator<readonly [string, unknown]> {
  if (kind === 'map') {
    for (const [key, entry] of value as ReadonlyMap<unknown, unknown>) yield [keyText(key), entry];
    return;
  }
  if (kind === 'set') {
    let index = 0;
    for (const entry of value as ReadonlySet<unknown>) {
      yield [String(index), entry];
      index += 1;
    }
    return;
  }
  for (const key of Object.keys(value)) yield [key, own(value, key)];
  if (kind === 'error' && (value as Error).cause !== undefined && !Object.keys(value).includes('cause')) {
    yield ['cause', (value as Error).cause];
  }
}

/** An own property as data: a getter is not called. */
function own(value: object, key: string): unknown {
  const property = Object.getOwnPropertyDescriptor(value, key);
  return property !== undefined && property.get !== undefined ? getter : property?.value;
}

function entryOf(value: object, key: string): unknown {
  for (const [name, entry] of entriesOf(kindOf(value), value))
    if (name === key) return entry === getter ? undefined : entry;
  return undefined;
}

const keyText = (key: unknown): string =>
  typeof key === 'object' && key !== null ? (nameOf(key) ?? 'object') : String(key);

/** Our own values that leave a secret out of what they show. */
function isConcealing(value: object): boolean {
  const property = Object.getOwnPropertyDescriptor(value, 'toJSON');
  return property !== undefined && !property.enumerable;
}
