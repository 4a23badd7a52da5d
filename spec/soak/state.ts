/** `npm run soak -- state`: what session state is put through. */
import { killDurableHosts } from './durable-kills.ts';
import { howLong, type Scenario } from './scenario.ts';

export const state: readonly Scenario[] = [
  {
    name: 'durable-kills',
    what: '50 times: SIGKILL of a host in the middle of 10,000 durable commits',
    run: ({ seed, minutes, say }) => killDurableHosts({ kills: howLong(50, minutes), commits: 10_000, seed, say }),
  },
];
