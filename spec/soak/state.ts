/** `npm run soak -- state`: what session state is put through. */
import { killDurableHosts } from './durable-kills.ts';
import { howLong, type Scenario } from './scenario.ts';
import { sessionChaos } from './session-chaos.ts';

const chaos = (name: string, backend: Parameters<typeof sessionChaos>[0]['backend'], what: string): Scenario => ({
  name,
  what: `100 times 10,000 operations on one session, ${what}, while everything below it is killed and cut`,
  run: ({ seed, minutes, say }) =>
    sessionChaos({ backend, runs: howLong(100, minutes), operations: 10_000, seed, say }),
});

export const state: readonly Scenario[] = [
  {
    name: 'durable-kills',
    what: '50 times: SIGKILL of a host in the middle of 10,000 durable commits',
    run: ({ seed, minutes, say }) => killDurableHosts({ kills: howLong(50, minutes), commits: 10_000, seed, say }),
  },
  chaos('state-local', 'local', 'from TypeScript'),
  chaos('state-bridged', 'bridged', 'in memory, from TypeScript and Python'),
  chaos('state-durable', 'durable', 'on lmdb, from TypeScript and Python'),
];
