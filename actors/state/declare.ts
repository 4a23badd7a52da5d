/**
 * Declarations: `float({ min: 0, max: 2, default: 0.7 })`. The types of the values follow from them. Each is
 * validated where it is written; a wrong one throws StateError `invalid`.
 */
import { StateError } from '../core/index.ts';
import { coerce, isVariableType } from './constraints.ts';
import { invalid } from './invalid.ts';
import { patternLengthMax } from './pattern.ts';
import { concealed, isSecret, secretRefused } from './secret.ts';
import { type Stored, store } from './stored.ts';
import type {
  CommonConstraints,
  ConstraintsOf,
  Declaration,
  Declarations,
  OwnConstraintsOf,
  ValueOf,
  VariableType,
} from './types.ts';
import { type Dtype, dtypes, elementCount, equalValues, type Json, show, Tensor } from './value.ts';

export interface Described {
  /** For people, and for the model that is told about the variable. */
  readonly description?: string;
}

type Options<T extends VariableType, V = ValueOf[T]> = ConstraintsOf[T] & Described & { readonly default?: V };

/** True or false. Default false. */
export const boolean = ({ secret, dependsOn, writers, ...rest }: Options<'boolean'> = {}) =>
  make('boolean', { secret, dependsOn, writers }, rest);

/** A whole number. Default 0, or the bound nearest to it. */
export function integer({
  min,
  max,
  secret,
  dependsOn,
  writers,
  ...rest
}: Options<'integer'> = {}): Declaration<'integer'> {
  return make('integer', { min, max, secret, dependsOn, writers }, rest);
}

/** A double. Default 0, or the bound nearest to it. */
export function float({
  min,
  max,
  finite,
  secret,
  dependsOn,
  writers,
  ...rest
}: Options<'float'> = {}): Declaration<'float'> {
  return make('float', { min, max, finite, secret, dependsOn, writers }, rest);
}

/** Text. Default empty, or the first of its choices. */
export function string(options: Options<'string'> = {}): Declaration<'string'> {
  const { minLength, maxLength, pattern, choices, secret, dependsOn, writers, ...rest } = options;
  return make('string', { minLength, maxLength, pattern, choices, secret, dependsOn, writers }, rest);
}

/** One of some words. Default the first. */
export function choice<const C extends string>(
  choices: readonly C[],
  { secret, dependsOn, writers, ...rest }: Described & CommonConstraints & { readonly default?: NoInfer<C> } = {},
): Declaration<'choice', C> {
  return make('choice', { choices, secret, dependsOn, writers }, rest) as Declaration<'choice', C>;
}

/** The name of a class or module. Default the first of `modules`; without them a default must be given. */
export function module<const M extends string = string>(
  options: Described & CommonConstraints & { readonly modules?: readonly M[]; readonly default?: NoInfer<M> } = {},
): Declaration<'module', M> {
  const { modules, secret, dependsOn, writers, ...rest } = options;
  return make('module', { modules, secret, dependsOn, writers }, rest) as Declaration<'module', M>;
}

/** A list of doubles. Default `dimensions` zeros. */
export function embedding({
  dimensions,
  secret,
  dependsOn,
  writers,
  ...rest
}: Options<'embedding'> = {}): Declaration<'embedding'> {
  return make('embedding', { dimensions, secret, dependsOn, writers }, rest);
}

/** A dense array. Default zeros of `shape` with 0 for any size. */
export function tensor({
  shape,
  dtype,
  secret,
  dependsOn,
  writers,
  ...rest
}: Options<'tensor'> = {}): Declaration<'tensor'> {
  return make('tensor', { shape, dtype, secret, dependsOn, writers }, rest);
}

/** Anything that JSON can say. Default null. */
export const json = ({ secret, dependsOn, writers, ...rest }: Options<'json'> = {}) =>
  make('json', { secret, dependsOn, writers }, rest);

/** Raw bytes. Default none. */
export function bytes({ maxBytes, secret, dependsOn, writers, ...rest }: Options<'bytes'> = {}): Declaration<'bytes'> {
  return make('bytes', { maxBytes, secret, dependsOn, writers }, rest);
}

/** A set of declarations by name; checks the names. */
export function declare<const D extends Declarations>(declarations: D): D {
  for (const name of Object.keys(declarations)) checkName(name);
  return Object.freeze({ ...declarations });
}

/** The longest name of a variable, in characters. */
const nameLengthMax = 200;

/** Throws StateError `invalid` for a name that no variable can have. */
export function checkName(name: unknown): asserts name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (typeof name !== 'string' || name === '' || name.length > nameLengthMax || /[\u0000-\u001f\u007f]/.test(name)) {
    throw invalid(
      `variable ${show(name)}: a name is 1 to ${nameLengthMax} characters, none of them a control character`,
    );
  }
}

