/** `npm run bench -- workers`: layer 1 with real Python workers, beside what one would use without it. */
import type { Suite } from '../contest.ts';
import { latencyOverGrpc, latencyOverUnix, throughputOverGrpc, throughputOverUnix } from './round-trips.ts';

export const workers: Suite = {
  name: 'workers',
  contests: [throughputOverGrpc, throughputOverUnix, latencyOverGrpc, latencyOverUnix],
};
