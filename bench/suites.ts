/** All suites, by the name that the command line takes. */
import type { Suite } from './contest.ts';

export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  actors: async () => (await import('./actors/index.ts')).actors,
  workers: async () => (await import('./workers/index.ts')).workers,
  bridge: async () => (await import('./bridge/index.ts')).bridge,
  state: async () => (await import('./state/index.ts')).state,
  redis: async () => (await import('./redis/index.ts')).redis,
  faults: async () => (await import('./faults/index.ts')).faults,
  devtools: async () => (await import('./devtools/index.ts')).devtools,
};
