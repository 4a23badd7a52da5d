/**
 * What stands in Redis for a session, as the record that the pure functions work on, and back. Each variable is a field
 * `v:<name>` with `<version>:<place>:<JSON>`; places grow in the order of creation. An entry of the log has the id
 * `<epoch>-<revision>`, a field `commit` that says what it is, and the variables that it wrote in the same way.
 */

import { planOf } from '../computed-plan.ts';
import { type Entry, History } from '../history.ts';
import { noLocks } from '../locks.ts';
import { placesOf, type RecordLimits, type SessionRecord, valueBytesOf } from '../record.ts';
import type { Commit, HeldLock } from '../session-data.ts';
import type { Variable } from '../types.ts';
import { freeze, sizeOf } from '../variable.ts';
import { RedisError } from './errors.ts';
import { type Head, headAfter, headOf } from './head.ts';
import { fromJson, toJson } from './values.ts';

/** A record as it was read. */
export interface Reading {
  readonly record: SessionRecord;
  readonly head: Head;
  /** Where each variable stands in the order of creation. */
  readonly order: ReadonlyMap<string, number>;
}

export interface LogEntry {
  readonly commit: Commit;
  readonly bytes: number;
  /** Bytes of all commits up to this one. */
  readonly sum: number;
  readonly tip: string;
  /** A caller's idempotency key. */
  readonly key: string | undefined;
  readonly places: ReadonlyMap<string, number>;
}

type Before = NonNullable<Commit['before']>;

const beforeFrom = (list: Before): Before =>
  Object.freeze(list.map(({ name, readers }) => Object.freeze({ name, readers: readers && Object.freeze(readers) })));

export type RawEntry = readonly [id: string, fields: readonly string[]];

/** What the JSON of a variable ends with, by its constraints: they are the same at each version. */
const ends = new WeakMap<object, { readonly description: string; readonly text: string }>();

/** The JSON of a variable. */
export function variableJson({ type, value, constraints, description }: Variable): string {
  let end = ends.get(constraints);
  if (end === undefined || end.description !== description) {
    // What follows the first brace.
    end = { description, text: `,${JSON.stringify({ constraints: toJson(constraints), description }).slice(1)}` };
    ends.set(constraints, end);
  }
  return `{"type":"${type}","value":${JSON.stringify(toJson(value))}${end.text}`;
}

/** A variable as it stands in its field. */
export const variableText = (variable: Variable, place: number): string =>
  `${variable.version}:${place}:${variableJson(variable)}`;

function variableFrom(name: string, version: number, json: string): Variable {
  const { type, value, constraints, description } = JSON.parse(json) as Record<'type' | 'description', string> &
    Record<'value' | 'constraints', never>;
  return freeze({
    name,
    type,
    value: fromJson(value),
    version,
    constraints: fromJson(constraints),
    description,
  } as unknown as Variable);
}

/** `<number>:<rest>`. */
function split(text: string): readonly [number: number, rest: string] {
  const colon = text.indexOf(':');
  return [Number(text.slice(0, colon)), text.slice(colon + 1)];
}

export function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] as string, flat[i + 1] as string);
  return map;
}

/** Throws RedisError `redis_failed` for what cannot be right. */
function sound<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new RedisError('redis_failed', `session '${id}': cannot be read as this release wrote it: ${why}`, { cause });
  }
}

/** The record of HGETALL; without history. */
export function readingOf(id: string, flat: readonly string[]): Reading {
  return sound(id, () => {
    const fields = pairs(flat);
    const head = headOf(fields.get('head') ?? '');
    const { epoch, revision } = head;
    const found: (readonly [place: number, variable: Variable])[] = [];
    for (const [field, text] of fields) {
      if (!field.startsWith('v:')) continue;
      const [version, rest] = split(text);
      const [place, json] = split(rest);
      found.push([place, variableFrom(field.slice(2), version, json)]);
    }
    found.sort(([a], [b]) => a - b);
    const variables = found.map(([, variable]) => variable);
    return {
      record: {
        sessionId: id,
        epoch,
        revision,
        variables,
        places: placesOf(variables),
        plan: planOf(variables),
        valueBytes: valueBytesOf(variables),
        history: History.after(revision),
        locks: noLocks,
      },
      head,
      order: new Map(found.map(([place, { name }]) => [name, place])),
    };
  });
}

/** An entry of the log; `epoch` is the session's now, whose history it belongs to. */
export function entryOf(sessionId: string, epoch: number, [id, flat]: RawEntry): LogEntry {
  return sound(sessionId, () => {
    const fields = pairs(flat);
    const revision = Number(id.slice(id.indexOf('-') + 1));
    const places = new Map<string, number>();
    const written: Variable[] = [];
    const read = (name: string, text: string): void => {
      const [place, json] = split(split(text)[1]);
      places.set(name, place);
      written.push(variableFrom(name, revision, json));
    };
    for (const [field, text] of fields) if (field.startsWith('v:')) read(field.slice(2), text);
    const all = fields.get('all');
    if (all !== undefined) for (const [name, text] of JSON.parse(all) as [string, string][]) read(name, text);
    const removed = fields.get('removed');
    const before = fields.get('before');
    const { atMs, sum, bytes, tip, writer } = saidOf(fields.get('commit') ?? '');
    return {
      commit: Object.freeze({
        sessionId,
        epoch,
        revision,
        written: Object.freeze(written),
        removed: Object.freeze(removed === undefined ? [] : (JSON.parse(removed) as string[])),
        writer,
        committedAtMs: atMs,
        ...(before === undefined ? {} : { before: beforeFrom(JSON.parse(before) as Before) }),
      }),
      bytes,
      sum,
      tip,
      key: fields.get('key'),
      places,
    };
  });
}

