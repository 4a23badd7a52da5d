/** For specs: the small run of the soak finds a bug that is planted, and says what is wrong. */
import { finds } from '../../planted/finds.ts';
import type { PlantedBug } from '../../planted/plant.ts';
import { sessionChaos } from '../session-chaos.ts';
import type { Backend } from './host.ts';

/** How long a watch is waited for that may wait for ever. */
const graceMs = 500;

/** Call it in a `describe`. */
export function findsPlanted(backend: Backend, bugs: Readonly<Record<string, PlantedBug>>): void {
  for (const [name, bug] of Object.entries(bugs)) {
    it(`finds a planted ${name} (${backend})`, () =>
      finds(bug, async () => {
        const { wrong } = await sessionChaos({ backend, runs: 2, operations: 500, historyMax: 100, graceMs });
        return wrong;
      })).timeout(60_000);
  }
}
