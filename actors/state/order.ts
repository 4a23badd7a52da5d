/**
 * A commit request in the form in which it is carried out: checked, its values in stored form, nothing of the
 * caller's left in it. Made where the request enters, so that the vault runs nobody's getters.
 */
import { StateError } from '../core/index.ts';
import type { Computed } from './computed.ts';
import { checkName, declarationOf, storedFor } from './declare.ts';
import type { OwnKey } from './history.ts';
import { invalid } from './invalid.ts';
import { inspection } from './secret.ts';
import type { AfterRevision, CommitRequest } from './session-data.ts';
import type { Stored } from './stored.ts';
import type { Declaration } from './types.ts';
import { show, valueBytesMax } from './value.ts';

interface Parts {
  readonly expect: readonly (readonly [name: string, version: number | null])[];
  readonly remove: readonly string[];
  readonly declare: readonly (readonly [name: string, declaration: Declaration])[];
  readonly set: readonly (readonly [name: string, stored: Stored])[];
  readonly fences: readonly (readonly [name: string, fence: number])[];
  readonly writer: string;
  /** The caller's, or one of the client's own. */
  readonly key: string | OwnKey | undefined;
  /** To be kept under the caller's key. */
  readonly outcome: Uint8Array | undefined;
  /**
   * Set when it may have been carried out already: a revision that the session had when it was sent first. Keys that
   * were forgotten since then make its outcome unknown.
   */
  readonly since: number | undefined;
  /** What functions made of it; added where they are known. */
  readonly computed: Computed | undefined;
}

/**
 * Shows of itself which variables it is about, and no value: whoever makes it, or sends it on, does not know which of
 * them are secret.
 */
export class Order implements Parts {
  readonly expect: Parts['expect'];
  readonly remove: Parts['remove'];
  readonly declare: Parts['declare'];
  readonly set: Parts['set'];
  readonly fences: Parts['fences'];
  readonly writer: string;
  readonly key: Parts['key'];
  readonly outcome: Parts['outcome'];
  readonly since: Parts['since'];
  readonly computed: Parts['computed'];

  constructor({ expect, remove, declare, set, fences, writer, key, outcome, since, computed }: Parts) {
    this.expect = expect;
    this.remove = remove;
    this.declare = declare;
    this.set = set;
    this.fences = fences;
    this.writer = writer;
    this.key = key;
    this.outcome = outcome;
    this.since = since;
    this.computed = computed;
  }

  /** The same, sent once more. */
  again(since: number): Order {
    return new Order({ ...this, since: this.since ?? since });
  }

  /** The same with what functions made of it. */
  with(computed: Computed | undefined): Order {
    return new Order({ ...this, computed });
  }

  toJSON(): object {
    const { remove, writer, key, since } = this;
    const [expect, declare, set, fences] = [this.expect, this.declare, this.set, this.fences].map(namesOf);
    return { expect, remove, declare, set, fences, writer, key, since };
  }

  [inspection](): object {
    return this.toJSON();
  }
}

const namesOf = (entries: readonly (readonly [name: string, value: unknown])[]): string[] =>
  entries.map(([name]) => name);

const none: readonly never[] = [];
const never = (): boolean => false;
/** The longest idempotency key or writer, in characters. */
const labelLengthMax = 500;

/**
 * Makes the order of a request, under its own idempotency key or this one. `secret` tells which variables are known to
 * be secret, so that no error says what they were to be. Throws StateError `invalid` or
 * `too_large`, which names the variable.
 */
export function orderOf(request: CommitRequest, own?: OwnKey, secret: (name: string) => boolean = never): Order {
  if (typeof request !== 'object' || request === null) throw invalid(`commit: ${show(request)} is no request`);
  const { expect, set, remove, declare, fences, writer = 'typescript', idempotencyKey: key, outcome, since } = request;
  return new Order({
    expect: expect === undefined ? none : entries(expect, 'expect', expected),
    remove: remove === undefined ? none : removals(remove),
    declare: declare === undefined ? none : entries(declare, 'declare', declared),
    set: set === undefined ? none : entries(set, 'set', (name, value) => storedFor(name, 'value', secret(name), value)),
    fences: fences === undefined ? none : entries(fences, 'fences', fenced),
    writer: label(writer, 'commit: writer'),
    key: key === undefined ? own : label(key, 'commit: idempotencyKey'),
    outcome: outcome === undefined ? undefined : kept(outcome, key),
    since: since === undefined ? undefined : sent(since, key),
    computed: undefined,
  });
}

function sent(since: AfterRevision, key: string | undefined): number {
  if (key === undefined)
    throw invalid('commit: what is sent again (since) is known by its idempotencyKey; give it one');
  const { revision, epoch } = since;
  if (Number.isSafeInteger(revision) && Number.isSafeInteger(epoch) && revision >= 0) return revision;
  throw invalid(`commit: since cannot be ${show(since)}`);
}

/** What it asks for, for whoever sends it on; under which key is for that one to say. */
export function requestOf(order: Order): CommitRequest {
  const { expect, remove, declare, set, fences, writer } = order;
  return {
    expect: Object.fromEntries(expect),
    remove,
    declare: Object.fromEntries(declare),
    set: Object.fromEntries(set.map(([name, { value }]) => [name, value])),
    fences: Object.fromEntries(fences),
    writer,
  };
}

function kept(outcome: unknown, key: string | undefined): Uint8Array {
  if (!(outcome instanceof Uint8Array)) throw invalid(`commit: outcome must be bytes, not ${show(outcome)}`);
  if (key === undefined) throw invalid('commit: an outcome is kept under an idempotencyKey; give it one');
  if (outcome.byteLength > valueBytesMax) {
    const message = `commit: an outcome may have ${valueBytesMax} bytes, not ${outcome.byteLength}`;
    throw new StateError('too_large', message, { details: { maxBytes: valueBytesMax } });
  }
  return Uint8Array.prototype.slice.call(outcome);
}

function entries<T>(
  given: Readonly<Record<string, unknown>>,
  part: string,
  read: (name: string, value: unknown) => T,
): (readonly [string, T])[] {
  if (typeof given !== 'object' || given === null) throw invalid(`commit: ${part} must be an object by name`);
  const list: [string, T][] = [];
  for (const name of Object.keys(given)) list.push([name, read(name, given[name])]);
  return list;
}

function expected(name: string, version: unknown): number | null {
  if (version === null || (Number.isSafeInteger(version) && (version as number) >= 0)) return version as number | null;
  throw invalid(`variable '${name}': ${show(version)} is no version; null expects that it is absent`, {
    variable: name,
  });
}

function fenced(name: string, fence: unknown): number {
  if (Number.isSafeInteger(fence)) return fence as number;
  throw invalid(`variable '${name}': ${show(fence)} is no number of a lock`, { variable: name });
}

function declared(name: string, declaration: unknown): Declaration {
  checkName(name);
  return declarationOf(name, declaration);
}

function removals(names: unknown): readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw invalid('commit: remove must be a list of names');
  }
  return [...new Set<string>(names)];
}

/** A name or key. Throws StateError `invalid`, which says what it is of. */
export function label(text: unknown, what: string): string {
  if (typeof text === 'string' && text !== '' && text.length <= labelLengthMax) return text;
  throw invalid(`${what} must be a string of 1 to ${labelLengthMax} characters, not ${show(text)}`);
}
