/** Bugs that are planted to see that the exploration finds them, each with what is then said of it. */
import { kernelBugs } from './kernel.ts';
import type { PlantedBug } from './plant.ts';
import { modelBugs } from './redis.ts';
import { stateBugs } from './state.ts';
import { supervisionBugs } from './supervision.ts';

export const plantedBugs: Readonly<Record<string, PlantedBug>> = {
  ...supervisionBugs,
  ...kernelBugs,
  ...stateBugs,
  ...modelBugs,
};
