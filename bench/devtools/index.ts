/** `npm run bench -- devtools`: what it costs to be looked at. */
import type { Suite } from '../contest.ts';
import { many } from './many.ts';
import { overhead } from './overhead.ts';

export const devtools: Suite = { name: 'devtools', contests: [...overhead, ...many] };
