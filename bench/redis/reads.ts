/** Reading a variable that others may have written, beside HGETALL of a hash that has nothing but that variable. */
import type { Contest } from '../contest.ts';
import { oneByOne } from './commits.ts';
import { payloadOf, startRedisHost } from './host.ts';
import { onServer, withClient } from './server.ts';

const ours = onServer(async (url, size) => {
  await using host = await startRedisHost(url);
  const { variables } = await host.open();
  return await oneByOne(size, () => variables.get('temperature'));
});

const hgetall = onServer((url, size) =>
  withClient(url, async (client) => {
    await client.hset('{0}', 'temperature', payloadOf(0.7));
    return await oneByOne(size, () => client.hgetall('{0}'));
  }),
);

export const read: Contest = {
  unit: 'us',
  size: 3_000,
  quickSize: 20,
  warmUps: 1,
  // Short samples in many turns: the machine is not the same from minute to minute.
  rounds: 9,
  ours,
  lines: [
    {
      name: 'read vs bare HGETALL',
      baseline: 'HGETALL of one field',
      theirs: hgetall,
      target: { atMost: 1.3 },
    },
  ],
};
