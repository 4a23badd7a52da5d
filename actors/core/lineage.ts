/**
 * Who started whom: OTP's `$ancestors`. Kept by pid (or by name, for an actor that had one), nearest first, and
 * shared by all children of one actor (otp S-203).
 */
import type { Pid } from './pid.ts';

export type Ancestor = Pid | string;

export interface Lineage {
  readonly nearest: Ancestor;
  readonly further: Lineage | undefined;
}

export function ancestorsOf(lineage: Lineage | undefined): Ancestor[] {
  const ancestors: Ancestor[] = [];
  for (let next = lineage; next !== undefined; next = next.further) ancestors.push(next.nearest);
  return ancestors;
}
