/** For specs: who is to find a planted bug does, and says what is wrong. */
import { expect } from 'chai';
import type { PlantedBug } from './plant.ts';

/** Plants it while `run` runs, which answers what it has found wrong. */
export async function finds({ said, plant }: PlantedBug, run: () => Promise<readonly string[]>): Promise<void> {
  const undo = plant();
  try {
    expect((await run()).join('\n'), 'found nothing').to.match(said);
  } finally {
    undo();
  }
}
