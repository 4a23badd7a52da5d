/** One rule at work: which passings of its point count, what is done at which, who waits because of it, and its healing. */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';
import { matcher } from '../plan/glob.ts';
import type { Rule, Task } from '../plan/plan.ts';
import { formatTask } from '../plan/short-form.ts';

/** One passing of a point. */
export interface Site {
  readonly point: string;
  readonly path?: string | undefined;
  readonly from?: string | undefined;
  readonly message?: string | undefined;
  readonly layer?: string | undefined;
  readonly session?: string | undefined;
  readonly direction?: 'in' | 'out' | undefined;
}

/** What a plan needs of the world that it is armed in. */
export interface Surroundings {
  /** Never one that is itself under faults. */
  readonly clock: Clock;
  /** Whether something of this probability happens. */
  chance(what: string, probability: number): boolean;
  /** One of so many. */
  pick(what: string, of: number): number;
  /** Keeps everybody from going on while so much time passes. */
  stall(ms: number): void;
  /** Told of everything that is done and healed. */
  told?(done: { readonly rule: string; readonly task?: string; readonly site?: Site }): void;
}

/** What `when.while` names. */
export type Conditions = Readonly<Record<string, () => boolean>>;

export class ActiveRule {
  readonly id: string;
  /** The id of its plan. */
  readonly plan: string;
  readonly rule: Rule;
  hits = 0;
  done = 0;
  healed = false;
  readonly #used: number[];
  readonly #fits: (site: Site) => boolean;
  readonly #holds = new Set<{ readonly released: () => void; readonly atRelease: boolean }>();
  readonly #undo: (() => void)[] = [];
  readonly #surroundings: Surroundings;
  readonly #conditions: Conditions;
  readonly #armedMs: number;
  readonly #onHealed: () => void;
  #timer: TimerHandle | undefined;

  /** `onHealed` is told when it is healed of something that it did. */
  constructor(
    rule: Rule,
    { id, plan, scope }: { readonly id: string; readonly plan: string; readonly scope: string | undefined },
    surroundings: Surroundings,
    conditions: Conditions,
    onHealed: () => void,
  ) {
    this.rule = rule;
    this.id = id;
    this.plan = plan;
    this.#onHealed = onHealed;
    this.#used = rule.what.map(() => 0);
    this.#fits = fitting(rule, scope);
    this.#surroundings = surroundings;
    this.#conditions = conditions;
    this.#armedMs = surroundings.clock.monotonicMs();
  }

  get held(): number {
    return this.#holds.size;
  }