/** What an entry says of itself, but for the time, which the server puts before it. */
export const saying = (sum: number, bytes: number, tip: string, writer: string): string =>
  `${sum} ${bytes} ${tip} ${JSON.stringify(writer)}`;

function saidOf(text: string) {
  const [, seconds, micros, sum, bytes, tip, writer] =
    /^(\S+) (\S+) (\d+) (\d+) (\S+) (.*)$/s.exec(text) ?? unreadable(`a commit of its log is ${JSON.stringify(text)}`);
  return {
    atMs: timeOf(seconds as string, micros as string),
    sum: Number(sum),
    bytes: Number(bytes),
    tip: tip as string,
    writer: JSON.parse(writer as string) as string,
  };
}

function unreadable(what: string): never {
  throw new RangeError(what);
}

/** Milliseconds of the server's time, which is told in seconds and microseconds; or as they came along in an import. */
export const timeOf = (seconds: string, micros: string): number =>
  micros === imported ? Number(seconds) : Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
/** Stands where microseconds would: before it are milliseconds. */
export const imported = 'ms';

/** The history of a session whose log this is. */
export function historyOfLog(
  { record }: Reading,
  log: readonly RawEntry[],
  limits: RecordLimits,
  keyOf: (entry: LogEntry) => Pick<Entry, 'key' | 'outcome'> = () => ({
    key: undefined,
    outcome: undefined,
  }),
): History {
  let history = History.after(record.revision - log.length);
  for (const raw of log) {
    const entry = entryOf(record.sessionId, record.epoch, raw);
    history = history.add({ commit: entry.commit, bytes: entry.bytes, ...keyOf(entry) }, 0, limits);
  }
  return history;
}

/** What a commit made of a reading: the next one. */
export function advanced(reading: Reading, entry: Omit<LogEntry, 'key'>, limits: RecordLimits): Reading {
  const { record } = reading;
  const { commit, bytes, places } = entry;
  const { revision } = commit;
  const history = record.history.add({ commit, bytes, key: undefined, outcome: undefined }, 0, limits);
  const known =
    commit.removed.length === 0 && commit.written.every(({ name }) => reading.order.get(name) === places.get(name));
  const { tip, sum } = entry;
  if (known) {
    let { valueBytes } = record;
    const variables = record.variables.slice();
    for (const variable of commit.written) {
      const place = record.places.get(variable.name) as number;
      valueBytes += sizeOf(variable) - sizeOf(variables[place] as Variable);
      variables[place] = variable;
    }
    return {
      head: headAfter(reading.head, revision, tip, sum),
      order: reading.order,
      record: { ...record, revision, variables, valueBytes, history },
    };
  }
  const order = new Map(reading.order);
  const byName = new Map(record.variables.map((variable) => [variable.name, variable]));
  for (const name of commit.removed) {
    byName.delete(name);
    order.delete(name);
  }
  for (const variable of commit.written) {
    byName.set(variable.name, variable);
    order.set(variable.name, places.get(variable.name) as number);
  }
  const variables = [...byName.values()].sort((a, b) => (order.get(a.name) as number) - (order.get(b.name) as number));
  const made: SessionRecord = {
    ...record,
    revision,
    variables,
    places: placesOf(variables),
    plan: planOf(variables),
    valueBytes: valueBytesOf(variables),
    history,
  };
  const next = Math.max(reading.head.next, ...[...places.values()].map((place) => place + 1));
  return { head: headAfter(reading.head, revision, tip, sum, revision, next), record: made, order };
}

/** A commit as it is kept under a caller's key; the script puts revision, time and epoch before it. */
export function answerJson(
  {
    writer,
    written,
    removed,
    before,
  }: Pick<Commit, 'writer' | 'written' | 'removed'> & { before?: Before | undefined },
  outcome: Uint8Array | undefined,
): string {
  const variables = written.map((variable) => [variable.name, variableJson(variable)]);
  return JSON.stringify({
    writer,
    written: variables,
    removed,
    ...(before === undefined ? {} : { before }),
    ...(outcome === undefined ? {} : { outcome: Buffer.from(outcome).toString('base64') }),
  });
}

export interface KnownAnswer {
  readonly commit: Commit;
  readonly outcome: Uint8Array | undefined;
}

export function answerOf(sessionId: string, text: string): KnownAnswer {
  return sound(sessionId, () => {
    const [revision, afterRevision] = split(text);
    const [committedAtMs, afterTime] = split(afterRevision);
    const [epoch, json] = split(afterTime);
    const { writer, written, removed, before, outcome } = JSON.parse(json) as {
      writer: string;
      written: [string, string][];
      removed: string[];
      before?: Before;
      outcome?: string;
    };
    const commit: Commit = Object.freeze({
      sessionId,
      epoch,
      revision,
      written: Object.freeze(written.map(([name, variable]) => variableFrom(name, revision, variable))),
      removed: Object.freeze(removed),
      writer,
      committedAtMs,
      ...(before === undefined ? {} : { before: beforeFrom(before) }),
    });
    return { commit, outcome: outcome === undefined ? undefined : new Uint8Array(Buffer.from(outcome, 'base64')) };
  });
}

/** A lock as it stands in its hash: `<fence>:<until>:<holder>`. */
export function lockOf(name: string, text: string): HeldLock {
  const [fence, rest] = split(text);
  const [untilMs, holder] = split(rest);
  return Object.freeze({ name, holder, fence, untilMs });
}

export const lockText = ({ fence, untilMs, holder }: HeldLock): string => `${fence}:${Math.round(untilMs)}:${holder}`;