/** Checks a declaration that came from elsewhere, such as from Python, and makes its stored form. */
export function declarationOf(name: string, given: unknown): Declaration {
  if (given instanceof Checked) return given as Declaration;
  const { type, constraints = {}, description = '', default: initial } = (given ?? {}) as Partial<Declaration>;
  if (!isVariableType(type)) throw invalid(`variable '${name}': ${show(type)} is no type`, { variable: name });
  if (typeof description !== 'string')
    throw invalid(`variable '${name}': description must be a string`, { variable: name });
  return make(type, constraints as never, { description, default: initial as never }, name);
}

/** Whether two declarations ask for the same kind of variable. */
export function sameKind(
  a: Pick<Declaration, 'type' | 'constraints'>,
  b: Pick<Declaration, 'type' | 'constraints'>,
): boolean {
  return a.type === b.type && (a.constraints === b.constraints || equalValues(a.constraints, b.constraints));
}

/** Tells declarations that have been checked. */
class Checked<T extends VariableType> implements Declaration<T> {
  readonly type: T;
  readonly default: ValueOf[T];
  readonly constraints: ConstraintsOf[T];
  readonly description: string;
  /** How many bytes the default has. */
  readonly bytes: number;

  constructor(type: T, initial: ValueOf[T], constraints: ConstraintsOf[T], description: string, bytes: number) {
    this.type = type;
    this.default = initial;
    this.constraints = constraints;
    this.description = description;
    this.bytes = bytes;
    if (isSecret(constraints)) concealed<Declaration>(this, 'default');
    Object.freeze(this);
  }
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function make<T extends VariableType>(
  type: T,
  given: Loose<ConstraintsOf[T]>,
  { default: initial, description = '' }: Described & { readonly default?: ValueOf[T] | undefined },
  name = `a ${type}`,
): Declaration<T> {
  const constraints = constraintsOf(name, type, given as Record<string, unknown>);
  const first = initial === undefined ? neutral[type](constraints as never) : initial;
  if (first === undefined) throw invalid(`variable '${name}': a ${type} needs a default`, { variable: name });
  const stored = storedFor(name, type, isSecret(constraints), first);
  return new Checked(type, coerce(name, type, constraints, stored.value), constraints, description, stored.bytes);
}

/** The stored form of a value for a variable; what a secret one is does not stand in the error. */
export function storedFor(name: string, type: string, secret: boolean, value: unknown): Stored {
  try {
    return store(`variable '${name}'`, value);
  } catch (error) {
    if (secret && error instanceof StateError && error.code === 'invalid') throw secretRefused(name, type, undefined);
    throw error;
  }
}

const nearest = ({ min, max }: { readonly min?: number; readonly max?: number }): number =>
  min !== undefined && min > 0 ? min : max !== undefined && max < 0 ? max : 0;

/** What a variable begins with when nothing is said. */
const neutral: { readonly [T in VariableType]: (constraints: ConstraintsOf[T]) => ValueOf[T] | undefined } = {
  boolean: () => false,
  integer: nearest,
  float: nearest,
  string: ({ choices }) => choices?.[0] ?? '',
  choice: ({ choices }) => choices[0],
  module: ({ modules }) => modules?.[0],
  embedding: ({ dimensions = 0 }) => new Array<number>(dimensions).fill(0),
  tensor: ({ shape = [0], dtype = 'float64' }) => {
    const sizes = shape.map((size) => size ?? 0);
    return new Tensor(dtype, sizes, new Uint8Array(elementCount(sizes) * dtypes[dtype]));
  },
  json: (): Json => null,
  bytes: () => new Uint8Array(0),
};

type Rule = (value: unknown) => boolean;
const whole: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Rule = (value) => typeof value === 'boolean';
const finite: Rule = (value) => typeof value === 'number' && Number.isFinite(value);
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
  json: {},
  bytes: { maxBytes: whole },
};

/** Those of every type. */
const common: Readonly<Record<string, Rule>> = { secret: flag, dependsOn: words, writers: patterns } satisfies {
  readonly [K in keyof Required<CommonConstraints>]: Rule;
};

function constraintsOf<T extends VariableType>(
  name: string,
  type: T,
  given: Record<string, unknown>,
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
    constraints[key] = Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value;
  }
  if (type === 'choice' && constraints.choices === undefined) {
    throw invalid(`variable '${name}': a choice needs choices`, { variable: name, constraint: 'choices' });
  }
  const { min, max } = constraints as { min?: number; max?: number };
  if (min !== undefined && max !== undefined && min > max) {
    throw invalid(`variable '${name}': min ${min} is above max ${max}`, { variable: name, constraint: 'min' });
  }
  return Object.freeze(constraints) as unknown as ConstraintsOf[T];
}
