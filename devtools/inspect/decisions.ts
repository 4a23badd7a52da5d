/** What a supervisor does about the end of a child: what it was like at that moment, and what it tells from then on. */
import { type AnyEvent, type Clock, type Process, Recent } from '../../actors/core/index.ts';
import {
  type SupervisedChild,
  type Supervision,
  type SupervisorEvent,
  supervisionOf,
} from '../../supervisors/index.ts';
import { type CrashDecision, parentOf } from '../protocol/index.ts';

/** How many places at once: a supervisor that ends decides nothing any more. */
const pendingMax = 10_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Decisions {
  readonly #clock: Clock;
  /** Those that are not made yet, by the path of the child; the newest of each place. */
  readonly #pending = new Recent<string, Mutable<CrashDecision>>(pendingMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Of a process that has just ended; null for one that no supervisor has as its child: such ends are nobody's decision,
   * also when a supervisor ended it on purpose.
   */
  of(process: Process): CrashDecision | null {
    const { path } = process.pid;
    const above = parentOf(path);
    const supervision = supervisionOf(process.system.lookup(above));
    const child = supervision?.child(path.slice(above.length + 1));
    if (supervision === undefined || child?.pid !== process.pid) return null;
    const decision: Mutable<CrashDecision> = {
      supervisor: String(process.system.lookup(above)?.pid ?? above),
      strategy: supervision.strategy,
      action: child.restart === 'temporary' ? 'not_restarted' : 'pending',
      siblings: child.restart === 'temporary' ? [] : touchedBy(supervision, child, above),
      budget: supervision.budget ?? child.budget ?? null,
      backoffUntilAtMs: null,
      successor: null,
    };
    if (decision.action === 'pending') this.#pending.use(path, decision);
    return decision;
  }

  take(event: AnyEvent): void {
    const told = event as SupervisorEvent;
    switch (told.type) {
      case 'child.restarted': {
        const decision = this.#pending.get(told.pid.path);
        if (decision === undefined) return;
        this.#pending.delete(told.pid.path);
        decision.action = 'restarted';
        decision.successor = String(told.pid);
        decision.budget = { max: told.maxRestarts, used: told.restarts, periodMs: decision.budget?.periodMs ?? 0 };
        return;
      }
      case 'child.backing_off': {
        const decision = this.#pending.get(told.path);
        if (decision === undefined) return;
        decision.action = 'backing_off';
        decision.backoffUntilAtMs = this.#clock.wallMs() + told.ms;
        return;
      }
      case 'child.gave_up':
        this.#gaveUp(told.path);
    }
  }

  /** A child over its own budget, or a supervisor over its budget: with it goes what it had not decided. */
  #gaveUp(path: string): void {
    for (const child of [...this.#pending.keys()]) {
      const decision = this.#pending.get(child);
      if (decision === undefined || (child !== path && parentOf(child) !== path)) continue;
      decision.action = 'gave_up';
      this.#pending.delete(child);
    }
  }
}

/** The siblings that end and start again with it. */
function touchedBy(supervision: Supervision, child: SupervisedChild, above: string): string[] {
  if (supervision.strategy === 'one_for_one') return [];
  const ids = [...supervision.children].map(({ id }) => id);
  const from = supervision.strategy === 'one_for_all' ? 0 : ids.indexOf(child.id);
  return ids
    .slice(from)
    .filter((id) => id !== child.id)
    .map((id) => `${above}/${id}`);
}
