/** What numbers in the options of `python()` may be. A wrong one is refused by the name of its field and with its value. */
import { SpecError } from '../core/index.ts';

export type Rule = readonly [holds: (value: number) => boolean, said: string];
/** By field; one of an object inside is `outer.inner`. */
export type Rules = Readonly<Record<string, Rule>>;

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

export const positive: Rule = [(value) => value > 0, 'must be above 0'];
export const notNegative: Rule = [(value) => value >= 0, 'must be 0 or more'];
export const count: Rule = [isCount, 'must be a whole number above 0'];
export const countOrNone: Rule = [(value) => isCount(value) || value === 0, 'must be a whole number, 0 or more'];
export const part: Rule = [(value) => value >= 0 && value <= 1, 'must be from 0 to 1'];
export const finite: Rule = [(value) => Number.isFinite(value) && value > 0, 'must be above 0 and finite'];
export const finiteOrNone: Rule = [(value) => Number.isFinite(value) && value >= 0, 'must be 0 or more and finite'];
export const between = (least: number, most: number): Rule => [
  (value) => Number.isSafeInteger(value) && value >= least && value <= most,
  `must be a whole number from ${least} to ${most}`,
];

/** Throws a SpecError that names the first wrong field, what it must be, and its value. What is left out is right. */
export function checkNumbers(options: object, rules: Rules, target = 'python'): void {
  for (const [field, [holds, said]] of Object.entries(rules)) {
    const value = field
      .split('.')
      .reduce<unknown>((outer, name) => (outer as Readonly<Record<string, unknown>> | undefined)?.[name], options);
    if (value !== undefined && (typeof value !== 'number' || !holds(value)))
      throw new SpecError(target, `invalid_${field}: ${said}`, value);
  }
}
