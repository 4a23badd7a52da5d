/**
 * Commits of a session on Redis: validated here against a copy, by the same functions as everywhere, and carried out by
 * a script that refuses when what they were validated against has changed; then it is done again with what is there.
 */
import { StateError } from '../../core/index.ts';
import { versionFor } from '../access.ts';
import { type Applied, applyCommit, type Conflict, conflictOf } from '../commit.ts';
import { computedFor } from '../functions.ts';
import { History, type OwnKey } from '../history.ts';
import { expectFences, noLocks } from '../locks.ts';
import { Order } from '../order.ts';
import { rewound } from '../readings.ts';
import { find, type SessionRecord } from '../record.ts';
import type { Attempt } from '../retry.ts';
import type { Commit } from '../session-data.ts';
import { freeze, sizeOf } from '../variable.ts';
import type { Copy } from './copies.ts';
import type { Depth, RedisHost, Reply } from './host.ts';
import { checkWritable } from './keys.ts';
import { answerJson, answerOf, entryOf, lockOf, type RawEntry, variableJson } from './rows.ts';
import { runSafely } from './safe.ts';
import { commitScript } from './scripts/commit.ts';

/** So often somebody else may declare or remove variables between validating and committing. */
const triesMax = 100;
const noTime = { wallMs: 0, monotonicMs: 0 };

/** Where the session was when a commit was sent first. */
export interface Since {
  readonly epoch: number;
  readonly revision: number;
}

interface Made extends Applied {
  /** Versions that computed variables were made of. */
  readonly reads: readonly (readonly [name: string, version: number])[];
}

/**
 * What an order makes of a copy, with what functions make of it: all but what depends on others, which is the script's
 * to say.
 */
