/**
 * The typed builder of plans: `plan().at('actor.receive', { path: 'app/jobs/*' }).nth(3).throw('boom')`. At each point it
 * offers what can be done there, and at each step what it has made is a plan.
 */
import { checkPlan } from './check.ts';
import {
  type Plan,
  type Rule,
  type Task,
  type TaskName,
  taskArguments,
  type Until,
  type When,
  type Where,
} from './plan.ts';
import type { PointName, TasksAt } from './points.ts';

interface TaskArguments {
  readonly off: [];
  readonly throw: [error?: string];
  readonly throwValue: [value?: unknown];
  readonly return: [value?: unknown];
  readonly sleep: [ms: number];
  readonly hang: [];
  readonly pause: [];
  readonly drop: [];
  readonly deadLetter: [];
  readonly dup: [];
  readonly delay: [ms: number];
  readonly reorder: [];
  readonly stall: [ms: number];
  readonly reject: [error?: string];
  readonly kill: [signal?: NodeJS.Signals];
  readonly stop: [reason?: string];
  readonly exit: [code?: number];
  readonly corrupt: [];
  readonly truncate: [bytes?: number];
  readonly shift: [ms: number];
  readonly rate: [factor: number];
  readonly stale: [];
}

/** When a rule applies; then what it does. See When and Task. */
export type RuleDraft<P extends PointName> = {
  nth(hit: number): RuleDraft<P>;
  every(hits: number): RuleDraft<P>;
  after(hits: number): RuleDraft<P>;
  between(from: number, to: number): RuleDraft<P>;
  afterMs(ms: number): RuleDraft<P>;
  betweenMs(fromMs: number, toMs: number): RuleDraft<P>;
  probability(probability: number): RuleDraft<P>;
  once(): RuleDraft<P>;
  while(condition: string): RuleDraft<P>;
  /** Of the next task alone. */
  percent(percent: number): RuleDraft<P>;
  /** Of the next task alone. */
  times(times: number): RuleDraft<P>;
} & { readonly [T in TasksAt<P> & TaskName]: (...args: TaskArguments[T]) => RuleDone<P> };

/** A plan with a whole rule at its end. */
export type RuleDone<P extends PointName> = PlanDraft & {
  /** Another term, for when the ones before are used up or do not come up. */
  otherwise(): RuleDraft<P>;
  until(until: Until): PlanDraft;
  /** Names the rule. */
  as(id: string): RuleDone<P>;
};

export type PlanDraft = Plan & {
  /** Begins another rule. */
  at<P extends PointName>(point: P, where?: Where): RuleDraft<P>;
};

/** Begins a plan. */
export function plan(options: Omit<Plan, 'rules'> = {}): PlanDraft {
  return new Draft({ ...options, rules: [] }) as unknown as PlanDraft;
}

/** The rule that is being written: behind those that are done. */
interface Open {
  readonly done: readonly Rule[];
  readonly rule: Rule;
  /** Of the next task. */
  readonly limits: { readonly percent?: number; readonly times?: number };
}

/** Each step makes a new one, so that a draft can be gone on with twice. As data it is a plan and nothing else. */
class Draft implements Plan {
  declare readonly seed?: number | string;
  declare readonly scope?: string;
  declare readonly expiresMs?: number;
  readonly rules: readonly Rule[];
  readonly #open: Open | undefined;

  constructor(plan: Plan, open?: Open) {
    if (plan.seed !== undefined) this.seed = plan.seed;
    if (plan.scope !== undefined) this.scope = plan.scope;
    if (plan.expiresMs !== undefined) this.expiresMs = plan.expiresMs;
    this.rules = plan.rules;
    this.#open = open;
    checkPlan({ ...this });
  }

  at(point: string, where?: Where): Draft {
    const rule: Rule = { point, ...(where === undefined ? {} : { where }), what: [] };
    return new Draft(this, { done: this.rules, rule, limits: {} });
  }

  otherwise(): Draft {
    return new Draft(this, { ...this.#rule, limits: {} });
  }

  until(until: Until): Draft {
    return this.#with({ until });
  }

  as(id: string): Draft {
    return this.#with({ id });
  }

  /** A task of the open rule, which with it is one of the plan's. */
  task(name: TaskName, argument: unknown): Draft {
    const { done, rule, limits } = this.#rule;
    const field = taskArguments[name];
    const given = field === undefined || argument === undefined ? {} : { [field]: argument };
    const task = { do: name, ...limits, ...given } as Task;
    const longer: Rule = { ...rule, what: [...rule.what, task] };
    return new Draft({ ...this, rules: [...done, longer] }, { done, rule: longer, limits: {} });
  }

  when(when: When): Draft {
    const open = this.#rule;
    return new Draft(this, { ...open, rule: { ...open.rule, when: { ...open.rule.when, ...when } } });
  }

  limit(limits: Open['limits']): Draft {
    const open = this.#rule;
    return new Draft(this, { ...open, limits: { ...open.limits, ...limits } });
  }

  get #rule(): Open {
    if (this.#open === undefined) throw new TypeError('plan(): a rule begins with at(point)');
    return this.#open;
  }

  /** The same rule, of the plan already, with something more. */
  #with(more: Partial<Rule>): Draft {
    const { done, rule } = this.#rule;
    const changed: Rule = { ...rule, ...more };
    return new Draft({ ...this, rules: [...done, changed] }, { done, rule: changed, limits: {} });
  }
}

const conditions: Readonly<Record<string, (draft: Draft, ...args: never[]) => Draft>> = {
  nth: (draft, nth: number) => draft.when({ nth }),
  every: (draft, every: number) => draft.when({ every }),
  after: (draft, after: number) => draft.when({ after }),
  between: (draft, from: number, to: number) => draft.when({ between: [from, to] }),
  afterMs: (draft, afterMs: number) => draft.when({ afterMs }),
  betweenMs: (draft, fromMs: number, toMs: number) => draft.when({ betweenMs: [fromMs, toMs] }),
  probability: (draft, probability: number) => draft.when({ probability }),
  once: (draft) => draft.when({ once: true }),
  while: (draft, condition: string) => draft.when({ while: condition }),
  percent: (draft, percent: number) => draft.limit({ percent }),
  times: (draft, times: number) => draft.limit({ times }),
};

for (const [name, condition] of Object.entries(conditions)) {
  Object.defineProperty(Draft.prototype, name, {
    value(this: Draft, ...args: never[]) {
      return condition(this, ...args);
    },
  });
}
for (const name of Object.keys(taskArguments) as TaskName[]) {
  Object.defineProperty(Draft.prototype, name, {
    value(this: Draft, argument: unknown) {
      return this.task(name, argument);
    },
  });
}
