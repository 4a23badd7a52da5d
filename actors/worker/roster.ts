/**
 * The workers of a pool: which are there, who serves, who waits to take a place, and who is due to be replaced. It
 * keeps the wanted size, whatever happens to them.
 */
import { type ActorContext, ChurnMap, type DownMessage, type Pid } from '../core/index.ts';
import { BootGate } from './boot-gate.ts';
import { Departures, type DrainMessage } from './departures.ts';
import type { WorkerEvent } from './events.ts';
import { isReady, isStarting, type Member, Members, roomOn } from './members.ts';
import type { WorkerStatus } from './pool-messages.ts';
import type { PoolTable } from './pool-table.ts';
import { type RecruitMessage, type RecruitOptions, Recruits } from './recruits.ts';
import { ageLimitMs, dueFor, type RecycleOptions, type RecycleReason } from './recycling.ts';
import { Reloads } from './reloads.ts';
import { type Hand, staff } from './spares.ts';
import { WorkerStartError } from './start-error.ts';
import type { WorkerReport } from './worker-memory.ts';
import { rowOf } from './worker-rows.ts';

export interface RosterOptions extends RecruitOptions {
  /** The name of the pool. */
  readonly pool: string;
  readonly size: number;
  /** How many workers are kept ready beyond the size. Default 0. */
  readonly spares?: number;
  readonly recycle?: RecycleOptions;
}

export type RosterMessage =
  | RecruitMessage
  | DrainMessage
  /** Processes may start. */
  | { readonly type: 'roster.clear' }
  /** A worker may have become too old. */
  | { readonly type: 'roster.age'; readonly worker: Pid };

/** An incarnation that nothing new goes to, and why. */
export interface Gone {
  readonly worker: Pid;
  readonly why: string;
}

export class Roster {
  readonly #ctx: ActorContext<never>;
  readonly #options: RosterOptions;
  readonly #recycle: RecycleOptions;
  readonly #table: PoolTable;
  readonly #gate: BootGate;
  readonly #members = new Members();
  readonly #recruits: Recruits;
  readonly #departures: Departures;
  readonly #reloads: Reloads;
  /** Something has happened that may change who serves: `staff` has to look. */
  changed = false;

