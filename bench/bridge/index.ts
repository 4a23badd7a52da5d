/** `npm run bench -- bridge`: tools with sessions through the public API, beside what one would use without Ophion. */
import type { Suite } from '../contest.ts';
import { calls } from './calls.ts';
import { payloads } from './payloads.ts';
import { pythonCalls } from './python-calls.ts';
import { streams } from './streams.ts';
import { uneven } from './uneven.ts';

export const bridge: Suite = {
  name: 'bridge',
  contests: [...calls, ...pythonCalls, ...streams, ...payloads, ...uneven],
};
