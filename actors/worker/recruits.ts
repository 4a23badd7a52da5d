/**
 * The workers that are wanted, by id, whether they live at the moment or not; and their supervisor, which starts them
 * again until it gives one up. What it gave up is replaced under a new name, after a backoff.
 */
import { type ChildRow, type DynamicChild, DynamicSupervisorRef } from '../../supervisors/index.ts';
import type { ActorContext, Pid, ResponseMessage } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import type { PoolTable } from './pool-table.ts';

export interface RecruitOptions {
  /** How many workers may be starting at a time. */
  readonly maxStarting: number;
  /** The first pause before a given up worker is replaced; doubled with each that follows, with jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Path of the workers' supervisor. */
  readonly supervisor: string;
  /** The spec of a new worker. It is started again unless it ends as told. */
  readonly child: (id: string) => DynamicChild;
}

type Tag = { readonly roster: 'census' } | { readonly roster: 'start'; readonly id: string };

export type RecruitMessage =
  | { readonly type: 'roster.refill' }
  /** From the supervisor. */
  | (ResponseMessage & { readonly tag: Tag });

export class Recruits {
  readonly #ctx: ActorContext<never>;
  readonly #options: RecruitOptions;
  readonly #table: PoolTable;
  readonly #found: (worker: Pid) => void;
  readonly #wanted = new Set<string>();
  /** Asked for, not answered. */
  readonly #asked = new Set<string>();
  #gaveUp = 0;
  /** Nobody is started before. */
  #refillMs = Number.NEGATIVE_INFINITY;
  /** The supervisor has said whom it has. */
  counted = false;
  lastFailure: Error | undefined;

  /** `found` is told of each worker that was there before this manager. */
  constructor(ctx: ActorContext<never>, options: RecruitOptions, table: PoolTable, found: (worker: Pid) => void) {
    this.#ctx = ctx;
    this.#found = found;
    this.#options = options;
    this.#table = table;
    this.census();
  }

  get wanted(): number {
    return this.#wanted.size;
  }

  /** Nothing is there, and the next one is not due yet. */
  get failing(): boolean {
    return this.#gaveUp > 0 && this.#asked.size === 0 && this.#wanted.size === 0;
  }

  has(id: string): boolean {
    return this.#wanted.has(id);
  }

  dismiss(id: string): void {
    this.#wanted.delete(id);
  }

  /** One has become ready: what failed before is over. */
  succeeded(): void {
    this.forgive();
    this.lastFailure = undefined;
  }

  /** What made them fail may be gone: the next one need not wait. */
  forgive(): void {
    this.#gaveUp = 0;
    this.#refillMs = Number.NEGATIVE_INFINITY;
  }

  /** Asks the supervisor whom it has: what it gave up is not among them. */
  census(): void {
    const tag: Tag = { roster: 'census' };
    this.#ctx.request(this.#supervisor, 'whichChildren', undefined, { tag, timeoutMs: Number.POSITIVE_INFINITY });
  }

  /** Starts what is missing, a few at a time; `starting` are on their way already. Answers the ids of the new ones. */
  start(missing: number, starting: number): readonly string[] {
    const ids: string[] = [];
    if (this.#refillMs > this.#nowMs) return ids;
    const { maxStarting, child } = this.#options;
    for (let n = Math.min(missing, maxStarting - starting - this.#asked.size); n > 0; n -= 1) {
      this.#table.lastWorker += 1;
      const id = `w-${this.#table.lastWorker}`;
      this.#wanted.add(id);
      this.#asked.add(id);
      const tag: Tag = { roster: 'start', id };
      const options = { tag, timeoutMs: Number.POSITIVE_INFINITY };
      this.#ctx.request(this.#supervisor, 'startChild', child(id), options);
      ids.push(id);
    }
    return ids;
  }

  /** Answers the ids that its supervisor has, when it has told. */
  heard(message: RecruitMessage): ReadonlySet<string> | undefined {
    if (message.type === 'roster.refill') return undefined;
    if (message.tag.roster === 'census') {
      // Without its supervisor the manager is about to be started again, too.
      return message.ok ? this.#compare(message.value as readonly ChildRow[]) : undefined;
    }
    this.#asked.delete(message.tag.id);
    if (message.ok) return undefined;
    this.lastFailure = message.error;
    this.#backOff(message.tag.id);
    return undefined;
  }

  #compare(rows: readonly ChildRow[]): ReadonlySet<string> {
    const there = new Set(rows.map(({ id }) => id));
    this.#table.slots.retain(new Set([...there, ...this.#asked]));
    if (!this.counted) {
      this.counted = true;
      for (const { id, pid } of rows) {
        if (!this.#table.leaving.has(id) && !this.#table.remote.has(id)) this.#wanted.add(id);
        // One that restarts reports by itself.
        if (pid === undefined || pid === 'restarting') continue;
        this.#found(pid);
        this.#ctx.send(pid, { type: 'pool.announce' });
      }
      return there;
    }
    for (const id of [...this.#wanted]) if (!there.has(id) && !this.#asked.has(id)) this.#backOff(id);
    return there;
  }

  #backOff(workerId: string): void {
    this.#wanted.delete(workerId);
    const { backoffMs, maxBackoffMs } = this.#options;
    const longest = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#gaveUp, 20));
    // Half of it is chance, so that pools that failed together do not try together.
    const retryMs = longest * (0.5 + this.#ctx.runtime.random.next() / 2);
    this.#gaveUp += 1;
    this.#refillMs = this.#nowMs + retryMs;
    this.#ctx.setTimer(retryMs, { type: 'roster.refill' } satisfies RecruitMessage);
    const event: WorkerEvent = { type: 'pool.worker_gave_up', pool: this.#ctx.self, workerId, retryMs };
    this.#ctx.emit(event);
  }

  get #supervisor(): DynamicSupervisorRef {
    return new DynamicSupervisorRef(this.#ctx.system, this.#options.supervisor);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }
}
