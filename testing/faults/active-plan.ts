/**
 * A plan at work: it is asked at each point that is passed, decides, and heals what it did. Whoever asks carries the
 * decision out. Nothing here knows an actor.
 */
import type { TimerHandle } from '../../actors/core/index.ts';
import { checkPlan, PlanError } from '../plan/check.ts';
import { type Plan, ruleId, type Task } from '../plan/plan.ts';
import { ActiveRule, type Conditions, type Site, type Surroundings } from './active-rule.ts';

export interface RuleStatus {
  readonly id: string;
  readonly point: string;
  /** How often the point was passed where the rule applies. */
  readonly hits: number;
  /** How often the rule did something. */
  readonly done: number;
  readonly healed: boolean;
  /** How many wait because of it. */
  readonly held: number;
}

/** What is to be done at a point. */
export interface Decision {
  readonly rule: ActiveRule;
  readonly task: Task;
}

export interface ArmOptions {
  /** What `when.while` names. */
  readonly conditions?: Conditions;
}

export class ActivePlan {
  readonly plan: Plan;
  readonly #rules: readonly ActiveRule[];
  readonly #byPoint = new Map<string, ActiveRule[]>();
  readonly #healers = new Map<string, ActiveRule[]>();
  readonly #expiry: TimerHandle | undefined;
  readonly #onStop: (plan: ActivePlan) => void;
  #stopped = false;

  /** Internal: `withFaults` and `armFaults` make them. Throws PlanError. */
  constructor(
    plan: Plan,
    surroundings: Surroundings,
    { conditions = {} }: ArmOptions,
    onStop: (plan: ActivePlan) => void,
  ) {
    this.plan = checkPlan(plan);
    this.#onStop = onStop;
    this.#rules = plan.rules.map((rule, index) => {
      const condition = rule.when?.while;
      if (condition !== undefined && conditions[condition] === undefined) {
        throw new PlanError(`rules[${index}].when.while`, `there is no condition '${condition}'`);
      }
      return new ActiveRule(rule, ruleId(rule, index), plan.scope, surroundings, conditions);
    });
    for (const rule of this.#rules) {
      append(this.#byPoint, rule.rule.point, rule);
      const { healedBy } = rule.rule.until ?? {};
      if (healedBy !== undefined) append(this.#healers, healedBy, rule);
    }
    const { expiresMs } = plan;
    if (expiresMs !== undefined) this.#expiry = surroundings.clock.setTimer(expiresMs, () => this.stop());
  }

  /** Whether any rule is about this point, so that nothing need be found out otherwise. */
  concerns(point: string): boolean {
    return this.#byPoint.has(point) || this.#healers.has(point);
  }

  /** Whether any rule is about a point whose name begins so. */
  concernsAny(prefix: string): boolean {
    return [...this.#byPoint.keys(), ...this.#healers.keys()].some((point) => point.startsWith(prefix));
  }

  /** Told that a point is passed; answers what is to be done. */
  decide(site: Site): Decision | undefined {
    for (const rule of this.#healers.get(site.point) ?? []) if (rule.done > 0) rule.heal();
    let decision: Decision | undefined;
    for (const rule of this.#byPoint.get(site.point) ?? []) {
      const task = rule.passed(site, decision !== undefined);
      if (task !== undefined) decision = { rule, task };
    }
    return decision;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get status(): readonly RuleStatus[] {
    return this.#rules.map(({ id, rule, hits, done, healed, held }) => ({
      id,
      point: rule.point,
      hits,
      done,
      healed,
      held,
    }));
  }

  /** Heals a rule, by its id; without one, all of them. */
  heal(id?: string): void {
    for (const rule of this.#named(id)) rule.heal();
  }

  /** Lets those go on that a rule's `pause` holds; without an id, those of all rules. */
  release(id?: string): void {
    for (const rule of this.#named(id)) rule.release();
  }

  #named(id: string | undefined): readonly ActiveRule[] {
    const named = id === undefined ? this.#rules : this.#rules.filter((rule) => rule.id === id);
    if (named.length === 0 && id !== undefined) throw new TypeError(`the plan has no rule '${id}'`);
    return named;
  }

  /** Ends the plan and heals everything that it did. Safe to call twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#expiry?.cancel();
    this.#onStop(this);
    for (const rule of this.#rules) rule.heal();
  }
}

function append(map: Map<string, ActiveRule[]>, key: string, rule: ActiveRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}
