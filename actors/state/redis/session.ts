/** A session on Redis, as its users see it. Readings are of a copy that is at least as new as the server was when asked. */
import { StateError } from '../../core/index.ts';
import { exportOf } from '../export.ts';
import { underKey } from '../followed.ts';
import type { History, OwnKey } from '../history.ts';
import { expectFences, lockedBy, lockOrder, locksMax, noLocks } from '../locks.ts';
import { type Order, orderOf } from '../order.ts';
import { historyOf, snapshotAt } from '../past.ts';
import { matcher } from '../pattern.ts';
import type { StateSession } from '../provider.ts';
import { changesOf, rewound, snapshotOf, snapshotWhere } from '../readings.ts';
import { type RecordLimits, type SessionRecord, secretsOf } from '../record.ts';
import { type Attempt, backoff } from '../retry.ts';
import type {
  AfterRevision,
  Changes,
  Commit,
  CommitRequest,
  HeldLock,
  HistoryOptions,
  LockRequest,
  Remembered,
  SessionExport,
  SessionHistory,
  Snapshot,
  StateCallOptions,
  WatchEvent,
  WatchOptions,
} from '../session-data.ts';
import { checkSealMs } from '../vault-session.ts';
import { commit, type Place, placeOf, type Since } from './commit.ts';
import type { Copy } from './copies.ts';
import { historyOfLog, type RawEntry } from './entries.ts';
import { RedisError } from './errors.ts';
import type { Depth, RedisHost } from './host.ts';
import { answerOf, lockOf, pairs, readingOf } from './rows.ts';
import { afterScript, closeScript, loadScript, outcomeScript, sealScript } from './scripts/lives.ts';
import { acquireScript, locksScript, releaseScript } from './scripts/locks.ts';
import { enroll, leave } from './session-index.ts';
import { RedisWatch } from './watch.ts';

/** Of a session that this process has no copy of, any variable may be secret. */
const anySecret = (): boolean => true;

export class RedisSession implements StateSession {
  readonly kind = 'redis';
  readonly id: string;
  readonly ttlMs: number | undefined;
  readonly #host: RedisHost;
  /** What its user knows of the session: as far as he was told, in the epoch that he was told of. */
  #known: Place | undefined;

  constructor(host: RedisHost, id: string, ttlMs: number | undefined) {
    this.#host = host;
    this.id = id;
    this.ttlMs = ttlMs;
  }

  read(names?: readonly string[], options: StateCallOptions = {}): Promise<Snapshot> {
    return this.#look(options, 'head', (record) => snapshotOf(record, names));
  }

  async list(pattern: string, options: StateCallOptions = {}): Promise<Snapshot> {
    const matches = matcher(pattern);
    return this.#look(options, 'head', (record) => snapshotWhere(record, matches));
  }

  history(options: HistoryOptions & StateCallOptions = {}): Promise<SessionHistory> {
    return this.#look(options, 'log', (record) => historyOf(record, options));
  }

  at(revision: number, names?: readonly string[], options: StateCallOptions = {}): Promise<Snapshot> {
    return this.#look(options, 'log', (record) => snapshotAt(record, revision, names));
  }

