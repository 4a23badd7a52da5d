/**
 * The log of a session: its entries as commits, and what a commit makes of a reading. An entry has the id
 * `<epoch>-<revision>`, a field `commit` that says what it is, and the variables that it wrote as they stood then.
 */
import { planOf } from '../computed-plan.ts';
import { type Entry, History } from '../history.ts';
import { find, placesOf, type RecordLimits, type SessionRecord, valueBytesOf } from '../record.ts';
import type { Commit } from '../session-data.ts';
import type { Variable } from '../types.ts';
import { sizeOf } from '../variable.ts';
import { headAfter } from './head.ts';
import { type Before, beforeFrom, type Reading, sound, split, variableFrom } from './rows.ts';

export interface LogEntry {
  readonly commit: Commit;
  readonly bytes: number;
  /** Bytes of all commits up to this one. */
  readonly sum: number;
  readonly tip: string;
  /** A caller's idempotency key. */
  readonly key: string | undefined;
  /** Of each variable that it wrote, where it stands in the order of creation. */
  readonly places: readonly number[];
}

export type RawEntry = readonly [id: string, fields: readonly string[]];

/**
 * An entry of the log; `epoch` is the session's now, whose history it belongs to. `before` has the variables as they were
 * before it, if that is at hand.
 */
export function entryOf(sessionId: string, epoch: number, [id, flat]: RawEntry, before?: SessionRecord): LogEntry {
  return sound(sessionId, () => {
    const revision = Number(id.slice(id.indexOf('-') + 1));
    const places: number[] = [];
    const written: Variable[] = [];
    const read = (name: string, text: string): void => {
      const [place, json] = split(text.slice(text.indexOf(':') + 1));
      places.push(place);
      written.push(variableFrom(name, revision, json, before && find(before, name)));
    };
    let [said, key, removed, could] = ['', undefined, undefined, undefined] as [string, ...(string | undefined)[]];
    for (let i = 0; i < flat.length; i += 2) {
      const [field, text] = [flat[i] as string, flat[i + 1] as string];
      if (field.startsWith('v:')) read(field.slice(2), text);
      else if (field === 'commit') said = text;
      else if (field === 'key') key = text;
      else if (field === 'removed') removed = text;
      else if (field === 'before') could = text;
      else if (field === 'all') for (const [name, its] of JSON.parse(text) as [string, string][]) read(name, its);
    }
    const [seconds, micros, sum, bytes, tip] = said.split(' ', 5);
    if (tip === undefined) throw new RangeError(`a commit of its log is ${JSON.stringify(said)}`);
    const plain: Commit = {
      sessionId,
      epoch,
      revision,
      written: Object.freeze(written),
      removed: Object.freeze(removed === undefined ? [] : (JSON.parse(removed) as string[])),
      writer: JSON.parse(said.slice(said.indexOf(tip) + tip.length + 1)) as string,
      committedAtMs: timeOf(seconds as string, micros as string),
    };
    const commit = could === undefined ? plain : { ...plain, before: beforeFrom(JSON.parse(could) as Before) };
    return { commit: Object.freeze(commit), bytes: Number(bytes), sum: Number(sum), tip, key, places };
  });
}

/** What an entry says of itself, but for the time, which the server puts before it. */
export const saying = (sum: number, bytes: number, tip: string, writer: string): string =>
  `${sum} ${bytes} ${tip} ${JSON.stringify(writer)}`;

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
    commit.removed.length === 0 && commit.written.every(({ name }, i) => reading.order.get(name) === places[i]);
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
  commit.written.forEach((variable, i) => {
    byName.set(variable.name, variable);
    order.set(variable.name, places[i] as number);
  });
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
  const next = Math.max(reading.head.next, ...places.map((place) => place + 1));
  return { head: headAfter(reading.head, revision, tip, sum, revision, next), record: made, order };
}
