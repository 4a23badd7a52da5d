/**
 * Faults of a store, at the door of its provider: what its clients are told, or not told. `FaultDoors.provider` may
 * name a client, for a `path` that concerns this one alone. To the real thing, a Redis of startRedis(), `real` says how
 * it is done.
 */
import { type CatalogueEntry, entry, type Make } from './entry.ts';

const onCommit = { message: 'commit' } as const;

const fault = <O extends object = object>(is: string, heals: string, make: Make<O>, real: string): CatalogueEntry<O> =>
  entry(is, heals, make, undefined, real);

export const storeEntries = {
  down: fault(
    'is not to be had',
    'serves again; nothing was done',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'unavailable' } }),
    'node.stop(), node.kill(); node.start()',
  ),
  slow: fault<{ readonly ms?: number }>(
    'is slow',
    'answers',
    ({ ms = 200 }) => ({ point: 'store.command', task: { do: 'sleep', ms } }),
    'node.pause(ms), node.sleep(ms), node.freeze(); heal()',
  ),
  auth: fault(
    'does not accept the credentials',
    'accepts them again; nothing was done',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'denied: the store refuses the credentials' } }),
    'a user whose rights or password are changed by ACL SETUSER',
  ),
  loading: fault(
    'has started again and is still loading',
    'serves when it has loaded; nothing was done',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'unavailable: the store is loading its data' } }),
    'DEBUG RELOAD with key-load-delay and loading-process-events-interval-bytes',
  ),
  readOnly: fault(
    'takes no commits',
    'takes commits again',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'read_only' }, where: onCommit }),
    'a store that is closed for writing',
  ),
  failedOver: fault(
    'is a read-only replica after a failover',
    'the client finds the new primary, or it is one again; reads go on',
    () => ({
      point: 'store.command',
      task: { do: 'throw', error: 'unavailable: the store has become a read-only replica' },
      where: onCommit,
    }),
    'node.makeReadOnly(); heal()',
  ),
  outOfMemory: fault(
    'has no memory left for a commit',
    'takes commits again when it has; nothing was applied, and reads go on',
    () => ({
      point: 'store.command',
      task: { do: 'throw', error: 'read_only: the store is out of memory' },
      where: onCommit,
    }),
    'node.limitMemory(bytes); heal()',
  ),
  eviction: fault(
    'has evicted a session to make room: it is lost',
    'it is not found, watchers are told; opened again it is empty',
    () => ({ point: 'store.command', task: { do: 'kill', times: 1 }, where: onCommit }),
    'maxmemory with maxmemory-policy allkeys-lru',
  ),
  expiry: fault(
    'a session expires in mid-transaction, between its reads and its commit',
    'nothing of it was applied; it begins anew in another session',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'expired' }, where: onCommit }),
    'ttlMs, and waiting',
  ),
  conflict: fault(
    'somebody else has written what a commit expects to be unchanged',
    'read anew and tried again, it is taken; `update` does so by itself',
    () => ({ point: 'store.command', task: { do: 'throw', error: 'conflict' }, where: onCommit }),
    'two clients',
  ),
  partitioned: fault(
    'cannot be reached by one client, while others go on; without `path`, by none',
    'the client’s deadlines; reached again, it reads what it has missed',
    () => ({ point: 'store.command', task: { do: 'drop' } }),
    'startProxy() for one client: toServer.inject({ stall: true }), refuse(), reset(); heal()',
  ),
  cut: fault(
    'is cut off between command and reply',
    'the same idempotency key answers what was done',
    () => ({ point: 'store.reply', task: { do: 'throw', error: 'unavailable' } }),
    'startProxy(): toClient.inject({ stall: true }), and then reset()',
  ),
  staleRead: fault(
    'answers a read as it answered the one before, as a replica that lags',
    'reads what is there; a commit that expects what was read is a conflict, so nothing is lost',
    () => ({ point: 'store.reply', task: { do: 'stale' }, where: { message: 'read' } }),
    'reads of a replica; redisState() has none',
  ),
  lostEvent: fault(
    'an event of a watch is lost',
    'the next one’s revision shows the gap; a watch from the last revision that was seen has them all',
    () => ({ point: 'store.event', task: { do: 'drop' }, where: { message: 'commit' } }),
    'CLIENT KILL TYPE pubsub',
  ),
} as const;
