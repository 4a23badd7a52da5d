/**
 * The workers of a pool: how many are wanted, which are there, which one is free. It keeps the wanted size: a worker
 * that its supervisor gave up is replaced after a backoff.
 */

import { type ChildRow, type DynamicChild, DynamicSupervisorRef } from '../../supervisors/index.ts';
import type { ActorContext, DownMessage, MonitorRef, Pid, ResponseMessage } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import type { WorkerStatus } from './pool-messages.ts';
import type { PoolTable } from './pool-table.ts';
import { WorkerStartError } from './start-error.ts';
import type { WorkerReport } from './worker-memory.ts';

export interface RosterOptions {
  readonly size: number;
  /** How many workers may be starting at a time. */
  readonly maxStarting: number;
  /** The first pause before a given up worker is replaced; doubled with each that follows, with jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Path of the workers' supervisor. */
  readonly supervisor: string;
  /** The spec of a new worker. */
  readonly child: (id: string) => DynamicChild;
}

interface Member {
  readonly id: string;
  readonly pid: Pid;
  readonly monitor: MonitorRef;
  report: WorkerReport;
  readonly leases: Set<string>;
}

export type RosterMessage =
  | { readonly type: 'roster.refill'; readonly number: number }
  | (ResponseMessage & { readonly tag: RosterTag });
type RosterTag = { readonly roster: 'census' } | { readonly roster: 'start'; readonly id: string };

const isReady = ({ report }: Member): boolean => report.state === 'idle' || report.state === 'busy';
const isStarting = ({ report }: Member): boolean =>
  ['reserved', 'spawning', 'connecting', 'loading'].includes(report.state);

export class Roster {
  readonly #ctx: ActorContext<never>;
  readonly #options: RosterOptions;
  readonly #table: PoolTable;
  /** By worker id: those that are wanted, whether they live at the moment or not. */
  readonly #wanted = new Set<string>();
  /** The living ones. */
  readonly #members = new Map<Pid, Member>();
  /** Asked for, not answered. */
  readonly #asked = new Set<string>();
  #gaveUp = 0;
  #refill = 0;
  #counted = false;
  lastFailure: Error | undefined;

  constructor(ctx: ActorContext<never>, options: RosterOptions, table: PoolTable) {
    this.#ctx = ctx;
    this.#options = options;
    this.#table = table;
    this.#census();
  }

  get #supervisor(): DynamicSupervisorRef {
    return new DynamicSupervisorRef(this.#ctx.system, this.#options.supervisor);
  }

