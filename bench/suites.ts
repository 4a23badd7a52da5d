/** All suites, by the name that the command line takes. */
import type { Suite } from './contest.ts';

export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  actors: async () => (await import('./actors/index.ts')).actors,
  faults: async () => (await import('./faults/index.ts')).faults,
};