  /** Counts a passing of the point; answers what is to be done, unless another rule does something already. */
  passed(site: Site, taken: boolean): Task | undefined {
    if (this.healed || !this.#fits(site)) return undefined;
    this.hits += 1;
    if (taken || !this.#due()) return undefined;
    const index = this.rule.what.findIndex((term, at) => this.#hasTurn(term, at));
    const task = this.rule.what[index];
    if (task === undefined) return undefined;
    this.#used[index] = (this.#used[index] ?? 0) + 1;
    if (task.do === 'off') return undefined;
    this.#doneNow();
    this.#surroundings.told?.({ rule: this.id, task: formatTask(task), site });
    return task;
  }

  #due(): boolean {
    const {
      nth,
      every,
      after,
      between,
      afterMs,
      betweenMs,
      probability,
      once,
      while: condition,
    } = this.rule.when ?? {};
    const { hits } = this;
    const armedForMs = this.#surroundings.clock.monotonicMs() - this.#armedMs;
    if ((once && this.done > 0) || this.done >= (this.rule.until?.times ?? Number.POSITIVE_INFINITY)) return false;
    if (nth !== undefined && hits !== nth) return false;
    if (every !== undefined && hits % every !== 0) return false;
    if (after !== undefined && hits <= after) return false;
    if (between !== undefined && (hits < between[0] || hits > between[1])) return false;
    if (afterMs !== undefined && armedForMs < afterMs) return false;
    if (betweenMs !== undefined && (armedForMs < betweenMs[0] || armedForMs > betweenMs[1])) return false;
    if (condition !== undefined && !this.#conditions[condition]?.()) return false;
    return probability === undefined || this.#surroundings.chance(`fault ${this.id}`, probability);
  }

  #hasTurn({ times, percent }: Task, at: number): boolean {
    if (times !== undefined && (this.#used[at] ?? 0) >= times) return false;
    return percent === undefined || this.#surroundings.chance(`fault ${this.id}.${at + 1}`, percent / 100);
  }

  #doneNow(): void {
    this.done += 1;
    const { ms } = this.rule.until ?? {};
    if (ms !== undefined && this.done === 1) this.#timer = this.#surroundings.clock.setTimer(ms, () => this.heal());
  }

  /** One of so many, for a task that has a choice. */
  pick(of: number): number {
    return this.#surroundings.pick(`detail ${this.id}`, of);
  }

  /** Nobody goes on while so many milliseconds pass. */
  stall(ms: number): void {
    this.#surroundings.stall(ms);
  }

  /** Runs `goOn` after so long, or as soon as the rule is healed. What this returns calls it off. */
  later(ms: number, goOn: () => void): () => void {
    const hold = this.#hold(() => {
      timer.cancel();
      goOn();
    }, false);
    const timer = this.#surroundings.clock.setTimer(ms, hold.released);
    return this.#callOff(hold, timer);
  }

  /** Runs `goOn` when the rule is healed; also when it is released, unless it hangs. */
  untilHealed(task: Task, goOn: () => void): () => void {
    return this.#callOff(this.#hold(goOn, task.do === 'pause'));
  }

  #hold(goOn: () => void, atRelease: boolean) {
    const hold = {
      atRelease,
      released: () => {
        if (this.#holds.delete(hold)) goOn();
      },
    };
    this.#holds.add(hold);
    return hold;
  }

  #callOff(hold: { readonly released: () => void; readonly atRelease: boolean }, timer?: TimerHandle): () => void {
    return () => {
      timer?.cancel();
      this.#holds.delete(hold);
    };
  }

  /** Waits as a `sleep`, `hang` or `pause` says. */
  wait(task: Task): Promise<void> {
    return new Promise((resolve) => {
      if (task.do === 'sleep' || task.do === 'delay') this.later(task.ms, resolve);
      else this.untilHealed(task, resolve);
    });
  }

  /** What is to be done, besides letting go, when it is healed. */
  onHeal(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Lets those go on that pause. */
  release(): void {
    for (const hold of [...this.#holds]) if (hold.atRelease) hold.released();
  }

  /** Does nothing any more, and undoes what it did. */
  heal(): void {
    if (this.healed) return;
    this.healed = true;
    this.#timer?.cancel();
    if (this.done > 0) {
      this.#surroundings.told?.({ rule: this.id });
      this.#onHealed();
    }
    for (const undo of this.#undo.splice(0)) undo();
    for (const hold of [...this.#holds]) hold.released();
  }
}

function fitting(rule: Rule, scope: string | undefined): (site: Site) => boolean {
  const { where = {} } = rule;
  const tests: ((site: Site) => boolean)[] = [];
  const text = (glob: string | undefined, of: (site: Site) => string | undefined) => {
    if (glob === undefined) return;
    const fits = matcher(glob);
    tests.push((site) => {
      const value = of(site);
      return value !== undefined && fits(value);
    });
  };
  text(scope, ({ path }) => path);
  text(where.path, ({ path }) => path);
  text(where.from, ({ from }) => from);
  text(where.message, ({ message }) => message);
  text(where.session, ({ session }) => session);
  if (where.layer !== undefined) tests.push(({ layer }) => layer === where.layer);
  if (where.direction !== undefined) tests.push(({ direction }) => direction === where.direction);
  return (site) => tests.every((test) => test(site));
}
