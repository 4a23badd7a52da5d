/**
 * What a study varies: an axis for each variable, made of its declaration and narrowed by what the study says. Pure;
 * axes are plain data, so that they can be kept and sent to a sampler elsewhere.
 */
import { StateError } from '../core/index.ts';
import type { Variable } from '../state/index.ts';
import { unknownVariable } from './variables-error.ts';

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** From `min` on. Default: none for a float, 1 for an integer. */
  readonly step?: number;
  /** By orders of magnitude: needs a `min` above 0, and no step. Default false. */
  readonly log?: boolean;
}

/** How a variable is varied, within its constraints: `{}` takes all of them, `values` are these alone. */
export type Dimension<T = unknown> =
  | ([T] extends [number] ? Range : Record<string, never>)
  | ([T] extends [AxisValue] ? { readonly values: readonly T[] } : never);

/** By variable, how it is varied. */
export type Space<V, N extends keyof V & string> = { readonly [K in N]: Dimension<V[K]> };

export type Axis =
  | {
      readonly type: 'float' | 'integer';
      readonly low: number;
      readonly high: number;
      readonly step: number | null;
      readonly log: boolean;
    }
  | { readonly type: 'choice'; readonly values: readonly AxisValue[] };

export type AxisValue = string | number | boolean;
export type Axes = Readonly<Record<string, Axis>>;
export type Point = Readonly<Record<string, AxisValue>>;

/** A rule over several variables: true, or what is wrong. */
export type SpaceRule<P> = (values: P) => boolean | string;

interface Narrowing extends Range {
  readonly values?: readonly AxisValue[];
}

/** Throws StateError `not_found` for a variable that is not there, `invalid` for one that cannot be varied so. */
export function axesOf(id: string, variables: readonly Variable[], space: Readonly<Record<string, object>>): Axes {
  const names = Object.keys(space);
  if (names.length === 0) throw new StateError('invalid', 'space: names no variable');
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  return Object.fromEntries(
    names.map((name) => {
      const variable = byName.get(name);
      if (variable === undefined) throw unknownVariable(id, name);
      return [name, axisOf(variable, space[name] as Narrowing)];
    }),
  );
}

function axisOf({ name, type, constraints }: Variable, given: Narrowing): Axis {
  const refuse = (what: string) =>
    new StateError('invalid', `space: variable '${name}': ${what}`, { details: { variable: name } });
  const known = constraints as Readonly<Record<string, unknown>>;
  const declared =
    type === 'boolean' ? [false, true] : ((known.choices ?? known.modules) as readonly AxisValue[] | undefined);
  const isNumber = type === 'float' || type === 'integer';
  if (!isNumber && !['boolean', 'choice', 'module', 'string'].includes(type)) throw refuse(`a ${type} is not varied`);
  if (!isNumber || given.values !== undefined) {
    const values = given.values ?? declared;
    if (values === undefined || values.length === 0) throw refuse(`a ${type} needs values`);
    const outside = values.find((value) => !fits(type, known, declared, value));
    if (outside !== undefined) throw refuse(`${JSON.stringify(outside)} is no value that it can have`);
    return { type: 'choice', values: [...values] };
  }
  const low = given.min ?? (known.min as number | undefined);
  const high = given.max ?? (known.max as number | undefined);
  if (low === undefined || high === undefined) throw refuse('needs min and max, of its declaration or of the space');
  const step = given.step ?? (type === 'integer' && given.log !== true ? 1 : null);
  const numbers = [low, high, step ?? 1];
  if (!numbers.every(Number.isFinite) || (type === 'integer' && !numbers.every(Number.isInteger)))
    throw refuse(`min, max and step are ${type === 'integer' ? 'whole ' : ''}numbers`);
  if (low > high) throw refuse(`min ${low} is above max ${high}`);
  if (step !== null && !(step > 0)) throw refuse(`step is above 0, not ${step}`);
  if (given.log === true && (low <= 0 || step !== null)) throw refuse('log needs a min above 0, and no step');
  for (const bound of [low, high])
    if (!fits(type, known, undefined, bound)) throw refuse(`${bound} is beyond what it was declared with`);
  return { type, low, high, step, log: given.log ?? false };
}

function fits(
  type: string,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
  declared: readonly AxisValue[] | undefined,
  value: AxisValue,
): boolean {
  if (declared !== undefined) return declared.includes(value);
  if (type === 'string' || type === 'module') return typeof value === 'string';
  return typeof value === 'number' && value >= min && value <= max && (type === 'float' || Number.isInteger(value));
}

/** The value at a share of the axis, from 0 up to but not including 1; each share of it has the same chance. */
export function valueAt(axis: Axis, share: number): AxisValue {
  if (axis.type === 'choice') return axis.values[Math.floor(share * axis.values.length)] as AxisValue;
  const { type, low, high, step, log } = axis;
  if (step !== null) return stepped(axis, Math.floor(share * (stepsOf(low, high, step) + 1)));
  if (type === 'float') return log ? low * (high / low) ** share : low + (high - low) * share;
  // Whole numbers: each has the room from half before it to half behind it.
  const [from, to] = [low - 0.5, high + 0.5];
  return Math.min(high, Math.max(low, Math.round(from * (to / from) ** share)));
}

/** The values of an axis for a grid: all of them, or so many where there is no end of them. */
export function gridOf(axis: Axis, points: number): readonly AxisValue[] {
  if (axis.type === 'choice') return axis.values;
  const { type, low, high, step, log } = axis;
  if (step !== null) return Array.from({ length: stepsOf(low, high, step) + 1 }, (_, n) => stepped(axis, n));
  if (low === high || points === 1) return [low];
  const values = Array.from({ length: points }, (_, n) => {
    const share = n / (points - 1);
    // The ends are exact.
    const value = n === points - 1 ? high : log ? low * (high / low) ** share : low + (high - low) * share;
    return type === 'integer' ? Math.round(value) : value;
  });
  return [...new Set(values)];
}

/** Whether a value lies on the axis. */
export function isOn(axis: Axis, value: unknown): boolean {
  if (axis.type === 'choice') return axis.values.includes(value as AxisValue);
  const { type, low, high } = axis;
  return typeof value === 'number' && value >= low && value <= high && (type === 'float' || Number.isInteger(value));
}

function stepsOf(low: number, high: number, step: number): number {
  // 0.3 / 0.1 is a hair below 3.
  return Math.floor((high - low) / step + 1e-9);
}

function stepped({ low, high, step }: { low: number; high: number; step: number | null }, n: number): number {
  const by = step as number;
  // 3 * 0.1 is a hair above 0.3: to as many digits as the bounds have.
  const digits = Math.max(...[low, by].map((value) => (/\.(\d+)$/.exec(String(value))?.[1] ?? '').length));
  return Math.min(high, digits === 0 ? low + n * by : Number((low + n * by).toFixed(digits)));
}
