/** One replayer for each format. It is given what to do, and never what the real OTP did. */

import type { Script as ProcessScript } from './process/format.ts';
import { replayProcesses } from './process/replay.ts';
import type { Scenario, Step } from './scenario.ts';
import type { Script } from './supervisors/format.ts';
import { replaySupervisors } from './supervisors/replay.ts';

export async function replay(scenario: Scenario): Promise<readonly Step[]> {
  switch (scenario.format) {
    case 1: {
      const { tree, ops } = scenario as unknown as Script;
      return replaySupervisors({ tree, ops });
    }
    case 2: {
      const { actors, ops } = scenario as unknown as ProcessScript;
      return replayProcesses({ actors, ops });
    }
    default:
      throw new Error(`${scenario.id}: there is no replayer for format ${scenario.format}`);
  }
}
