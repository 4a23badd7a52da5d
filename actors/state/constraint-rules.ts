/** Which constraints each type has, and what they may be. */
import { freezeDeep } from '../core/index.ts';
import { invalid } from './invalid.ts';
import { isJsonSchema } from './json-schema.ts';
import { patternLengthMax } from './pattern.ts';
import type { CommonConstraints, ConstraintsOf, OwnConstraintsOf, VariableType } from './types.ts';
import { type Dtype, dtypes, show } from './value.ts';

/** The longest name of a variable or of a function, in characters. */
export const nameLengthMax = 200;

type Rule = (value: unknown) => boolean;
const whole: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Rule = (value) => typeof value === 'boolean';
const finite: Rule = (value) => typeof value === 'number' && Number.isFinite(value);
const word: Rule = (value) => typeof value === 'string' && value !== '' && value.length <= nameLengthMax;
const words: Rule = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((word) => typeof word === 'string') &&
  new Set(value).size === value.length;
const patterns: Rule = (value) => words(value) && (value as string[]).every((one) => one.length <= patternLengthMax);
const expression: Rule = (value) => {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') !== undefined;
  } catch {
    return false; // Said by name below: the pattern is no regular expression.
  }
};

/** Which constraints each type has, and what they may be. */
const rules: { readonly [T in VariableType]: { readonly [K in keyof Required<OwnConstraintsOf[T]>]: Rule } } = {
  boolean: {},
  integer: { min: Number.isSafeInteger, max: Number.isSafeInteger },
  float: { min: finite, max: finite, finite: flag },
  string: { minLength: whole, maxLength: whole, pattern: expression, choices: words },
  choice: { choices: words },
  module: { modules: words },
  embedding: { dimensions: whole },
  tensor: {
    shape: (value) => Array.isArray(value) && value.every((size) => size === null || whole(size)),
    dtype: (value) => Object.hasOwn(dtypes, value as Dtype),
  },
  json: { schema: isJsonSchema },
  bytes: { maxBytes: whole },
};

/** Those of every type. */
const common: Readonly<Record<string, Rule>> = {
  secret: flag,
  dependsOn: words,
  computedBy: word,
  writers: (value) => patterns(value) || (Array.isArray(value) && value.length === 0),
  readers: patterns,
} satisfies {
  readonly [K in keyof Required<CommonConstraints>]: Rule;
};

/** Those of a variable's options that are constraints of its type. */
export function constraintsIn(type: VariableType, options: object): Readonly<Record<string, unknown>> {
  const given = options as Readonly<Record<string, unknown>>;
  return Object.fromEntries([...Object.keys(rules[type]), ...Object.keys(common)].map((key) => [key, given[key]]));
}

/** Checks the constraints of a declaration. Throws StateError `invalid`, which names the constraint. */
export function constraintsOf<T extends VariableType>(
  name: string,
  type: T,
  given: Readonly<Record<string, unknown>>,
): ConstraintsOf[T] {
  const known = rules[type] as Readonly<Record<string, Rule>>;
  const constraints: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given ?? {})) {
    // Not secret is as if nothing was said.
    if (value === undefined || (key === 'secret' && value === false)) continue;
    const rule = Object.hasOwn(common, key) ? common[key] : Object.hasOwn(known, key) ? known[key] : undefined;
    const details = { variable: name, constraint: key };
    if (rule === undefined) throw invalid(`variable '${name}': a ${type} has no constraint '${key}'`, details);
    if (!rule(value)) throw invalid(`variable '${name}': constraint ${key} cannot be ${show(value)}`, details);
    constraints[key] = typeof value === 'object' ? freezeDeep(structuredClone(value)) : value;
  }
  if (type === 'choice' && constraints.choices === undefined) {
    throw invalid(`variable '${name}': a choice needs choices`, { variable: name, constraint: 'choices' });
  }
  if (constraints.computedBy !== undefined && constraints.dependsOn === undefined) {
    const details = { variable: name, constraint: 'computedBy' };
    throw invalid(`variable '${name}': is computed from what it depends on: it needs dependsOn`, details);
  }
  const { min, max } = constraints as { min?: number; max?: number };
  if (min !== undefined && max !== undefined && min > max) {
    throw invalid(`variable '${name}': min ${min} is above max ${max}`, { variable: name, constraint: 'min' });
  }
  return Object.freeze(constraints) as unknown as ConstraintsOf[T];
}
