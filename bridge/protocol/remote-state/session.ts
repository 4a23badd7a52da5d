/** A session of another host. Each operation is one request; it goes on over every cut until its time is up. */

import { ProtocolError } from '../../../actors/core/index.ts';
import {
  type AfterRevision,
  type Attempt,
  backoff,
  type Changes,
  type Commit,
  type CommitRequest,
  checkRevision,
  checkSealMs,
  type HeldLock,
  type HistoryOptions,
  historyLimit,
  type LockRequest,
  lockOrder,
  matcher,
  orderOf,
  type Remembered,
  requestOf,
  type SessionExport,
  type SessionHistory,
  type Snapshot,
  type StateCallOptions,
  type StateSession,
  underKey,
  type WatchIterator,
  type WatchOptions,
} from '../../../actors/state/index.ts';
import type { Names, OperateRequest, ReadOperation, SessionPlace } from '../gen/state_pb.js';
import { encodePlan } from '../state-messages.ts';
import { decodeContent } from './content.ts';
import type { RemoteHost } from './host.ts';
import { decodeCommit, decodeHistory, decodeLock, decodeSessionChanges, decodeSnapshot, placeAt } from './readings.ts';
import { RemoteWatch } from './watch.ts';

type Operation = OperateRequest['operation'];

/** Which variables are secret is known there: none is shown here. */
const anySecret = (): boolean => true;

export interface RemoteSessionPlace {
  readonly id: string;
  readonly ttlMs: number | undefined;
  /** Who reads and writes. */
  readonly as: string | undefined;
  /** Where it was when it was found. */
  readonly place: SessionPlace | undefined;
}

export class RemoteSession implements StateSession {
  readonly kind = 'bridged';
  readonly id: string;
  readonly ttlMs: number | undefined;
  readonly #host: RemoteHost;
  readonly #as: string | undefined;
  /** As far as it is known to have come. */
  #place: SessionPlace | undefined;

  constructor(host: RemoteHost, { id, ttlMs, as, place }: RemoteSessionPlace) {
    this.#host = host;
    this.id = id;
    this.ttlMs = ttlMs;
    this.#as = as;
    this.#place = place;
  }

  read(names?: readonly string[], options: StateCallOptions = {}): Promise<Snapshot> {
    return this.#read(names === undefined ? {} : { names: namesOf(names) }, options);
  }

  async list(pattern: string, options: StateCallOptions = {}): Promise<Snapshot> {
    matcher(pattern);
    return this.#read({ match: pattern }, options);
  }

  async at(revision: number, names?: readonly string[], options: StateCallOptions = {}): Promise<Snapshot> {
    checkRevision(revision);
    const some = names === undefined ? {} : { names: namesOf(names) };
    return this.#read({ atRevision: revision, ...some }, options);
  }

