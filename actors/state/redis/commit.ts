/**
 * Commits of a session on Redis: validated here against a copy, by the same functions as everywhere, and carried out by
 * a script that refuses when what they were validated against has changed; then it is done again with what is there.
 */
import { StateError } from '../../core/index.ts';
import { type Change, changeOf } from '../change.ts';
import { type Conflict, conflictOf, expectAll } from '../commit.ts';
import { completed } from '../computed.ts';
import { computedFor, mayCompute } from '../functions.ts';
import { History } from '../history.ts';
import { expectFences, noLocks } from '../locks.ts';
import { Order } from '../order.ts';
import { rewound } from '../readings.ts';
import type { SessionRecord } from '../record.ts';
import type { Attempt } from '../retry.ts';
import type { Commit } from '../session-data.ts';
import { freeze, sizeOf } from '../variable.ts';
import { stale } from './anew.ts';
import { expectsHidden, type Made, sendingOf } from './commit-arguments.ts';
import type { Copy } from './copies.ts';
import { entryOf, type RawEntry, timeOf } from './entries.ts';
import { type Head, headOf, headWith } from './head.ts';
import type { RedisHost, Reply } from './host.ts';
import { answerOf, lockOf } from './rows.ts';
import { commitSafely, isForeseen } from './safe.ts';
import { commitScript } from './scripts/commit.ts';

/** So often somebody else may declare or remove variables between validating and committing. */
const triesMax = 100;
const noTime = { wallMs: 0, monotonicMs: 0 };

/** Where the session was when a commit was sent first. */
export interface Since {
  readonly epoch: number;
  readonly revision: number;
}

/** Where somebody knows a session to be. `copy` descends from it, as far as that has come to it. */
export interface Place {
  readonly head: Head;
  readonly copy: Copy;
}

/** Where a copy is. */
export const placeOf = (copy: Copy): Place => ({ head: copy.reading.head, copy });

/** A commit, and where its writer knows the session to be from then on. */
export interface Told {
  readonly commit: Commit;
  readonly place: Place;
}

/** One commit of one session, with what all its tries have in common. */
interface Task {
  readonly host: RedisHost;
  readonly order: Order;
  /** Of a retry, after an attempt that may have done it. */
  readonly since: Since | undefined;
  readonly attempt: Attempt;
  /** Told on which copy it is done, each time before it is sent; rejects when it may not be. */
  readonly check: (copy: Copy) => Promise<void> | undefined;
  tries: number;
}

export function commit(
  host: RedisHost,
  copy: Copy,
  order: Order,
  since: Since | undefined,
  attempt: Attempt,
  check: Task['check'],
): Promise<Told> {
  const task: Task = { host, order, since, attempt, check, tries: 0 };
  // Behind those that wait already.
  if (!copy.anew.isIdle) return anew(task, copy);
  return tryOn(task, copy).then((done) => (done === stale ? anew(task, copy) : done));
}

function anew(task: Task, copy: Copy): Promise<Told> {
  const { host, attempt } = task;
  const fresh = (): Promise<Copy> => host.fresh(copy.id, 'head', { number: 0, timeoutMs: attempt.timeoutMs });
  return copy.anew.add(
    fresh,
    (now) => tryOn(task, now),
    (waiting) => host.link.within(attempt, waiting),
  );
}

/**
 * What an order makes of a copy, with what functions make of it: all but what depends on others, which is the script's
 * to say.
 */
