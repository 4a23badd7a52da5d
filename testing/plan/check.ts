/** Checks a plan that comes as data; what is wrong is named by its field. */
import { type Plan, type Rule, type Task, type TaskName, taskArguments } from './plan.ts';
import { tasksAt } from './points.ts';

/** A plan is wrong; `field` says where, such as `rules[2].when.nth`. */
export class PlanError extends Error {
  readonly field: string;

  constructor(field: string, what: string) {
    super(`${field === '' ? 'the plan' : field}: ${what}`);
    this.name = new.target.name;
    this.field = field;
  }
}

type Check = (field: string, value: unknown) => void;

const show = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)));

const must =
  (holds: (value: unknown) => boolean, what: string): Check =>
  (field, value) => {
    if (!holds(value)) throw new PlanError(field, `must be ${what}, not ${show(value)}`);
  };

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const count = must((value) => Number.isInteger(value) && (value as number) > 0, 'a whole number above 0');
const duration = must((value) => isNumber(value) && value >= 0, 'milliseconds, 0 or more');
const milliseconds = must(isNumber, 'milliseconds');
const text = must(isText, 'text');
const json = must((value) => {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}, 'a value that JSON can hold');

const span =
  (bound: Check): Check =>
  (field, value) => {
    if (!Array.isArray(value) || value.length !== 2)
      throw new PlanError(field, `must be [from, to], not ${show(value)}`);
    bound(`${field}[0]`, value[0]);
    bound(`${field}[1]`, value[1]);
    if (value[0] > value[1]) throw new PlanError(field, `must not end before it begins, not ${show(value)}`);
  };

const where: Readonly<Record<string, Check>> = {
  path: text,
  from: text,
  message: text,
  layer: must((value) => ['infrastructure', 'state', 'context'].includes(value as string), 'a layer'),
  session: text,
  direction: must((value) => value === 'in' || value === 'out', '"in" or "out"'),
};

const when: Readonly<Record<string, Check>> = {
  nth: count,
  every: count,
  after: count,
  between: span(count),
  afterMs: duration,
  betweenMs: span(duration),
  probability: must((value) => isNumber(value) && value >= 0 && value <= 1, 'a number from 0 to 1'),
  once: must((value) => typeof value === 'boolean', 'true or false'),
  while: text,
};

const until: Readonly<Record<string, Check>> = { times: count, ms: duration, healedBy: text };

const argument: Partial<Record<TaskName, { readonly check: Check; readonly needed: boolean }>> = {
  throw: { check: must((value) => typeof value === 'string', 'text'), needed: false },
  throwValue: { check: json, needed: false },
  return: { check: json, needed: false },
  sleep: { check: duration, needed: true },
  delay: { check: milliseconds, needed: true },
  stall: { check: duration, needed: true },
  reject: { check: must((value) => typeof value === 'string', 'text'), needed: false },
  kill: {
    check: must((value) => typeof value === 'string' && /^SIG[A-Z0-9]+$/.test(value), 'a signal'),
    needed: false,
  },
  stop: { check: text, needed: false },
  exit: {
    check: must(
      (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256,
      'an exit code',
    ),
    needed: false,
  },
  truncate: {
    check: must((value) => Number.isInteger(value) && (value as number) >= 0, 'a number of bytes'),
    needed: false,
  },
  shift: { check: milliseconds, needed: true },
  rate: { check: must((value) => isNumber(value) && value > 0, 'a number above 0'), needed: true },
};

function fields(
  field: string,
  value: unknown,
  known: Readonly<Record<string, Check>>,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PlanError(field, `must be an object, not ${show(value)}`);
  }
  for (const [name, given] of Object.entries(value)) {
    const at = field === '' ? name : `${field}.${name}`;
    if (!Object.hasOwn(known, name)) throw new PlanError(at, 'there is no such field');
    if (given !== undefined) (known[name] as Check)(at, given);
  }
  return value as Readonly<Record<string, unknown>>;
}

const some = (field: string, value: unknown, each: Check): void => {
  if (!Array.isArray(value)) throw new PlanError(field, `must be a list, not ${show(value)}`);
  for (const [index, item] of value.entries()) each(`${field}[${index}]`, item);
};

function checkTask(point: string, field: string, value: unknown): void {
  const name = (value as { do?: unknown } | null)?.do as TaskName;
  if (typeof name !== 'string' || !Object.hasOwn(taskArguments, name)) {
    throw new PlanError(`${field}.do`, `must be one of ${Object.keys(taskArguments).join(', ')}, not ${show(name)}`);
  }
  const possible = tasksAt(point);
  if (!possible.includes(name)) {
    throw new PlanError(`${field}.do`, `'${name}' cannot be done at '${point}', only ${possible.join(', ')}`);
  }
  const own = taskArguments[name];
  const { check = json, needed = false } = argument[name] ?? {};
  const given = fields(field, value, {
    do: () => {},
    percent: must((percent) => isNumber(percent) && percent >= 0 && percent <= 100, 'a number from 0 to 100'),
    times: count,
    ...(own === undefined ? {} : { [own]: check }),
  });
  if (needed && given[own as string] === undefined) throw new PlanError(`${field}.${own}`, `'${name}' needs it`);
}

function checkRule(field: string, value: unknown): void {
  const point = (value as Partial<Rule> | null)?.point;
  if (value !== null && typeof value === 'object') must(isPoint, 'the name of a point')(`${field}.point`, point);
  const rule = fields(field, value, {
    id: must((id) => typeof id === 'string' && /^[\w.-]+$/.test(id), 'a name of letters, digits, - _ .'),
    point: () => {},
    where: (at, given) => void fields(at, given, where),
    when: (at, given) => void fields(at, given, when),
    what: (at, given) => some(at, given, (each, task) => checkTask(point as string, each, task)),
    until: (at, given) => void fields(at, given, until),
  });
  if (!Array.isArray(rule.what) || rule.what.length === 0)
    throw new PlanError(`${field}.what`, 'needs at least one task');
}

const isPoint = (value: unknown) => typeof value === 'string' && /^[\w.:/-]+$/.test(value);

/** Answers the value as a plan. Throws PlanError, which names the field. */
export function checkPlan(value: unknown): Plan {
  const plan = fields('', value, {
    seed: must((seed) => typeof seed === 'string' || Number.isSafeInteger(seed), 'a whole number or text'),
    scope: text,
    expiresMs: duration,
    rules: (field, rules) => some(field, rules, checkRule),
  });
  if (plan.rules === undefined) throw new PlanError('rules', 'must be a list, not nothing');
  const ids = new Set<string>();
  for (const [index, { id }] of (plan.rules as readonly Rule[]).entries()) {
    const name = id ?? `r${index + 1}`;
    if (ids.has(name)) throw new PlanError(`rules[${index}].id`, `'${name}' is the name of another rule`);
    ids.add(name);
  }
  return plan as unknown as Plan;
}

/** The argument of a task. */
export function argumentOf(task: Task): unknown {
  const field = taskArguments[task.do];
  return field === undefined ? undefined : (task as unknown as Record<string, unknown>)[field];
}