  constructor(ctx: ActorContext<never>, options: RosterOptions, table: PoolTable) {
    this.#ctx = ctx;
    this.#options = options;
    this.#recycle = options.recycle ?? {};
    this.#table = table;
    this.#gate = new BootGate(options.maxStarting, (worker) => ctx.send(worker, { type: 'pool.boot' }));
    this.#recruits = new Recruits(ctx, options, table, (worker) => this.#gate.passed(worker));
    this.#departures = new Departures(ctx, this.#recycle.drainMs ?? Number.POSITIVE_INFINITY, table);
    const { pool } = options;
    const around = { pool, members: this.#members, recruits: this.#recruits, departures: this.#departures };
    this.#reloads = new Reloads(ctx, table, around);
  }

  /** How many are wanted in service. */
  get size(): number {
    return this.#table.target ?? this.#options.size;
  }

  resize(size: number): void {
    this.#table.target = size;
    this.changed = true;
  }

  /** How many are in service. */
  get ready(): number {
    return this.#members.serving.length;
  }

  /** Whether anybody could be granted anything. */
  get hasRoom(): boolean {
    return this.#table.affinity.bound > 0 || this.#members.serving.some(roomOn);
  }

  /** True while nothing is ready and nothing starts: a worker was given up, and the next one is not due yet. */
  get failing(): boolean {
    return this.#members.size === 0 && this.#recruits.failing;
  }

  get lastFailure(): Error | undefined {
    return this.#recruits.lastFailure;
  }

  heard(message: RosterMessage): void {
    this.changed = true;
    if (message.type === 'roster.clear') this.#gate.release();
    else if (message.type === 'roster.age') this.#look(message.worker);
    else if (message.type === 'roster.drain') this.#departures.look(this.#members.withId(message.id));
    else {
      const there = this.#recruits.heard(message);
      if (there !== undefined) this.#departures.compare(there);
    }
  }

  /** What a worker tells of itself. */
  reported(pid: Pid, report: WorkerReport): void {
    const known = this.#members.get(pid);
    if (known === undefined && !pid.alive) {
      if (report.remote) this.#table.remote.delete(report.id);
      return;
    }
    const member = known ?? this.#met(pid, report);
    const wasReady = known !== undefined && isReady(known);
    member.report = report;
    if (isStarting(member) && report.state !== 'reserved' && !report.remote) this.#gate.passed(pid);
    if (isReady(member) !== wasReady) {
      this.changed = true;
      if (!wasReady) this.#isReady(member);
    }
    const life = this.#table.lives.get(pid);
    if (life !== undefined) {
      life.rssBytes = report.rssBytes;
      this.#look(pid);
    }
    // The next incarnation of one that failed at leaving.
    if (known === undefined) this.#departures.look(member);
  }

  /** No process starts until what this promise stands for is done. It must not reject. */
  holdUntil(done: Promise<unknown>): void {
    this.#gate.hold();
    const { self } = this.#ctx;
    void done.then(() => {
      if (self.alive) this.#ctx.send(self, { type: 'roster.clear' } satisfies RosterMessage);
    });
  }

  /** A worker asks whether it may start its process. */
  boot(worker: Pid): void {
    this.#gate.ask(worker);
  }

  /** A worker has ended. Answers who it was, and whether it was told to; undefined when it was none of ours. */
  down({ pid, reason }: DownMessage): { readonly worker: Pid; readonly expected: boolean } | undefined {
    const member = pid === undefined ? undefined : this.#members.get(pid);
    if (member === undefined) return undefined;
    const { pid: worker, id, retired } = member;
    const { due, lives, remote } = this.#table;
    this.changed = true;
    this.#members.delete(worker);
    remote.delete(id);
    lives.delete(worker);
    due.delete(worker);
    this.#gate.done(worker);
    if (reason.kind === 'error' && reason.error instanceof WorkerStartError) this.#recruits.lastFailure = reason.error;
    const left = this.#departures.isTold(id);
    if (!left) this.#emit({ type: 'pool.worker_lost', pool: this.#ctx.self, worker, reason });
    this.#reloads.down(member, reason);
    this.#recruits.census();
    return { worker, expected: left || retired };
  }

  /** Decides who serves, who leaves and how many start. Answers to whom nothing new goes from now on. */
  staff(): readonly Gone[] {
    this.changed = false;
    if (!this.#recruits.counted) return [];
    const { spares = 0 } = this.#options;
    const { surge = 1 } = this.#recycle;
    const remote = this.#candidates().filter(isRemote);
    const hands = this.#candidates().flatMap((member) => (isRemote(member) ? [] : [this.#handOf(member)]));
    const absent = this.#recruits.wanted - hands.length;
    const extra = this.#reloads.extra(hands.length);
    const wanted = { size: this.size, spares: spares + extra, surge };
    const plan = staff({ hands, absent, leaving: this.#departures.count((one) => !one.remote) }, wanted);
    // Workers of other hosts all serve, beside those of the size; one that is due leaves, and comes back by itself.
    const { due } = this.#table;
    const staying = remote.flatMap(({ pid }) => (due.has(pid) ? [] : [pid]));
    const leave = [...plan.leave, ...remote.flatMap(({ pid }) => leaving(pid, due.get(pid)))];
    for (const worker of this.#members.serve([...plan.active, ...staying]))
      this.#emit({ type: 'pool.spare_promoted', pool: this.#ctx.self, worker });
    const starting = this.#members.values().filter((member) => isStarting(member) && !isRemote(member));
    const started = this.#recruits.start(plan.start, starting.length);
    if (extra > 0) this.#reloads.started(started);
    return leave.map(({ pid: worker, reason }) => {
      const member = this.#members.get(worker) as Member;
      this.#recruits.dismiss(member.id);
      this.#table.due.delete(worker);
      this.#departures.begin(member, reason);
      this.#departures.look(member);
      return { worker, why: `it was replaced (${reason})` };
    });
  }

  /** What the workers run has changed. */
  reload(files: readonly string[]): void {
    this.#reloads.begin(files);
    this.changed = true;
  }

  /** Marks ready workers as due: all, or the one with this id. Answers how many. */
  recycle(id: string | undefined): number {
    const { due } = this.#table;
    const those = this.#candidates().filter((member) => id === undefined || member.id === id);
    for (const { pid } of those) due.set(pid, due.get(pid) ?? 'manual');
    this.changed = true;
    return those.length;
  }

  /** How many workers of other hosts there are. */
  get remote(): number {
    return this.#members.values().filter(isRemote).length;
  }

  pick(preferred: string | undefined): Pid | undefined {
    return this.#members.pick(preferred);
  }

  /** Whether this incarnation could take one more, in service or not. */
  hasRoomOn(pid: Pid): boolean {
    const member = this.#members.get(pid);
    return roomOn(member) && !this.#departures.has(member?.id ?? '');
  }

  /** Whether this incarnation could take one more that is made inside what it has, leaving or not. */
  hasRoomInside(pid: Pid): boolean {
    return roomOn(this.#members.get(pid), nestedMax);
  }

  idOf(pid: Pid): string | undefined {
    return this.#members.get(pid)?.id;
  }

  take(pid: Pid, lease: string): void {
    this.#members.get(pid)?.leases.set(lease, true);
  }

  /** Work was sent there. */
  served(pid: Pid): void {
    const life = this.#table.lives.get(pid);
    if (life === undefined) return;
    life.calls += 1;
    this.#look(pid);
  }

  release(pid: Pid | undefined, lease: string): void {
    const member = pid === undefined ? undefined : this.#members.get(pid);
    if (member?.leases.delete(lease) === true) this.#departures.look(member);
  }

  /** Ends a worker at once; its supervisor starts the next incarnation. */
  retire(pid: Pid, reason: string): void {
    const member = this.#members.get(pid);
    if (member === undefined) return;
    // Nobody is granted it any more, whatever it still says.
    member.retired = true;
    this.changed = true;
    this.#ctx.send(pid, { type: 'pool.retire', reason, now: true });
  }

  rows(): readonly WorkerStatus[] {
    return this.#members.values().map((member) => rowOf(member, this.#table, this.#nowMs));
  }

  /** Who could serve: ready and not leaving. */
  #candidates(): readonly Member[] {
    return this.#members.values().filter((member) => isReady(member) && !this.#departures.has(member.id));
  }

  #handOf({ pid, active, leases }: Member): Hand<Pid> {
    const { affinity, due } = this.#table;
    return { pid, active, load: leases.size, bound: affinity.holds(pid), due: due.get(pid) };
  }

  #met(pid: Pid, report: WorkerReport): Member {
    const monitor = this.#ctx.monitor(pid);
    const member: Member = { id: report.id, pid, monitor, report, leases: new ChurnMap(), ...newcomer };
    this.#members.set(member);
    this.#reloads.met(member);
    for (const lease of this.#table.held.values()) if (lease.worker === pid) member.leases.set(lease.id, true);
    if (pid.incarnation > 1 && report.state === 'reserved') this.#table.restarts += 1;
    const life = this.#table.lives.get(pid);
    if (life !== undefined) this.#armAge(pid, life.readyMs + life.maxAgeMs);
    return member;
  }

  #isReady(member: Member): void {
    const { pid, report } = member;
    this.#reloads.ready(member);
    this.#gate.done(pid);
    this.#recruits.succeeded();
    const { lives } = this.#table;
    if (lives.has(pid)) return;
    const maxAgeMs = ageLimitMs(this.#recycle, this.#ctx.runtime.random.next());
    const readyMs = this.#nowMs;
    lives.set(pid, { readyMs, maxAgeMs, calls: 0, rssBytes: report.rssBytes });
    this.#armAge(pid, readyMs + maxAgeMs);
  }

  /** Whether a worker is due. */
  #look(worker: Pid): void {
    const { due, lives } = this.#table;
    const life = lives.get(worker);
    if (life === undefined || due.has(worker)) return;
    const reason = dueFor(this.#recycle, life, this.#nowMs);
    if (reason === undefined) return;
    due.set(worker, reason);
    this.changed = true;
  }

  #armAge(worker: Pid, atMs: number): void {
    if (!Number.isFinite(atMs)) return;
    this.#ctx.setTimer(Math.max(0, atMs - this.#nowMs), { type: 'roster.age', worker } satisfies RosterMessage);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }

  #emit(event: WorkerEvent): void {
    this.#ctx.emit(event);
  }
}

/** How many requests that are made inside others one worker takes beyond its capacity; and how deep they may be. */
export const nestedMax = 32;
/** Another host started it: whoever counts those of the pool's size leaves it out. */
const isRemote = ({ report }: Member): boolean => report.remote;
const leaving = (pid: Pid, reason: RecycleReason | undefined) => (reason === undefined ? [] : [{ pid, reason }]);
const newcomer = { active: false, spare: false, retired: false } as const;