  /** Asks the supervisor whom it has: what it gave up is not among them. */
  #census(): void {
    const tag: RosterTag = { roster: 'census' };
    this.#ctx.request(this.#supervisor, 'whichChildren', undefined, { tag, timeoutMs: Number.POSITIVE_INFINITY });
  }

  /** An answer of the supervisor, or time to replace a worker. Answers true when a worker was given up. */
  heard(message: RosterMessage): boolean {
    if (message.type === 'roster.refill') {
      if (message.number === this.#refill) this.#fill();
      return false;
    }
    if (message.tag.roster === 'start') {
      this.#asked.delete(message.tag.id);
      if (message.ok) {
        this.#fill();
        return false;
      }
      this.#wanted.delete(message.tag.id);
      this.lastFailure = message.error;
      return this.#backOff(message.tag.id);
    }
    // Without its supervisor the manager is about to be started again, too.
    return message.ok ? this.#compare(message.value as readonly ChildRow[]) : false;
  }

  #compare(rows: readonly ChildRow[]): boolean {
    const there = new Set(rows.map(({ id }) => id));
    if (!this.#counted) {
      this.#counted = true;
      for (const { id, pid } of rows) {
        this.#wanted.add(id);
        // One that restarts reports by itself.
        if (pid !== undefined && pid !== 'restarting') this.#ctx.send(pid, { type: 'pool.announce' });
      }
      this.#fill();
      return false;
    }
    let gaveUp = false;
    for (const id of [...this.#wanted]) {
      if (there.has(id) || this.#asked.has(id)) continue;
      this.#wanted.delete(id);
      gaveUp = this.#backOff(id) || gaveUp;
    }
    return gaveUp;
  }

  #backOff(workerId: string): boolean {
    const { backoffMs, maxBackoffMs } = this.#options;
    const longest = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#gaveUp, 20));
    // Half of it is chance, so that pools that failed together do not try together.
    const retryMs = longest * (0.5 + this.#ctx.runtime.random.next() / 2);
    this.#gaveUp += 1;
    this.#refill += 1;
    this.#ctx.setTimer(retryMs, { type: 'roster.refill', number: this.#refill } satisfies RosterMessage);
    this.#emit({ type: 'pool.worker_gave_up', pool: this.#ctx.self, workerId, retryMs });
    return true;
  }

  /** Starts what is missing, a few at a time. */
  #fill(): void {
    const { size, maxStarting } = this.#options;
    let starting = this.#asked.size + [...this.#members.values()].filter(isStarting).length;
    while (this.#wanted.size < size && starting < maxStarting) {
      this.#table.lastWorker += 1;
      const id = `w-${this.#table.lastWorker}`;
      this.#wanted.add(id);
      this.#asked.add(id);
      starting += 1;
      const tag: RosterTag = { roster: 'start', id };
      const options = { tag, timeoutMs: Number.POSITIVE_INFINITY };
      this.#ctx.request(this.#supervisor, 'startChild', this.#options.child(id), options);
    }
  }

  /** What a worker tells of itself. Answers true when it is ready. */
  reported(pid: Pid, report: WorkerReport): boolean {
    let member = this.#members.get(pid);
    if (member === undefined) {
      if (!pid.alive) return false;
      member = { id: report.id, pid, monitor: this.#ctx.monitor(pid), report, leases: new Set() };
      this.#members.set(pid, member);
      for (const lease of this.#table.held.values()) if (lease.worker === pid) member.leases.add(lease.id);
      if (pid.incarnation > 1 && report.state === 'reserved') this.#table.restarts += 1;
    }
    member.report = report;
    if (!isReady(member)) return false;
    this.#gaveUp = 0;
    this.lastFailure = undefined;
    this.#fill();
    return true;
  }

  /** A worker has ended. Answers its pid when it was one of ours. */
  down({ pid, reason }: DownMessage): Pid | undefined {
    if (pid === undefined || !this.#members.delete(pid)) return undefined;
    if (reason.kind === 'error' && reason.error instanceof WorkerStartError) this.lastFailure = reason.error;
    this.#emit({ type: 'pool.worker_lost', pool: this.#ctx.self, worker: pid, reason });
    this.#census();
    return pid;
  }

  /** A ready worker with room, the least loaded; the preferred one when it has room. */
  pick(preferred: string | undefined): Pid | undefined {
    let best: Member | undefined;
    for (const member of this.#members.values()) {
      const { leases, report } = member;
      if (!isReady(member) || leases.size >= report.capacity) continue;
      if (member.id === preferred) return member.pid;
      if (best === undefined || leases.size < best.leases.size) best = member;
    }
    return best?.pid;
  }

  idOf(pid: Pid): string | undefined {
    return this.#members.get(pid)?.id;
  }

  take(pid: Pid, lease: string): void {
    this.#members.get(pid)?.leases.add(lease);
  }

  release(pid: Pid | undefined, lease: string): void {
    if (pid !== undefined) this.#members.get(pid)?.leases.delete(lease);
  }

  /** Ends a worker; its supervisor starts the next incarnation. */
  retire(pid: Pid, reason: string): void {
    const member = this.#members.get(pid);
    if (member === undefined) return;
    // Nobody is granted it any more, whatever it still says.
    member.report = { ...member.report, state: 'stopping' };
    this.#ctx.send(pid, { type: 'pool.retire', reason, now: true });
  }

  /** True while nothing is ready and nothing starts: a worker was given up, and the next one is not due yet. */
  get failing(): boolean {
    return this.#gaveUp > 0 && this.#asked.size === 0 && this.#members.size === 0 && this.#wanted.size === 0;
  }

  get ready(): number {
    return [...this.#members.values()].filter(isReady).length;
  }

  rows(): readonly WorkerStatus[] {
    return [...this.#members.values()].map(({ id, pid, report, leases }) => ({
      id,
      pid,
      osPid: report.osPid,
      incarnation: pid.incarnation,
      state: report.state,
      inFlight: leases.size,
      capacity: report.capacity,
      restarts: pid.incarnation - 1,
      rssBytes: report.rssBytes,
    }));
  }

  #emit(event: WorkerEvent): void {
    this.#ctx.emit(event);
  }
}