function applied({ functionNamed, settings }: RedisHost, record: SessionRecord, order: Order): Made | StateError {
  const { variablesMax } = settings.limits;
  try {
    if (!mayCompute(record, order))
      return { change: completed(record, changeOf(record, order, variablesMax), order), reads: [] };
    const bare = new Order({ ...order, expect: [], fences: [], key: undefined, since: undefined });
    const judged = { ...record, history: History.after(record.revision), locks: noLocks };
    const computed = computedFor(judged, bare, functionNamed, noTime);
    const full = bare.with(computed);
    return { change: completed(judged, changeOf(judged, full, variablesMax), full), reads: computed?.reads ?? [] };
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
}

/** `stale`: it is to be tried on what is there now. */
function tryOn(task: Task, copy: Copy): Promise<Told | typeof stale> {
  task.tries += 1;
  if (task.tries > triesMax)
    throw new StateError('unavailable', `session '${copy.id}': its variables change faster than it can be written`);
  const { reading } = copy;
  const checking = task.check(copy);
  if (checking === undefined) return send(task, copy);
  return checking.then(() => (copy.reading === reading ? send(task, copy) : tryOn(task, copy)));
}

function send(task: Task, copy: Copy): Promise<Told | typeof stale> {
  const { host, order, since, attempt } = task;
  const { reading } = copy;
  const made = applied(host, reading.record, order);
  if (made instanceof StateError || expectsHidden(reading.record, order)) return refused(task, copy);
  const { keys, args, places, after, reshaped } = sendingOf(
    host,
    copy,
    order,
    since,
    made,
    task.tries > 1 || since !== undefined,
  );
  const { change } = made;
  const { record } = reading;
  const { replicas, fsync } = host.settings.durability;
  const sending =
    replicas === 0 && !fsync
      ? (host.link.run(commitScript, keys, args, attempt) as Promise<Reply>)
      : commitSafely(host, keys, args, attempt);
  return sending.then((reply) => {
    if (isForeseen(reply)) {
      const [seconds, micros] = reply as readonly string[];
      const done = commitOf(order, record, change, after, timeOf(seconds as string, micros as string));
      const { bytes, variables, valueBytes } = change;
      const { tip, sum, revision } = after;
      if (!reshaped && copy.reading.head === reading.head) {
        const history = record.history.add(
          { commit: done, bytes, key: undefined, outcome: undefined },
          0,
          host.settings.limits,
        );
        const made = { ...record, revision, variables, valueBytes, history };
        host.copies.set(copy, { head: after, order: reading.order, record: made });
      } else host.copies.advance(copy, { commit: done, bytes, sum, tip, places });
      return { commit: done, place: { head: after, copy } };
    }
    const [kind, seconds, micros, text] = host.living(copy.id, reply) as readonly string[];
    switch (kind) {
      case 'stale':
      case 'keys':
        return stale;
      case 'done':
      case 'nothing': {
        const now = headOf(text as string);
        const done = commitOf(order, record, change, now, timeOf(seconds as string, micros as string));
        const told = { commit: done, place: { head: now, copy } };
        if (kind === 'nothing') return told;
        const { bytes } = change;
        const { tip } = after;
        host.copies.advance(copy, { commit: done, bytes, sum: now.sum, tip, places });
        host.copies.place(copy, now.text);
        return told;
      }
      default:
        return answered(host, copy, reply, attempt);
    }
  });
}

/** A refusal by a copy that may be old: it counts if the copy is what the server has, and no retry was done before. */
async function refused(task: Task, { id, reading }: Copy): Promise<Told | typeof stale> {
  const { host, order, since, attempt } = task;
  const copy = await host.fresh(id, 'head', attempt);
  if (copy.reading !== reading) return tryOn(task, copy);
  const { record } = reading;
  if (typeof order.key === 'string' || since !== undefined) {
    // The key is looked for before anything else is.
    const plain = new Order({ ...order, expect: [], fences: [], set: [], declare: [], remove: [] });
    const nothing = applied(host, record, plain);
    if (nothing instanceof StateError) throw nothing;
    const { keys, args } = sendingOf(host, copy, plain, since, nothing, true);
    const reply = host.living(id, await host.link.run(commitScript, keys, args, attempt));
    if (reply[0] === 'stale' || reply[0] === 'keys') return stale;
    if (reply[0] !== 'nothing') return answered(host, copy, reply, attempt);
  }
  expectAll(record, order);
  const why = applied(host, record, order);
  if (why instanceof StateError) throw why;
  return stale;
}

/** What the script says when nothing was committed now. */
async function answered(host: RedisHost, copy: Copy, reply: Reply, attempt: Attempt): Promise<Told> {
  const { id } = copy;
  const [kind, ...rest] = reply as readonly string[];
  switch (kind) {
    case 'known':
      return seenBy(host, copy, answerOf(id, rest[0] as string).commit, attempt);
    case 'logged': {
      const raw = reply.slice(1) as unknown as RawEntry;
      return seenBy(host, copy, entryOf(id, Number(raw[0].slice(0, raw[0].indexOf('-'))), raw).commit, attempt);
    }
    case 'compacted':
      throw new StateError('compacted', `session '${id}': what became of a commit is not known any more`, {
        details: { sessionId: id },
      });
    case 'sealed':
      throw new StateError('unavailable', `session '${id}': takes no commits while it is moved`);
    case 'rewound': {
      const known = copy.reading.head;
      // So that what is done next is done on what is there.
      const now = await host.load(id, copy.whole ? 'log' : 'head', attempt);
      throw rewound(now.reading.record, known);
    }
    case 'locked':
      throw lostLock(rest[0] as string, Number(rest[1]), rest[2] as string);
    case 'conflict':
      throw conflict(id, rest);
    default:
      throw new TypeError(`the commit script answered ${String(kind)}`);
  }
}

/** What is told of a commit that was there already: where the server is, whose mark proves it. */
async function seenBy(host: RedisHost, copy: Copy, done: Commit, attempt: Attempt): Promise<Told> {
  const { epoch, revision } = done;
  const has = ({ head }: Place): boolean => head.epoch === epoch && head.revision >= revision;
  let place = placeOf(copy);
  if (!has(place)) place = placeOf(await host.fresh(copy.id, 'head', attempt));
  // Lost meanwhile: no mark is right.
  const lost = (): Place => ({ ...place, head: headWith({ ...place.head, epoch, revision, tip: '-' }) });
  return { commit: done, place: has(place) ? place : lost() };
}

/** The commit as the script has carried it out. */
function commitOf(
  { writer }: Order,
  { sessionId, revision: before }: SessionRecord,
  { written, removed, before: told }: Change,
  { epoch, revision }: Since,
  committedAtMs: number,
): Commit {
  // They were made for the revision behind the copy's.
  const list =
    revision === before + 1
      ? written
      : written.map((variable) => {
          const { name, type, constraints, description } = variable;
          const { value } = variable;
          return freeze({ name, type, value, version: revision, constraints, description }, sizeOf(variable));
        });
  const commit: Commit = {
    sessionId,
    epoch,
    revision,
    written: Object.freeze(list),
    removed: Object.freeze(removed),
    writer,
    committedAtMs,
  };
  return Object.freeze(told === undefined ? commit : { ...commit, before: told });
}

/** The lock is not held under this number: by somebody else, or by nobody. */
function lostLock(name: string, fence: number, held: string): unknown {
  const locks = new Map(held === '' ? [] : [[name, lockOf(name, held)]]);
  try {
    expectFences({ held: locks, fence }, [[name, fence]], Number.NEGATIVE_INFINITY);
  } catch (error) {
    return error;
  }
  return new StateError('unavailable', `variable '${name}': its lock changes hands`);
}

function conflict(id: string, [revision, ...rest]: readonly string[]): StateError {
  const version = (text: string | undefined): number | null =>
    text === '' || text === undefined ? null : Number(text);
  const conflicts: Conflict[] = [];
  for (let i = 0; i < rest.length; i += 3)
    conflicts.push({ name: rest[i] as string, expected: version(rest[i + 1]), actual: version(rest[i + 2]) });
  return conflictOf({ sessionId: id, revision: Number(revision) }, conflicts);
}
