/** `npm run bench -- workers`: layer 1 with real Python workers, beside what one would use without it. */
import type { Suite } from '../contest.ts';
import { latencyOverGrpc, latencyOverUnix, throughputOverGrpc, throughputOverUnix } from './round-trips.ts';
import { warmSpare } from './spare.ts';
import { startOverGrpc, startOverUnix } from './starts.ts';
import { uneven } from './uneven.ts';

export const workers: Suite = {
  name: 'workers',
  contests: [
    throughputOverGrpc,
    throughputOverUnix,
    latencyOverGrpc,
    latencyOverUnix,
    startOverGrpc,
    startOverUnix,
    warmSpare,
    ...uneven,
  ],
};
