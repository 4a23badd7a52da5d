/** Bugs that the soak of all layers must find, each with the faults that bring it to light, and what is then said of it. */
import { RedisSession } from '../../actors/state/redis/session.ts';
import { ToolRegistry } from '../../bridge/protocol/tool-registry.ts';
import { commitsWithout, type PlantedBug, patch } from './plant.ts';
import { stateBugs } from './state.ts';

export interface PlantedInLayers extends PlantedBug {
  /** Of the deck. */
  readonly faults: readonly string[];
}

export const layersBugs: Readonly<Record<string, PlantedInLayers>> = {
  'lost commit': {
    ...(stateBugs['lost commit'] as PlantedBug),
    said: /bridged-0: .*was acknowledged as revision \d+, and is lost/,
    faults: ['wire slow'],
  },
  'lost update on Redis': {
    said: /redis-0: .*(is not linearizable|an update was lost)/,
    plant: () => commitsWithout(RedisSession.prototype, 'expect'),
    faults: ['Redis paused'],
  },
  'call that is made again though it may have run': {
    said: /once\): .*ran [23] times/,
    plant: () =>
      patch(
        ToolRegistry.prototype,
        'traits',
        (traits) =>
          function (this: ToolRegistry, stream, tool) {
            return { ...traits.call(this, stream, tool), idempotent: true };
          },
      ),
    faults: Array.from({ length: 6 }, () => 'worker killed'),
  },
};
