/** `npm run soak -- state`: what session state is put through. */
import { killDurableHosts } from './durable-kills.ts';
import { migrate } from './migration.ts';
import { killMovers } from './migration-kills.ts';
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
  chaos('state-elsewhere', 'elsewhere', 'of another host over its public port, from TypeScript and Python'),
  {
    name: 'migration',
    what: '250 times: a session goes local, bridged, durable and back while it is written and watched; half of the moves are disturbed',
    run: ({ seed, minutes, say }) => migrate({ circles: howLong(250, minutes), seed, say }),
  },
  {
    name: 'migration-kills',
    what: '50 times: SIGKILL of a host that moves a session between two durable vaults while it is written',
    run: ({ seed, minutes, say }) => killMovers({ kills: howLong(50, minutes), lines: 1_000, seed, say }),
  },
];
