/**
 * Fault plans of a live system, for viewers: shows what can be injected and what is armed, and arms plans that end by
 * themselves, whatever becomes of who started them.
 */
import type { ActorSystem } from '../../actors/core/index.ts';
import {
  type ActivePlan,
  activePlans,
  armFaults,
  checkPlan,
  formatPlan,
  type Plan,
  PlanError,
  parsePlan,
} from '../../testing/faults/index.ts';
import type { FaultPlanRow, FaultsHead, PlanHead, Snapshot } from '../protocol/index.ts';
import { doorsOf, entriesOf, pointsOf } from './fault-catalogue.ts';
import { ViewError } from './view-error.ts';

/** How long a plan of a viewer is armed unless it says, and at most, in milliseconds. */
const defaultMs = 60_000;
const maxMs = 3_600_000;
/** How many plans viewers may have armed at once, how many rules one may have, and how long its text may be. */
const plansMax = 32;
const rulesMax = 100;
const charactersMax = 65_536;

export class FaultDesk {
  readonly #system: ActorSystem;
  readonly #changed: () => void;
  /** Those that viewers have started. */
  readonly #started = new Set<ActivePlan>();

  /** `changed` is told when rules are healed or released by hand, with no event that tells of it. */
  constructor(system: ActorSystem, changed: () => void) {
    this.#system = system;
    this.#changed = changed;
  }

  /** Ends what viewers have started. Plans of code go on. */
  stop(): void {
    for (const plan of [...this.#started]) plan.stop();
  }

  // For viewers

  view(brief: boolean): Snapshot<'faults'> {
    const system = this.#system;
    const rows = activePlans(system).map(rowOf);
    const all = brief ? nothing : { entries: entriesOf(), points: pointsOf(system), doors: doorsOf(system) };
    const head: FaultsHead = { ...all, defaultMs, maxMs };
    return { head, rows: rows.map((row) => [row.id, row] as const), total: rows.length };
  }

  /** What a plan is, and why it cannot be started. */
  look(plan: unknown): PlanHead {
    let form: string | null = null;
    try {
      const read = readPlan(plan);
      form = formatPlan(read);
      checkDoors(read, this.#system);
      return { form, problem: null };
    } catch (error) {
      if (!(error instanceof ViewError)) throw error;
      const { code, field = null, message } = error;
      return { form, problem: { code, field, message } };
    }
  }

  /** Throws ViewError `invalid_plan`, which names the field, `no_door`, `too_many`. */
  start(given: unknown, expiresMs: number | undefined, by: string): FaultPlanRow {
    const plan = readPlan(given);
    const forMs = expiresMs ?? plan.expiresMs ?? defaultMs;
    if (typeof forMs !== 'number' || !(forMs > 0 && forMs <= maxMs)) {
      throw wrong('expiresMs', `must be milliseconds, above 0 and at most ${maxMs}, not ${JSON.stringify(forMs)}`);
    }
    checkDoors(plan, this.#system);
    for (const one of this.#started) if (one.stopped) this.#started.delete(one);
    if (this.#started.size >= plansMax) throw new ViewError('too_many', `${plansMax} plans are armed already`);
    const armed = named(() => armFaults(this.#system, { ...plan, expiresMs: forMs }, { by }));
    this.#started.add(armed);
    return rowOf(armed);
  }

  /** Ends a plan, or all of them, whoever armed them. */
  endPlans(id: string | undefined): { readonly stopped: number } {
    const plans = this.#plans(id);
    for (const plan of plans) plan.stop();
    return { stopped: plans.length };
  }

  heal(id: string, rule: string | undefined): void {
    for (const plan of this.#plans(id)) ofRule(plan, rule, () => plan.heal(rule));
    this.#changed();
  }

  release(id: string | undefined, rule: string | undefined): void {
    for (const plan of this.#plans(id)) ofRule(plan, rule, () => plan.release(rule));
    this.#changed();
  }

  #plans(id: string | undefined): readonly ActivePlan[] {
    const all = activePlans(this.#system);
    const found = id === undefined ? [...all] : all.filter((plan) => plan.id === id);
    if (id !== undefined && found.length === 0) throw new ViewError('not_found', `no plan '${id}' is armed`);
    return found;
  }
}

const nothing = { entries: [], points: [], doors: [] };

function rowOf(active: ActivePlan): FaultPlanRow {
  const { id, by, plan, sinceAtMs, expiresAtMs = null, status } = active;
  const rules = status.map(({ point: _, ...rule }, index) => ({
    ...rule,
    form: formatPlan({ rules: plan.rules.slice(index, index + 1) }),
  }));
  return { id, by, form: formatPlan(plan), sinceAtMs, expiresAtMs, rules };
}

/** A plan that came over the wire. Throws ViewError `invalid_plan`, which names the field. */
export function readPlan(given: unknown): Plan {
  const size = typeof given === 'string' ? given.length : (JSON.stringify(given)?.length ?? 0);
  if (size > charactersMax) throw wrong('', `has ${size} characters, and at most ${charactersMax} are taken`);
  const plan = named(() => (typeof given === 'string' ? parsePlan(given) : checkPlan(given)));
  if (plan.rules.length === 0) throw wrong('rules', 'needs at least one rule');
  const ends = plan.rules.findIndex(({ what }) => what.some((task) => task.do === 'orphan'));
  if (ends >= 0) throw wrong(`rules[${ends}].what`, "'orphan' kills this very process: code alone may arm that");
  if (plan.rules.length > rulesMax) throw wrong('rules', `are ${plan.rules.length}, and at most ${rulesMax} are taken`);
  return plan;
}

function named<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PlanError) throw new ViewError('invalid_plan', error.message, error.field);
    // Something else stands in the seam.
    if (error instanceof TypeError) throw new ViewError('invalid', error.message);
    throw error;
  }
}

/** A rule about a door that plans cannot get into would never do anything. */
function checkDoors(plan: Plan, system: ActorSystem): void {
  const doors = new Map(doorsOf(system).map((door) => [door.door, door]));
  for (const [index, { point }] of plan.rules.entries()) {
    const door = doors.get(point.slice(0, point.indexOf('.')));
    if (door === undefined || door.open) continue;
    const why = `'${point}' is behind the door '${door.door}', into which no plan gets here: ${door.todo}`;
    throw new ViewError('no_door', `rules[${index}].point: ${why}`, `rules[${index}].point`);
  }
}

function ofRule(plan: ActivePlan, rule: string | undefined, work: () => void): void {
  if (rule !== undefined && !plan.status.some(({ id }) => id === rule)) {
    throw new ViewError('not_found', `plan '${plan.id}' has no rule '${rule}'`);
  }
  work();
}

const wrong = (field: string, what: string): ViewError =>
  new ViewError('invalid_plan', `${field === '' ? 'the plan' : field}: ${what}`, field);
