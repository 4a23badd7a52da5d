/** A fault as a person puts it together, as a plan for the host; which says whether it can be started. Pure. */
import type { FaultRule } from '../../../protocol/index.ts';

/** What the fields of the form have; empty: nothing is said. */
export interface Draft {
  readonly path: string;
  readonly message: string;
  readonly nth: string;
  readonly every: string;
  readonly probability: string;
  readonly times: string;
  /** Of the first task. */
  readonly argument: string;
}

export const emptyDraft: Draft = {
  path: '',
  message: '',
  nth: '',
  every: '',
  probability: '',
  times: '',
  argument: '',
};

/** What the argument of a task is called, where it has one. */
const argumentNames: Readonly<Record<string, string>> = {
  throw: 'error',
  return: 'value',
  sleep: 'ms',
  delay: 'ms',
  kill: 'signal',
  stop: 'reason',
  exit: 'code',
  truncate: 'bytes',
  shift: 'ms',
};

export function argumentName({ what }: FaultRule): string | undefined {
  return argumentNames[String(what[0]?.do)];
}

/** The draft that a rule of the catalogue begins with. */
export function draftOf(rule: FaultRule): Draft {
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  const { where = {}, when = {}, until = {}, what } = rule;
  return {
    path: text(where.path),
    message: text(where.message),
    nth: text(when.nth),
    every: text(when.every),
    probability: text(when.probability),
    times: text(until.times),
    argument: text(what[0]?.[argumentName(rule) ?? '']),
  };
}

/** A number where it is one, so that the host says what else is wrong with it. */
const value = (text: string): unknown => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

/** The rule of the catalogue with what the draft says; what is empty in it is left out. */
export function ruleOf(rule: FaultRule, draft: Draft): FaultRule {
  const part = (before: FaultRule['where'], said: Readonly<Record<string, unknown>>) => {
    const all = Object.entries({ ...before, ...said }).filter(([, one]) => one !== '');
    return all.length === 0 ? undefined : Object.fromEntries(all);
  };
  const { where, when, until, what, ...rest } = rule;
  const name = argumentName(rule);
  const [task = {}, ...others] = what;
  const parts = {
    where: part(where, { path: draft.path, message: draft.message }),
    when: part(when, { nth: value(draft.nth), every: value(draft.every), probability: value(draft.probability) }),
    until: part(until, { times: value(draft.times) }),
  };
  const said = Object.fromEntries(Object.entries(parts).filter(([, one]) => one !== undefined));
  const argument = name === undefined ? {} : { [name]: argumentValue(name, draft.argument) };
  return { ...rest, ...said, what: [part(task, argument) ?? {}, ...others] };
}

/** Texts that look like numbers are none where a text is meant. */
const argumentValue = (name: string, text: string): unknown =>
  name === 'error' || name === 'signal' || name === 'reason' ? text : value(text);
