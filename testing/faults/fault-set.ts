/** All plans that are armed at one place: a live system, or a simulation. Any number of them may be. */
import type { Plan } from '../plan/plan.ts';
import { ActivePlan, type ArmOptions, type Decision } from './active-plan.ts';
import type { Site, Surroundings } from './active-rule.ts';

export class FaultSet {
  readonly #surroundings: (plan: Plan) => Surroundings;
  readonly #plans: ActivePlan[] = [];
  /** Told when the last plan has ended. */
  onEmpty: (() => void) | undefined;
  /** Told of each plan that is armed, and of each that has ended. */
  readonly onChange = new Set<() => void>();

  constructor(surroundings: (plan: Plan) => Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The plans, oldest first. */
  get plans(): readonly ActivePlan[] {
    return this.#plans;
  }

  /** Arms a plan. Throws PlanError. */
  arm(plan: Plan, options: ArmOptions = {}): ActivePlan {
    const active = new ActivePlan(plan, this.#surroundings(plan), options, () => {
      this.#plans.splice(this.#plans.indexOf(active), 1);
      if (this.#plans.length === 0) this.onEmpty?.();
      this.#changed();
    });
    this.#plans.push(active);
    this.#changed();
    return active;
  }

  #changed(): void {
    for (const told of [...this.onChange]) told();
  }

  /** Whether any rule is about a point whose name begins so. */
  concernsAny(prefix: string): boolean {
    return this.#plans.some((plan) => plan.concernsAny(prefix));
  }

  concerns(point: string): boolean {
    for (const plan of this.#plans) if (plan.concerns(point)) return true;
    return false;
  }

  /** The first plan that wants something done has its way. */
  decide(site: Site): Decision | undefined {
    for (const plan of [...this.#plans]) {
      const decision = plan.decide(site);
      if (decision !== undefined) return decision;
    }
    return undefined;
  }

  /** Ends all plans and heals what they did. */
  stopAll(): void {
    for (const plan of [...this.#plans]) plan.stop();
  }
}