  async #read(which: Omit<ReadOperation, '$typeName'>, options: StateCallOptions): Promise<Snapshot> {
    const operation = { case: 'read' as const, value: { $typeName: 'ophion.v1.ReadOperation' as const, ...which } };
    const snapshot = decodeSnapshot(
      await this.#persist(options, (attempt) => this.#host.ask('snapshot', this.#request(operation), attempt)),
    );
    if (which.atRevision === undefined) this.#told(snapshot);
    return snapshot;
  }

  async history(options: HistoryOptions & StateCallOptions = {}): Promise<SessionHistory> {
    const { names, since, upTo, limit } = options;
    historyLimit(limit);
    for (const revision of [since, upTo]) if (revision !== undefined) checkRevision(revision);
    const value = {
      $typeName: 'ophion.v1.HistoryOperation' as const,
      ...(names === undefined ? {} : { names: namesOf(names) }),
      ...(since === undefined ? {} : { since }),
      ...(upTo === undefined ? {} : { upTo }),
      ...(limit === undefined ? {} : { limit }),
    };
    const request = this.#request({ case: 'history', value });
    return decodeHistory(await this.#persist(options, (attempt) => this.#host.ask('history', request, attempt)));
  }

  commit(request: CommitRequest, options: StateCallOptions = {}): Promise<Commit> {
    try {
      // Checked, and nothing of the caller's left in it, before anything is waited for.
      const order = orderOf(request, undefined, anySecret);
      const idempotencyKey = request.idempotencyKey ?? this.#host.nextKey();
      const plan = { ...encodePlan(requestOf(order)), idempotencyKey };
      const { outcome, writer } = order;
      const kept = outcome === undefined ? {} : { outcome };
      const what = { $typeName: 'ophion.v1.CommitOperation' as const, plan, writer, ...kept };
      const before = request.since === undefined ? undefined : placeAt(request.since);
      // What it may do happens after this.
      const place = before ?? this.#place;
      return this.#persist(options, async (attempt) => {
        const again = before !== undefined || attempt.number > 0;
        const value = again && place !== undefined ? { ...what, since: place } : what;
        try {
          const commit = await this.#host.ask('commit', this.#request({ case: 'commit', value }), attempt);
          return this.#told(decodeCommit(commit));
        } catch (error) {
          // An attempt before may have done it.
          throw again ? underKey(error, { key: idempotencyKey }) : error;
        }
      });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async outcome(idempotencyKey: string, options: StateCallOptions = {}): Promise<Remembered | undefined> {
    const value = { $typeName: 'ophion.v1.OutcomeOperation' as const, idempotencyKey };
    const request = this.#request({ case: 'outcome', value });
    const answer = await this.#persist(options, (attempt) => this.#host.answer(request, attempt));
    if (answer.case !== 'remembered') return undefined;
    const { commit, outcome } = answer.value;
    if (commit === undefined) throw new ProtocolError('an outcome on the wire is of no commit');
    return { commit: decodeCommit(commit), outcome };
  }

  async changes(after?: AfterRevision, options: StateCallOptions = {}): Promise<Changes> {
    const value = {
      $typeName: 'ophion.v1.ChangesOperation' as const,
      ...(after === undefined ? {} : { after: placeAt(after) }),
    };
    const request = this.#request({ case: 'changes', value });
    return decodeSessionChanges(await this.#persist(options, (attempt) => this.#host.ask('changes', request, attempt)));
  }

  watch(options: WatchOptions = {}): WatchIterator {
    return new RemoteWatch(this.#host, { sessionId: this.id, as: this.#as ?? '' }, options).debounced();
  }

  async export(options: StateCallOptions = {}): Promise<SessionExport> {
    const request = this.#request({ case: 'export', value: { $typeName: 'ophion.v1.ExportOperation' } });
    return decodeContent(await this.#persist(options, (attempt) => this.#host.ask('content', request, attempt)));
  }

  async acquire(request: LockRequest, options: StateCallOptions = {}): Promise<HeldLock> {
    const { name, holder, leaseMs, preempt, fence } = lockOrder(request);
    const value = {
      $typeName: 'ophion.v1.AcquireOperation' as const,
      ...{ name, holder, leaseMs, preempt },
      ...(fence === undefined ? {} : { fence }),
    };
    const asked = this.#request({ case: 'acquire', value });
    return decodeLock(await this.#persist(options, (attempt) => this.#host.ask('lock', asked, attempt)));
  }

  async release(name: string, fence: number, options: StateCallOptions = {}): Promise<boolean> {
    const value = { $typeName: 'ophion.v1.ReleaseOperation' as const, name, fence };
    return this.#persist(options, async (attempt) => {
      const done = await this.#host.ask('released', this.#request({ case: 'release', value }), attempt);
      // An attempt before, whose answer was lost, may have done it.
      return done || attempt.number > 0;
    });
  }

  async locks(options: StateCallOptions = {}): Promise<readonly HeldLock[]> {
    const request = this.#request({ case: 'locks', value: { $typeName: 'ophion.v1.LocksOperation' } });
    const { locks } = await this.#persist(options, (attempt) => this.#host.ask('locks', request, attempt));
    return locks.map(decodeLock);
  }

  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return backoff(this.#host.system, attempt, options);
  }

  async seal(ms: number, options: StateCallOptions = {}): Promise<void> {
    await this.#seal(checkSealMs(this.id, ms), options);
  }

  unseal(options: StateCallOptions = {}): Promise<void> {
    return this.#seal(0, options);
  }

  async #seal(ms: number, options: StateCallOptions): Promise<void> {
    await this.#done({ case: 'seal', value: { $typeName: 'ophion.v1.SealOperation', ms } }, options);
  }

  close(options: StateCallOptions = {}): Promise<void> {
    return this.#done({ case: 'close', value: { $typeName: 'ophion.v1.CloseOperation' } }, options);
  }

  async #done(operation: Operation, options: StateCallOptions): Promise<void> {
    await this.#persist(options, (attempt) => this.#host.ask('done', this.#request(operation), attempt));
  }

  #request(operation: Operation) {
    return { sessionId: this.id, as: this.#as, operation };
  }

  #told<T extends AfterRevision>(at: T): T {
    const place = this.#place;
    if (place === undefined || Number(place.epoch) !== at.epoch || place.revision < at.revision)
      this.#place = placeAt(at);
    return at;
  }

  #persist<T>(options: StateCallOptions, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    return this.#host.persist(this.id, options, attempt);
  }
}

const namesOf = (names: readonly string[]): Names => ({ $typeName: 'ophion.v1.Names', names: [...names] });
