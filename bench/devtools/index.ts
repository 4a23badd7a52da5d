/** `npm run bench -- devtools`: what it costs to be looked at. */
import type { Suite } from '../contest.ts';
import { holds } from './holds.ts';
import { many } from './many.ts';
import { overhead } from './overhead.ts';
import { pages } from './page.ts';

export const devtools: Suite = { name: 'devtools', contests: [...overhead, ...many, ...holds, ...pages] };
