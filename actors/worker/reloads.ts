/**
 * What a pool does when the code of its workers has changed: one more worker tries it, and when that is ready the others
 * are replaced as recycled ones are. When it does not become ready, all go on as they are until the next change.
 */
import type { ActorContext, ExitReason, Pid } from '../core/index.ts';
import type { Departures } from './departures.ts';
import type { WorkerEvent } from './events.ts';
import type { Generations } from './generations.ts';
import { isReady, type Member, type Members } from './members.ts';
import type { PoolTable } from './pool-table.ts';
import type { Recruits } from './recruits.ts';
import { WorkerStartError } from './start-error.ts';
import { WorkerLogs } from './worker-logs.ts';

interface Around {
  readonly pool: string;
  readonly members: Members;
  readonly recruits: Recruits;
  readonly departures: Departures;
}

export class Reloads {
  readonly #ctx: ActorContext<never>;
  readonly #table: PoolTable;
  readonly #generations: Generations<Pid>;
  readonly #around: Around;

  constructor(ctx: ActorContext<never>, table: PoolTable, around: Around) {
    this.#ctx = ctx;
    this.#table = table;
    this.#generations = table.generations;
    this.#around = around;
    // Those that have ended while there was no manager.
    this.#generations.retain((pid) => pid.alive);
  }

  /** How many workers are wanted beyond those that are wanted anyway, where so many are ready. */
  extra(ready: number): number {
    return this.#generations.pending && ready > 0 ? 1 : 0;
  }

  begin(files: readonly string[]): void {
    const { recruits, departures, pool } = this.#around;
    this.#generations.change();
    // It is not known yet whether the newest code is of use.
    for (const [pid, reason] of this.#table.due) if (reason === 'reload') this.#table.due.delete(pid);
    recruits.forgive();
    // What it tries is not the newest any more.
    const trial = this.#trial;
    this.#endTrial(trial);
    departures.look(trial);
    this.#emit({ type: 'reload.began', pool, files });
  }

  /** These were started, one of them in excess. */
  started(ids: readonly string[]): void {
    const { trial } = this.#generations;
    // One that was given up tries nothing any more.
    if (trial === undefined || !this.#around.recruits.has(trial)) this.#generations.trial = ids.at(-1);
  }

  met(member: Member): void {
    if (member.report.remote) return;
    this.#generations.began(member.pid);
    // The code was found broken before it was there. Who has just reported is looked at anyway.
    if (!this.#generations.pending && member === this.#trial) this.#endTrial(member);
  }

  ready({ pid, report }: Member): void {
    if (report.remote) return;
    if (this.#generations.ready(pid)) {
      this.#generations.trial = undefined;
      for (const member of this.#own()) if (isReady(member)) this.#look(member);
    }
    this.#look({ pid });
    this.#lookWhetherDone();
  }

  down(member: Member, reason: ExitReason): void {
    const { pid } = member;
    if (reason.kind === 'error' && reason.error instanceof WorkerStartError && this.#generations.failed(pid))
      this.#failed(member, reason.error);
    this.#generations.ended(pid);
    this.#lookWhetherDone();
  }

  /** Who tries, when it is there. */
  get #trial(): Member | undefined {
    const { trial } = this.#generations;
    return trial === undefined ? undefined : this.#around.members.withId(trial);
  }

  #failed(member: Member, error: WorkerStartError): void {
    const { pool, departures } = this.#around;
    const { id, pid: worker } = member;
    this.#emit({ type: 'reload.failed', pool, worker, error, traceback: this.#tracebackOf(id, worker, error) });
    const living = this.#trial;
    this.#endTrial(id === this.#generations.trial ? member : living);
    // One that has failed itself is told with its next incarnation.
    departures.look(living);
  }

  /** Nobody needs it now; what it was to replace goes on. */
  #endTrial(trial: Member | undefined): void {
    if (trial === undefined) return;
    const { recruits, departures } = this.#around;
    this.#generations.trial = undefined;
    recruits.dismiss(trial.id);
    departures.begin(trial, 'reload');
  }

  #look({ pid }: { readonly pid: Pid }): void {
    const { due } = this.#table;
    if (this.#generations.isOld(pid)) due.set(pid, due.get(pid) ?? 'reload');
  }

  #lookWhetherDone(): void {
    const workers = this.#own().map(({ pid }) => pid);
    if (this.#generations.done(workers))
      this.#emit({ type: 'reload.done', pool: this.#around.pool, workers: workers.length });
  }

  #own(): readonly Member[] {
    return this.#around.members.values().filter(({ report }) => !report.remote);
  }

  /** The end of a failed start is in the log of its incarnation, whole where its last output is only a part. */
  #tracebackOf(id: string, { incarnation }: Pid, error: WorkerStartError): string {
    const lines = WorkerLogs.find(this.#ctx.system, this.#ctx.path)?.linesOf(id, incarnation) ?? [];
    const first = lines.findIndex(({ text }) => text.startsWith('Traceback (most recent call last)'));
    return first === -1
      ? error.lastOutput
      : lines
          .slice(first)
          .map(({ text }) => text)
          .join('\n');
  }

  #emit(event: WorkerEvent): void {
    this.#ctx.emit(event);
  }
}
