/**
 * Whether a value fits a variable: the coercions and constraints of each type (parity T1 to T8, json, bytes). Pure;
 * what it gets is in stored form already, see value.ts.
 */
import type { StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';
import { misfitOf } from './json-schema.ts';
import { isSecret, secretRefused } from './secret.ts';
import { asTensor, fitsShape, floatsOf } from './tensor-values.ts';
import type { ConstraintsOf, ValueOf, VariableType } from './types.ts';
import { type Json, show, Tensor } from './value.ts';

type Any = ValueOf[VariableType];

/** How a complaint is made: what is wrong, and which constraint it breaks if it is one. */
export type Refuse = (why: string, constraint?: string) => StateError;

type Check<T extends VariableType> = (value: unknown, constraints: ConstraintsOf[T], refuse: Refuse) => ValueOf[T];

const checks: { readonly [T in VariableType]: Check<T> } = {
  boolean(value, _constraints, refuse) {
    if (typeof value === 'boolean') return value;
    if (value === 1 || value === 1n || value === 'true') return true;
    if (value === 0 || value === 0n || value === 'false') return false;
    throw refuse('is no boolean');
  },
  integer(value, { min, max }, refuse) {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) throw refuse('is no integer');
    if (!Number.isSafeInteger(number)) throw refuse('is no integer within +-(2^53 - 1)');
    within(number, min, max, refuse);
    return number === 0 ? 0 : number;
  },
  float(value, { min, max, finite }, refuse) {
    const number = asFloat(value);
    if (number === undefined) throw refuse('is no float');
    if (Number.isFinite(number)) within(number, min, max, refuse);
    else if (finite) throw refuse('is not finite', 'finite');
    return number;
  },
  string(value, { minLength, maxLength, pattern, choices }, refuse) {
    if (typeof value !== 'string') throw refuse('is no string');
    if (minLength !== undefined || maxLength !== undefined) {
      const length = codePoints(value);
      if (minLength !== undefined && length < minLength) throw refuse(`is shorter than ${minLength}`, 'minLength');
      if (maxLength !== undefined && length > maxLength) throw refuse(`is longer than ${maxLength}`, 'maxLength');
    }
    if (choices !== undefined) oneOf(value, choices, 'choices', refuse);
    if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
      throw refuse(`does not match /${pattern}/`, 'pattern');
    return value;
  },
  choice(value, { choices }, refuse) {
    if (typeof value !== 'string') throw refuse('is no string');
    return oneOf(value, choices, 'choices', refuse);
  },
  module(value, { modules }, refuse) {
    if (typeof value !== 'string' || value === '') throw refuse('is no name of a module');
    return modules === undefined ? value : oneOf(value, modules, 'modules', refuse);
  },
  embedding(given, { dimensions }, refuse) {
    const value = given instanceof Tensor ? floatsOf(given) : given;
    if (!Array.isArray(value)) throw refuse('is no list of numbers');
    if (dimensions !== undefined && value.length !== dimensions) {
      throw refuse(`has ${value.length} dimensions, not ${dimensions}`, 'dimensions');
    }
    const at = value.findIndex((item) => typeof item !== 'number');
    if (at === -1) return value as readonly number[];
    const numbers = value.map(asFloat);
    const wrong = numbers.indexOf(undefined);
    if (wrong !== -1) throw refuse(`holds ${show(value[wrong])} at ${wrong}, which is no number`);
    return Object.freeze(numbers) as readonly number[];
  },
  tensor(value, { shape, dtype }, refuse) {
    const tensor = asTensor(value, dtype, refuse);
    if (dtype !== undefined && tensor.dtype !== dtype) throw refuse(`is not of element type ${dtype}`, 'dtype');
    if (shape !== undefined && !fitsShape(tensor.shape, shape)) {
      throw refuse(`is not of shape [${shape.map((size) => size ?? 'any').join(', ')}]`, 'shape');
    }
    return tensor;
  },
  json(value, { schema }, refuse) {
    const made = asJson(value, '', refuse);
    const misfit = schema && misfitOf(schema, made);
    if (misfit !== undefined) throw refuse(`does not fit its schema at ${misfit.path}: ${misfit.message}`, 'schema');
    return made;
  },
  bytes(value, { maxBytes }, refuse) {
    if (!(value instanceof Uint8Array)) throw refuse('is no Uint8Array');
    if (maxBytes !== undefined && value.byteLength > maxBytes)
      throw refuse(`is more than ${maxBytes} bytes`, 'maxBytes');
    return value;
  },
};

export function isVariableType(type: unknown): type is VariableType {
  return typeof type === 'string' && Object.hasOwn(checks, type);
}

/**
 * The value as the variable holds it. Throws StateError `invalid`, which names the variable, the value and the
 * constraint.
 */
export function coerce<T extends VariableType>(
  variable: string,
  type: T,
  constraints: ConstraintsOf[T],
  value: unknown,
): ValueOf[T] {
  const check = checks[type] as (value: unknown, constraints: unknown, refuse: Refuse) => Any;
  return check(value, constraints, (why, constraint) =>
    isSecret(constraints)
      ? secretRefused(variable, type, constraint)
      : invalid(`variable '${variable}': ${show(value)} ${why}`, {
          variable,
          type,
          value: show(value),
          ...(constraint === undefined ? {} : { constraint }),
        }),
  ) as ValueOf[T];
}

function within(number: number, min: number | undefined, max: number | undefined, refuse: Refuse): void {
  if (min !== undefined && number < min) throw refuse(`is below min ${min}`, 'min');
  if (max !== undefined && number > max) throw refuse(`is above max ${max}`, 'max');
}

function oneOf(value: string, choices: readonly string[], constraint: string, refuse: Refuse): string {
  if (choices.includes(value)) return value;
  throw refuse(`is none of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`, constraint);
}

/** A number as a double; undefined for what is none. A whole number that no double holds exactly is none. */
export function asFloat(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isFinite(number) && BigInt(number) === value ? number : undefined;
  }
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  return value === 'NaN' ? Number.NaN : undefined;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _point of text) count += 1;
  return count;
}

/** Only what JSON can say: no bytes, instants, tensors, NaN or infinities. */
function asJson(value: unknown, path: string, refuse: Refuse): Json {
  const at = path === '' ? '' : ` at ${path}`;
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw refuse(`has ${value}${at}, which JSON cannot say`);
      return value;
    case 'bigint':
      if (!Number.isSafeInteger(Number(value))) throw refuse(`has a whole number beyond 2^53${at}`);
      return Number(value);
    default:
      if (value === null) return null;
      if (Array.isArray(value)) return jsonList(value, path, refuse);
      if (typeof value !== 'object' || (Object.getPrototypeOf(value) ?? Object.prototype) !== Object.prototype) {
        throw refuse(`has ${show(value)}${at}, which JSON cannot say`);
      }
      return jsonMap(value as Record<string, unknown>, path, refuse);
  }
}

function jsonList(list: readonly unknown[], path: string, refuse: Refuse): Json {
  const items = list.map((item, index) => asJson(item, `${path}[${index}]`, refuse));
  return items.every((item, index) => item === list[index]) ? (list as Json[]) : Object.freeze(items);
}

function jsonMap(map: Record<string, unknown>, path: string, refuse: Refuse): Json {
  const entries = Object.entries(map).map(
    ([key, item]) => [key, asJson(item, path === '' ? key : `${path}.${key}`, refuse)] as const,
  );
  if (entries.every(([key, item]) => map[key] === item)) return map as { readonly [key: string]: Json };
  return Object.freeze(Object.fromEntries(entries));
}
