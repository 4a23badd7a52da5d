/** Bugs that somebody could make in supervisors. */
import type { Pid } from '../../actors/core/index.ts';
import { RestartIntensity } from '../../supervisors/restart-intensity.ts';
import { Siblings } from '../../supervisors/siblings.ts';
import { type PlantedBug, patch } from './plant.ts';

export const supervisionBugs: Readonly<Record<string, PlantedBug>> = {
  'lost restart': {
    said: /is permanent, and was not started again/,
    plant: () =>
      patch(
        Siblings.prototype,
        'withPid',
        (withPid) =>
          function (this: Siblings, pid: Pid) {
            // The end of a second incarnation is taken for a stranger's.
            return pid.incarnation === 2 ? undefined : withPid.call(this, pid);
          },
      ),
  },
  'wrong order': {
    said: /out of order/,
    plant: () =>
      patch(
        Siblings.prototype,
        Symbol.iterator,
        () =>
          function (this: Siblings) {
            return this.backwards();
          },
      ),
  },
  'window that forgets too early': {
    said: /restarted once more than/,
    plant: () =>
      patch(
        RestartIntensity.prototype,
        'used',
        (used) =>
          function (this: RestartIntensity, nowMs: number) {
            return used.call(this, nowMs + this.periodMs / 2);
          },
      ),
  },
  'budget that is never used up': {
    said: /restarted once more than/,
    plant: () => patch(RestartIntensity.prototype, 'allows', () => () => true),
  },
};
