/**
 * Plans as one line of text, in the style of failpoint libraries, for an environment variable or the command line:
 * `point=5%3*sleep(200)->1*throw(boom)`. Where and when stand in braces:
 * `actor.receive{path=app/jobs/*,nth=3}=throw(boom);message.send{probability=0.1}=drop`. What is said of the whole plan
 * begins with `@`: `@seed=7;@expiresMs=1000`.
 */
import { argumentOf, checkPlan, PlanError } from './check.ts';
import { type Plan, type Rule, type Task, type TaskName, taskArguments } from './plan.ts';

const placeKeys = ['path', 'from', 'message', 'layer', 'session', 'direction'] as const;
const timeKeys = ['nth', 'every', 'after', 'between', 'afterMs', 'betweenMs', 'probability', 'once', 'while'] as const;
const endKeys = ['times', 'ms', 'healedBy'] as const;
const planKeys = ['seed', 'scope', 'expiresMs'] as const;

/** Text that stands for itself: it means no number, no JSON, and nothing that separates. */
const plain = /^(?!-?\d)(?!(?:true|false|null)$)[^\s"{}[\]()=,;%]+$/;

const word = (value: unknown): string =>
  typeof value === 'string' && plain.test(value) && !value.includes('->') ? value : JSON.stringify(value);

/** A plan as one line. */
export function formatPlan(plan: Plan): string {
  const parts = planKeys.flatMap((key) => (plan[key] === undefined ? [] : [`@${key}=${word(plan[key])}`]));
  return [...parts, ...plan.rules.map(formatRule)].join(';');
}

function formatRule(rule: Rule): string {
  const pairs: string[] = rule.id === undefined ? [] : [`id=${word(rule.id)}`];
  for (const [keys, given] of [
    [placeKeys, rule.where],
    [timeKeys, rule.when],
    [endKeys, rule.until],
  ] as const) {
    const values = (given ?? {}) as Readonly<Record<string, unknown>>;
    for (const key of keys) if (values[key] !== undefined) pairs.push(`${key}=${word(values[key])}`);
  }
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${rule.point}${braces}=${rule.what.map(formatTask).join('->')}`;
}

/** One task: `5%3*sleep(200)`. */
export function formatTask(task: Task): string {
  const percent = task.percent === undefined ? '' : `${task.percent}%`;
  const times = task.times === undefined ? '' : `${task.times}*`;
  const argument = argumentOf(task);
  return `${percent}${times}${task.do}${argument === undefined ? '' : `(${word(argument)})`}`;
}

/** The plan that a line of text means. Throws PlanError. */
export function parsePlan(text: string): Plan {
  const reader = new Reader(text);
  const plan: Record<string, unknown> & { rules: unknown[] } = { rules: [] };
  while (!reader.atEnd) {
    if (reader.take('@')) {
      const key = reader.name('the name of what is said of the plan');
      reader.expect('=');
      plan[key] = reader.value(';');
    } else plan.rules.push(parseRule(reader));
    if (!reader.atEnd) reader.expect(';');
  }
  return checkPlan(plan);
}

function parseRule(reader: Reader): Record<string, unknown> {
  const point = reader.name('the name of a point');
  const where: Record<string, unknown> = {};
  const when: Record<string, unknown> = {};
  const until: Record<string, unknown> = {};
  let id: unknown;
  if (reader.take('{')) {
    while (!reader.take('}')) {
      const key = reader.name('where, when or until');
      reader.expect('=');
      const value = reader.value(',}');
      if (key === 'id') id = value;
      else if ((placeKeys as readonly string[]).includes(key)) where[key] = value;
      else if ((timeKeys as readonly string[]).includes(key)) when[key] = value;
      else if ((endKeys as readonly string[]).includes(key)) until[key] = value;
      else throw reader.wrong(`there is no '${key}'`);
      reader.take(',');
    }
  }
  reader.expect('=');
  const what = [parseTask(reader)];
  while (reader.take('->')) what.push(parseTask(reader));
  return {
    ...(id === undefined ? {} : { id }),
    point,
    ...(Object.keys(where).length === 0 ? {} : { where }),
    ...(Object.keys(when).length === 0 ? {} : { when }),
    what,
    ...(Object.keys(until).length === 0 ? {} : { until }),
  };
}

function parseTask(reader: Reader): Record<string, unknown> {
  const percent = reader.number('%');
  const times = reader.number('*');
  const name = reader.name('a task');
  if (!Object.hasOwn(taskArguments, name)) throw reader.wrong(`there is no task '${name}'`);
  const field = taskArguments[name as TaskName];
  const task: Record<string, unknown> = { do: name };
  if (percent !== undefined) task.percent = percent;
  if (times !== undefined) task.times = times;
  if (reader.take('(')) {
    if (!reader.take(')')) {
      if (field === undefined) throw reader.wrong(`'${name}' takes no argument`);
      task[field] = reader.value(')');
      reader.expect(')');
    }
  }
  return task;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skip();
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  wrong(what: string): PlanError {
    const near = this.#text.slice(this.#at, this.#at + 12);
    return new PlanError('', `${what}, at '${near}' (character ${this.#at + 1})`);
  }

  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    this.#skip();
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.wrong(`expected '${token}'`);
  }

  name(what: string): string {
    const [found] = /^[\w.:/-]*[\w:/]/.exec(this.#text.slice(this.#at)) ?? [];
    if (found === undefined) throw this.wrong(`expected ${what}`);
    this.#at += found.length;
    this.#skip();
    return found;
  }

  /** A number that this mark follows; undefined when none does. */
  number(mark: string): number | undefined {
    const [found] = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*/.exec(this.#text.slice(this.#at)) ?? [];
    if (found === undefined || !this.#text.startsWith(mark, this.#at + found.length)) return undefined;
    this.#at += found.length;
    this.expect(mark);
    return Number(found);
  }

  /** JSON, or plain text up to one of these characters. */
  value(ends: string): unknown {
    const start = this.#at;
    let depth = 0;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      if (depth === 0 && ends.includes(character)) break;
      if (character === '"') this.#string();
      else {
        if ('[{('.includes(character)) depth += 1;
        if (']})'.includes(character)) depth -= 1;
        this.#at += 1;
      }
    }
    const found = this.#text.slice(start, this.#at).trim();
    if (found === '') throw this.wrong('expected a value');
    try {
      return JSON.parse(found) as unknown;
    } catch {
      if (found.startsWith('"')) throw this.wrong(`${found} is no JSON`);
      return found;
    }
  }

  #string(): void {
    this.#at += 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"')
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    this.#at += 1;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}
