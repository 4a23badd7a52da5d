/** All plans that are armed at one place: a live system, or a simulation. Any number of them may be. */
import { type FaultMark, Recent } from '../../actors/core/index.ts';
import type { Plan, Task, TaskName } from '../plan/plan.ts';
import { ActivePlan, type ArmOptions, type Decision } from './active-plan.ts';
import type { Site, Surroundings } from './active-rule.ts';
import type { FaultNews } from './fault-news.ts';

/** Of how many places it is known which fault may end who lives there, and how many points of code are known. */
const placesMax = 1_000;
const pointsMax = 1_000;

/** What ends an actor with no error of ours in the reason: there the error itself says whose it is. */
const grave: ReadonlySet<TaskName> = new Set(['kill', 'stop', 'exit', 'hang']);
const isGrave = ({ point }: Site, { do: name }: Task): boolean =>
  point.startsWith('actor.') ? grave.has(name) : point.startsWith('process.') && (grave.has(name) || name === 'throw');

export class FaultSet {
  readonly #surroundings: (plan: Plan) => Surroundings;
  readonly #plans: ActivePlan[] = [];
  /** Told when the last plan has ended. */
  onEmpty: (() => void) | undefined;
  /** Told of each plan that is armed, and of each that has ended. */
  readonly onChange = new Set<() => void>();
  /** Told of everything that its plans do. */
  readonly onNews = new Set<(news: FaultNews) => void>();
  /** The fault points of library and user code that were passed while a plan was armed. */
  readonly passed = new Set<string>();
  readonly #blame = new Recent<string, FaultMark>(placesMax);
  #armed = 0;
  /** Whoever is told of a fault may read a clock, and that is no passing of its point: it would be told of, too. */
  #telling = false;

  constructor(surroundings: (plan: Plan) => Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The plans, oldest first. */
  get plans(): readonly ActivePlan[] {
    return this.#plans;
  }

  /** Arms a plan. Throws PlanError. */
  arm(plan: Plan, options: ArmOptions = {}): ActivePlan {
    const active = new ActivePlan(plan, this.#surroundings(plan), options, {
      id: `p${this.#armed + 1}`,
      tell: (news) => this.#tell(news),
      leave: () => this.#plans.splice(this.#plans.indexOf(active), 1),
      gone: () => {
        if (this.#plans.length === 0) this.onEmpty?.();
        this.#changed();
      },
    });
    this.#armed += 1;
    this.#plans.push(active);
    this.#tell({ type: 'started', plan: active });
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
    if (this.#telling) return undefined;
    for (const plan of [...this.#plans]) {
      const decision = plan.decide(site);
      if (decision === undefined) continue;
      const { path } = site;
      if (path !== undefined && isGrave(site, decision.task)) this.#blame.use(path, decision.mark);
      return decision;
    }
    return undefined;
  }

  /** Code passes a point of its own. */
  pass(point: string): void {
    if (this.passed.size < pointsMax) this.passed.add(point);
  }

  /** The last fault that may have ended who lived at a path; asked once. */
  blamed(path: string): FaultMark | undefined {
    const mark = this.#blame.get(path);
    this.#blame.delete(path);
    return mark;
  }

  #tell(news: FaultNews): void {
    if (news.type === 'healed') this.#forgive(news.plan.id, news.rule.id);
    const before = this.#telling;
    this.#telling = true;
    try {
      for (const told of [...this.onNews]) told(news);
    } finally {
      this.#telling = before;
    }
  }

  /** What has gone on after it is not ended by it. */
  #forgive(plan: string, rule: string): void {
    for (const path of [...this.#blame.keys()]) {
      const mark = this.#blame.get(path);
      if (mark?.plan === plan && mark.rule === rule) this.#blame.delete(path);
    }
  }

  /** Ends all plans and heals what they did. */
  stopAll(): void {
    for (const plan of [...this.#plans]) plan.stop();
  }
}
