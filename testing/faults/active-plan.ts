/**
 * A plan at work: it is asked at each point that is passed, decides, and heals what it did. Whoever asks carries the
 * decision out. Nothing here knows an actor.
 */
import type { FaultMark, TimerHandle } from '../../actors/core/index.ts';
import { checkPlan, PlanError } from '../plan/check.ts';
import { type Plan, ruleId, type Task } from '../plan/plan.ts';
import { formatTask } from '../plan/short-form.ts';
import { ActiveRule, type Conditions, type Site, type Surroundings } from './active-rule.ts';
import type { FaultNews } from './fault-news.ts';

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
  /** The same as dev tools tell it. */
  readonly mark: FaultMark;
}

export interface ArmOptions {
  /** What `when.while` names. */
  readonly conditions?: Conditions;
  /** Who arms it, for dev tools. Default `code`. */
  readonly by?: string;
}

/** Where a plan is armed. */
export interface ArmedAt {
  /** The name of the plan there. */
  readonly id: string;
  readonly tell: (news: FaultNews) => void;
  /** It decides nothing any more; called before its rules are healed, and `gone` behind that. */
  readonly leave: (plan: ActivePlan) => void;
  readonly gone: (plan: ActivePlan) => void;
}

export class ActivePlan {
  readonly plan: Plan;
  /** `p1`, `p2`, ... in the order in which plans were armed there. */
  readonly id: string;
  /** Who armed it: `code`, or a viewer of the dev tools. */
  readonly by: string;
  /** When it was armed, and when it ends by itself, on the wall clock; undefined for one that does not. */
  readonly sinceAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly #rules: readonly ActiveRule[];
  readonly #byPoint = new Map<string, ActiveRule[]>();
  readonly #healers = new Map<string, ActiveRule[]>();
  readonly #expiry: TimerHandle | undefined;
  readonly #at: ArmedAt;
  #stopped = false;

  /** Internal: `withFaults` and `armFaults` make them. Throws PlanError. */
  constructor(plan: Plan, surroundings: Surroundings, { conditions = {}, by = 'code' }: ArmOptions, at: ArmedAt) {
    this.plan = checkPlan(plan);
    this.id = at.id;
    this.by = by;
    this.#at = at;
    const { clock } = surroundings;
    const { expiresMs } = plan;
    this.sinceAtMs = clock.wallMs();
    this.expiresAtMs = expiresMs === undefined ? undefined : this.sinceAtMs + expiresMs;
    this.#rules = plan.rules.map((rule, index) => {
      const condition = rule.when?.while;
      if (condition !== undefined && conditions[condition] === undefined) {
        throw new PlanError(`rules[${index}].when.while`, `there is no condition '${condition}'`);
      }
      const named = { id: ruleId(rule, index), plan: this.id, scope: plan.scope };
      return new ActiveRule(rule, named, surroundings, conditions, () =>
        at.tell({ type: 'healed', plan: this, rule: this.#rules[index] as ActiveRule }),
      );
    });
    for (const rule of this.#rules) {
      append(this.#byPoint, rule.rule.point, rule);
      const { healedBy } = rule.rule.until ?? {};
      if (healedBy !== undefined) append(this.#healers, healedBy, rule);
    }
    if (expiresMs !== undefined) this.#expiry = clock.setTimer(expiresMs, () => this.#end('expired'));
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
      if (task === undefined) continue;
      const mark = { plan: this.id, rule: rule.id, point: site.point, task: formatTask(task) };
      decision = { rule, task, mark };
    }
    if (decision !== undefined) this.#at.tell({ type: 'done', mark: decision.mark, rule: decision.rule, site });
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
    this.#end('stopped');
  }

  #end(why: 'stopped' | 'expired'): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#expiry?.cancel();
    this.#at.leave(this);
    for (const rule of this.#rules) rule.heal();
    this.#at.tell({ type: 'ended', plan: this, why });
    this.#at.gone(this);
  }
}

function append(map: Map<string, ActiveRule[]>, key: string, rule: ActiveRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}
