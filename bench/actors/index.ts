/** `npm run bench -- actors`: processes and supervisors beside a real BEAM, xstate and other libraries. */
import type { Suite } from '../contest.ts';
import { counters } from './counters.ts';
import { growth } from './growth.ts';
import { bytes, lives, starts, startsOfSpecs } from './lives.ts';
import { machinePingPong, machineSpawn } from './machines.ts';
import { calls, casts, pingPong } from './messages.ts';
import { crashes, kills, mass } from './restarts.ts';

export const actors: Suite = {
  name: 'actors',
  contests: [
    pingPong,
    casts,
    calls,
    lives,
    bytes,
    starts,
    crashes,
    mass,
    machinePingPong,
    machineSpawn,
    counters,
    startsOfSpecs,
    kills,
    ...growth,
  ],
};
