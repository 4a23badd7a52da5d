/** `npm run bench -- faults`: what fault points cost while no faults are armed. */
import type { Suite } from '../contest.ts';
import { awaitedPoints, plainPoints } from './points.ts';

export const faults: Suite = { name: 'faults', contests: [plainPoints, awaitedPoints] };