  changes(after?: AfterRevision, options: StateCallOptions = {}): Promise<Changes> {
    return this.#persist(options, async (attempt) => {
      const { record } = (await this.#host.fresh(this.id, 'head', attempt)).reading;
      const lacking = after !== undefined && after.epoch === record.epoch && after.revision < record.revision;
      if (!lacking || record.history.reaches(after.revision)) return changesOf(record, after);
      return changesOf((await this.#host.fresh(this.id, 'log', attempt)).reading.record, after);
    });
  }

  commit(request: CommitRequest, options: StateCallOptions = {}): Promise<Commit> {
    try {
      const record = this.#host.copies.get(this.id)?.reading.record;
      // Before anything is waited for: what was handed in may change from now on.
      const order = orderOf(request, this.#host.keys.next(), record === undefined ? anySecret : secretsOf(record));
      let since: Since | undefined = request.since;
      return this.#persist(options, (attempt) => {
        const copy = this.#host.copies.get(this.id);
        const sent = since;
        // Where the session is before a commit is sent: what it may do happens after that.
        if (copy !== undefined) {
          since ??= copy.reading.head;
          return this.#send(copy, order, sent, attempt);
        }
        return this.#host.known(this.id, attempt).then((known) => {
          since ??= known.reading.head;
          return this.#send(known, order, sent, attempt);
        });
      });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  outcome(idempotencyKey: string, options: StateCallOptions = {}): Promise<Remembered | undefined> {
    const { outcomeTtlMs } = this.#host.settings.limits;
    return this.#persist(options, async (attempt) => {
      const [kind, known] = await this.#host.run(outcomeScript, this.id, [idempotencyKey, outcomeTtlMs], attempt);
      return kind === 'known' ? answerOf(this.id, known as string) : undefined;
    });
  }

  watch(options: WatchOptions = {}): AsyncIterableIterator<WatchEvent> {
    return new RedisWatch(this.#host, this.id, options).debounced();
  }

  export(options: StateCallOptions = {}): Promise<SessionExport> {
    return this.#persist(options, async (attempt) => {
      const reply = await this.#host.run(loadScript, this.id, ['all'], attempt);
      const [flat, log, answers, locks] = reply.slice(1) as [string[], RawEntry[], string[], string[]];
      return exportOf(recordOfAll(this.id, flat, log, answers, locks, this.#host.settings.limits));
    });
  }

  async acquire(request: LockRequest, options: StateCallOptions = {}): Promise<HeldLock> {
    const { name, holder, leaseMs, preempt, fence } = lockOrder(request);
    return this.#persist(options, async (attempt) => {
      const args = [name, holder, Math.ceil(leaseMs), preempt ? 1 : 0, fence ?? ''];
      const [kind, ...rest] = (await this.#host.run(acquireScript, this.id, args, attempt)) as readonly string[];
      switch (kind) {
        case 'held':
          return Object.freeze({ name, holder, fence: Number(rest[0]), untilMs: Number(rest[1]) });
        case 'locked':
          throw refusedLock(name, fence, rest[2] as string);
        case 'unknown':
          throw new StateError('not_found', `session '${this.id}': has no variable '${name}'`, {
            details: { variable: name },
          });
        case 'quota':
          throw new StateError('quota', `lock of '${name}': a session may have ${locksMax} locks`, {
            details: { max: locksMax },
          });
        default:
          throw this.#sealed();
      }
    });
  }

  async release(name: string, fence: number, options: StateCallOptions = {}): Promise<boolean> {
    return this.#persist(options, async (attempt) => {
      const [kind] = await this.#host.run(releaseScript, this.id, [name, fence], attempt);
      if (kind === 'sealed') throw this.#sealed();
      // An attempt before, whose answer was lost, may have done it.
      return kind === 'released' || attempt.number > 0;
    });
  }

  locks(options: StateCallOptions = {}): Promise<readonly HeldLock[]> {
    return this.#persist(options, async (attempt) => {
      const [, flat, now] = await this.#host.run(locksScript, this.id, [], attempt);
      const all = [...pairs(flat as string[])].map(([name, text]) => lockOf(name, text));
      return all.filter(({ untilMs }) => untilMs > Number(now));
    });
  }

  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return backoff(this.#host.system, attempt, options);
  }

  async seal(ms: number, options: StateCallOptions = {}): Promise<void> {
    const sealMs = Math.ceil(checkSealMs(this.id, ms));
    await this.#persist(options, (attempt) => this.#host.run(sealScript, this.id, [sealMs], attempt));
  }

  async unseal(options: StateCallOptions = {}): Promise<void> {
    await this.#persist(options, (attempt) => this.#host.run(sealScript, this.id, [0], attempt));
  }

  async close(options: StateCallOptions = {}): Promise<void> {
    await this.#persist(options, async (attempt) => {
      // Should this process end in between, a sweep finds it.
      const enrolled = await enroll(this.#host, this.id, undefined, attempt);
      await this.#host.run(closeScript, this.id, [], attempt);
      this.#host.copies.end(this.id, 'closed');
      await leave(this.#host, this.id, enrolled, attempt);
    });
  }

  #send(copy: Copy, order: Order, sent: Since | undefined, attempt: Attempt): Promise<Commit> {
    const check = (on: Copy): Promise<void> | undefined => this.#checkLineage(on, attempt);
    return commit(this.#host, copy, order, sent, attempt, check).then(
      (told) => {
        this.#told(told.place);
        return told.commit;
      },
      (error: unknown) => {
        // Now he knows.
        if (error instanceof StateError && error.code === 'rewound') this.#known = undefined;
        // An attempt before may have done it.
        throw sent === undefined ? error : underKey(notKnown(this.id, error), order);
      },
    );
  }

  /**
   * Its user has been told how the session is. What does not descend from what he knew, for all that is proven, he is
   * told of by name, before he writes into it.
   */
  #told(place: Place): void {
    const known = this.#known;
    if (known === undefined || known.head.life !== place.head.life || isBehind(known, place)) this.#known = place;
  }

  /** Rejects with `rewound` when the server has lost what this session's user knows, also when others found that out. */
  #checkLineage(copy: Copy, attempt: Attempt): Promise<void> | undefined {
    const known = this.#known;
    const place = placeOf(copy);
    // The copy came to it, or from it: then the server is asked for the copy alone.
    if (known === undefined || known.head.life !== place.head.life || isBehind(known, place)) return undefined;
    return this.#proveLineage(known, place, attempt);
  }

  async #proveLineage(known: Place, place: Place, attempt: Attempt): Promise<void> {
    const { record } = place.copy.reading;
    const [kind, epoch, revision] = await this.#host.run(afterScript, this.id, [known.head.text, 1], attempt);
    if (kind === 'rewound') throw rewound({ ...record, epoch: Number(epoch), revision: Number(revision) }, known.head);
    if (place.head.revision >= known.head.revision) this.#known = place;
  }

  /** Reading is an access: it extends the time to live. */
  #look<T>(options: StateCallOptions, depth: Depth, read: (record: SessionRecord) => T): Promise<T> {
    return this.#persist(options, async (attempt) => {
      const copy = await this.#host.fresh(this.id, depth, attempt);
      const { record } = copy.reading;
      this.#told(placeOf(copy));
      return read(record);
    });
  }

  #persist<T>(options: StateCallOptions, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    return this.#host.persist(`session '${this.id}'`, options, work);
  }

  #sealed(): StateError {
    return new StateError('unavailable', `session '${this.id}': takes no locks while it is moved`);
  }
}

