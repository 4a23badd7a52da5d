/** `npm run bench -- redis`: session state on Redis through the public API, beside what the server does by itself. */
import type { Suite } from '../contest.ts';
import { commit, manyCommits } from './commits.ts';
import { read } from './reads.ts';
import { toolCall } from './tools.ts';
import { watch } from './watch.ts';

export const redis: Suite = { name: 'redis', contests: [commit, read, watch, ...manyCommits, toolCall] };
