/** `npm run bench -- state`: session state through the public API, beside what each part is made of. */
import type { Suite } from '../contest.ts';
import { durable } from './durable.ts';
import { commits, reads } from './local.ts';
import { pythonReads, remoteCommits } from './python.ts';
import { crash, idle, weight } from './sessions.ts';
import { watchers } from './watchers.ts';

export const state: Suite = {
  name: 'state',
  contests: [reads, commits, remoteCommits, pythonReads, ...durable, ...watchers, weight, crash, ...idle],
};
