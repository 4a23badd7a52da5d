/** What must be true of any run of any supervision tree: what `ophion/testing` judges, and that nothing is left behind. */
import type { Outcome } from './random-tree.ts';

/** What is wrong with a run, in words; nothing if it is right. */
export function violations({ violations: found, left }: Outcome): string[] {
  return [...found, ...left.map((one) => `${one} left behind`)];
}
