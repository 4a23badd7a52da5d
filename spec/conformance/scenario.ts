/** Scenario files: one JSON object a line. What a scenario says besides is its format's business. */
import { readFileSync } from 'node:fs';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Step {
  readonly op: string;
  readonly [field: string]: unknown;
}

export interface Scenario {
  readonly format: number;
  readonly id: string;
  /** What the real OTP did; absent when it is to be found out. */
  readonly steps?: readonly Step[];
}

export function readScenarios(file: string): Scenario[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Scenario);
}

/** JSON text with the keys of every object in alphabetical order, so that equal values are equal texts. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