/** A server that takes no more now says nothing of what it took before: only what is there does, once it can be asked. */
function notKnown(id: string, error: unknown): unknown {
  if (!(error instanceof RedisError) || error.code === 'redis_not_safe') return error;
  const message = `session '${id}': whether a commit was carried out is not known: ${error.message}`;
  return new StateError('unavailable', message, { cause: error, details: { reason: error.code } });
}

/** Whether the second is what has become of the first, as one copy has followed it. */
const isBehind = (known: Place, now: Place): boolean =>
  known.copy === now.copy && known.head.epoch === now.head.epoch && known.head.revision <= now.head.revision;

function refusedLock(name: string, fence: number | undefined, held: string): unknown {
  const lock = held === '' ? undefined : lockOf(name, held);
  if (fence === undefined && lock !== undefined) return lockedBy(lock);
  try {
    const locks = new Map(lock === undefined ? [] : [[name, lock]]);
    expectFences({ held: locks, fence: 0 }, [[name, fence ?? 0]], Number.NEGATIVE_INFINITY);
  } catch (error) {
    return error;
  }
  return new StateError('unavailable', `variable '${name}': its lock changes hands`);
}

/** The record with all that an export has. */
function recordOfAll(
  id: string,
  flat: readonly string[],
  log: readonly RawEntry[],
  answers: readonly string[],
  locks: readonly string[],
  { historyMax, historyBytesMax }: RecordLimits,
): SessionRecord {
  // The server says what is remembered of answers; of commits it may keep some more.
  const all = Number.POSITIVE_INFINITY;
  const limits = { historyMax, historyBytesMax, outcomesMax: all, outcomeTtlMs: all, variablesMax: all };
  const reading = readingOf(id, flat);
  const known = pairs(answers);
  const history: History = historyOfLog(reading, log, limits, ({ key, tip }) => {
    if (key === undefined) return { key: ownKey(tip), outcome: undefined };
    const answer = known.get(key);
    return { key, outcome: answer === undefined ? undefined : answerOf(id, answer).outcome };
  });
  const fence = Number(pairs(flat).get('fence') ?? 0);
  const held = new Map([...pairs(locks)].map(([name, text]) => [name, lockOf(name, text)]));
  return { ...reading.record, history, locks: fence === 0 && held.size === 0 ? noLocks : { held, fence } };
}

/** The key that a client made for itself stands in the mark of the commit, if it was one. */
function ownKey(tip: string): OwnKey | undefined {
  const [client, number] = tip.split('.');
  return number === undefined ? undefined : { client: client as string, number: Number(number) };
}
