/**
 * The deadlines of one worker incarnation. A deadline that was set again or cleared may already be in the mailbox:
 * each has a number, and only the newest of its kind counts.
 */
import type { ActorContext, TimerHandle } from '../core/index.ts';

export type DeadlineKind = 'links' | 'dial' | 'ready' | 'liveness' | 'drain' | 'term';

export interface DeadlineMessage {
  readonly type: `deadline.${DeadlineKind}`;
  readonly number: number;
  /** It was over once before, see `prolong`. */
  readonly prolonged: boolean;
}

export class WorkerDeadlines {
  readonly #ctx: ActorContext<never>;
  readonly #set = new Map<DeadlineKind, { readonly number: number; readonly timer: TimerHandle }>();
  #last = 0;

  constructor(ctx: ActorContext<never>) {
    this.#ctx = ctx;
  }

  set(kind: DeadlineKind, ms: number): void {
    this.#arm(kind, ms, false);
  }

  /** Sets one that is over again, for so long, once. */
  prolong(kind: DeadlineKind, ms: number): void {
    this.#arm(kind, ms, true);
  }

  clear(kind: DeadlineKind): void {
    this.#ctx.cancelTimer(this.#set.get(kind)?.timer);
    this.#set.delete(kind);
  }

  isCurrent({ type, number }: DeadlineMessage): boolean {
    return this.#set.get(type.slice('deadline.'.length) as DeadlineKind)?.number === number;
  }

  #arm(kind: DeadlineKind, ms: number, prolonged: boolean): void {
    this.clear(kind);
    if (!Number.isFinite(ms)) return;
    this.#last += 1;
    const message: DeadlineMessage = { type: `deadline.${kind}`, number: this.#last, prolonged };
    this.#set.set(kind, { number: this.#last, timer: this.#ctx.setTimer(ms, message) });
  }
}
