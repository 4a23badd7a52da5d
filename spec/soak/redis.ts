/** `npm run soak -- redis`: what sessions on Redis are put through. */
import { redisChaos } from './redis-chaos.ts';
import { redisCluster } from './redis-cluster.ts';
import { redisFailover } from './redis-failover.ts';
import { redisMany } from './redis-many.ts';
import { redisOwners } from './redis-owners.ts';
import { howLong, type Scenario } from './scenario.ts';

export const redis: readonly Scenario[] = [
  {
    name: 'hosts',
    what: '10 times: three hosts use two sessions from TypeScript and Python while 100 times a host, a connection or the server is killed, cut or stopped',
    run: ({ seed, minutes, say }) => redisChaos({ runs: howLong(10, minutes), strikes: 100, seed, say }),
  },
  {
    name: 'failover',
    what: '20 times: a primary dies under load and a replica that lacks commits takes over; every other time commits wait for the replica',
    run: ({ seed, minutes, say }) => redisFailover({ failovers: howLong(20, minutes), operations: 1_000, seed, say }),
  },
  {
    name: 'cluster',
    what: '3 times: 100 slots of a cluster move while their sessions are used, replicas take over, nodes and connections are killed',
    run: ({ seed, minutes, say }) => redisCluster({ runs: howLong(3, minutes), moves: 100, seed, say }),
  },
  {
    name: 'owners',
    what: '5 times: locks are taken and lost on three hosts while 1,000 sessions end by themselves and leases of sweeps in the middle',
    run: ({ seed, minutes, say }) => redisOwners({ runs: howLong(5, minutes), mortals: 1_000, seed, say }),
  },
  {
    name: 'many',
    what: 'two million sessions are written, listed and swept: their memory, and what holds the server up',
    run: ({ say }) => redisMany({ sessions: 2_000_000, say }),
  },
];