function applied(host: RedisHost, record: SessionRecord, order: Order, expect: Order['expect']): Made | StateError {
  const bare = new Order({ ...order, expect, fences: [], key: undefined, since: undefined });
  const judged = { ...record, history: History.after(record.revision), locks: noLocks };
  try {
    const computed = computedFor(judged, bare, host.functionNamed, noTime);
    const made = applyCommit(judged, bare.with(computed), noTime, host.settings.limits);
    return made instanceof StateError ? made : { ...made, reads: computed?.reads ?? [] };
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
}

/** What he expects of variables that are not there for him: that they are absent holds as long as the shape does. */
function expectedOf(record: SessionRecord, { expect, writer }: Order): Order['expect'] {
  return expect.filter(
    ([name, version]) =>
      version !== null || find(record, name) === undefined || versionFor(find(record, name), writer) !== null,
  );
}

/** Whether he expects a version of what is not there for him. */
function expectsHidden(record: SessionRecord, { expect, writer }: Order): boolean {
  return expect.some(
    ([name, version]) =>
      version !== null && find(record, name) !== undefined && versionFor(find(record, name), writer) === null,
  );
}

export async function commit(
  host: RedisHost,
  id: string,
  order: Order,
  since: Since | undefined,
  attempt: Attempt,
): Promise<Commit> {
  let depth: 'known' | 'fresh' = 'known';
  for (let tries = 0; tries < triesMax; tries += 1) {
    const copy =
      depth === 'known' ? await host.known(id, attempt) : await host.fresh(id, 'head' satisfies Depth, attempt);
    const { reading } = copy;
    const { record } = reading;
    const made = applied(host, record, order, []);
    if (made instanceof StateError || expectsHidden(record, order)) {
      const settled = await judge(host, copy, order, since, attempt);
      if (settled === 'again') continue;
      return settled;
    }
    const places = placesFor(copy, order, made.commit);
    const args = argumentsOf(host, copy, order, since, made, places);
    const tip = args[5] as string;
    const reply = host.living(id, await runSafely(host, commitScript, copy.keys, args, attempt));
    switch (reply[0]) {
      case 'stale':
        depth = 'fresh';
        continue;
      case 'done': {
        const [revision, atMs, epoch] = reply.slice(1).map(Number) as [number, number, number];
        const done = stamped(made.commit, revision, epoch, atMs);
        host.copies.advance(copy, { commit: done, bytes: bytesOf(made), tip, places });
        return done;
      }
      case 'nothing': {
        const [revision, atMs, epoch] = reply.slice(1).map(Number) as [number, number, number];
        return stamped(made.commit, revision, epoch, atMs);
      }
      default:
        return await answered(host, copy, reply, attempt);
    }
  }
  throw new StateError('unavailable', `session '${id}': its variables change faster than it can be written`);
}

/** A refusal by a copy that may be old: it counts if the copy is what the server has, and no retry was done before. */
async function judge(
  host: RedisHost,
  { id, reading }: Copy,
  order: Order,
  since: Since | undefined,
  attempt: Attempt,
): Promise<Commit | 'again'> {
  const copy = await host.fresh(id, 'head', attempt);
  if (copy.reading !== reading) return 'again';
  const { record } = reading;
  if (typeof order.key === 'string' || since !== undefined) {
    // The key is looked for before anything else is.
    const plain = new Order({ ...order, expect: [], fences: [], set: [], declare: [], remove: [] });
    const nothing = applied(host, record, plain, []);
    if (nothing instanceof StateError) throw nothing;
    const args = argumentsOf(host, copy, plain, since, nothing, new Map());
    const reply = await host.run(commitScript, id, args, attempt);
    if (reply[0] === 'stale') return 'again';
    if (reply[0] !== 'nothing') return answered(host, copy, reply, attempt);
  }
  const refused = applied(host, record, order, order.expect);
  if (refused instanceof StateError) throw refused;
  return 'again';
}

/** What the script says when nothing was committed now. */
async function answered(host: RedisHost, copy: Copy, reply: Reply, attempt: Attempt): Promise<Commit> {
  const { id } = copy;
  const [kind, ...rest] = reply as readonly string[];
  switch (kind) {
    case 'known':
      return answerOf(id, rest[0] as string).commit;
    case 'logged': {
      const raw = reply.slice(1) as unknown as RawEntry;
      return entryOf(id, Number(raw[0].slice(0, raw[0].indexOf('-'))), raw).commit;
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

/** New variables stand behind all others, and so does one that was removed and declared in the same commit. */
function placesFor({ reading }: Copy, { remove }: Order, { written }: Commit): Map<string, number> {
  let { next } = reading;
  const places = new Map<string, number>();
  for (const { name } of written) {
    const known = remove.includes(name) ? undefined : reading.order.get(name);
    places.set(name, known ?? next);
    if (known === undefined) next += 1;
  }
  return places;
}

function argumentsOf(
  host: RedisHost,
  { reading }: Copy,
  order: Order,
  since: Since | undefined,
  made: Made,
  places: ReadonlyMap<string, number>,
): (string | number)[] {
  const { head, next, record } = reading;
  const { written, removed, before } = made.commit;
  const expect = expectedOf(record, order);
  const { limits } = host.settings;
  const tip = host.system.runtime.ids.next().slice(0, 16);
  const following = Math.max(next, ...[...places.values()].map((place) => place + 1));
  const reshaped = removed.length > 0 || written.some(({ name }) => places.get(name) !== reading.order.get(name));
  for (const [name] of order.declare) checkWritable(name, 'variable');
  return [
    head.life,
    head.epoch,
    head.revision,
    head.tip,
    'shape',
    tip,
    order.writer,
    keyText(order.key),
    since === undefined ? '' : since.revision,
    since === undefined ? '' : since.epoch,
    typeof order.key === 'string' ? answerJson(made.commit, order.outcome) : '',
    bytesOf(made),
    limits.historyMax,
    limits.historyBytesMax,
    limits.outcomesMax,
    limits.outcomeTtlMs,
    reshaped ? 1 : 0,
    following,
    removed.length === 0 ? '' : JSON.stringify(removed),
    before === undefined ? '' : JSON.stringify(before),
    made.reads.length,
    ...made.reads.flat(),
    expect.length,
    ...expect.flatMap(([name, version]) => [name, version ?? '']),
    order.fences.length,
    ...order.fences.flat(),
    removed.length,
    ...removed,
    written.length,
    ...written.flatMap((variable) => [variable.name, places.get(variable.name) as number, variableJson(variable)]),
  ];
}

const keyText = (key: string | OwnKey | undefined): string =>
  key === undefined ? '' : typeof key === 'string' ? `c${key}` : `o${key.client}.${key.number}`;

const bytesOf = ({ record }: Applied): number => record.history.newest()?.bytes ?? 0;

/** The commit as the script has carried it out. */
function stamped(applied: Commit, revision: number, epoch: number, committedAtMs: number): Commit {
  const written = applied.written.map((variable) => {
    const { name, type, constraints, description } = variable;
    return freeze({ name, type, value: variable.value, version: revision, constraints, description }, sizeOf(variable));
  });
  return Object.freeze({ ...applied, revision, epoch, committedAtMs, written: Object.freeze(written) });
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
