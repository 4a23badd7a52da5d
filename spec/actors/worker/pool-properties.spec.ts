import { expect } from 'chai';
import type { Pid } from '../../../actors/core/index.ts';
import type { AffinityMode } from '../../../actors/worker/index.ts';
import { startPool } from '../../helpers/pool-system.ts';
import { randomFrom } from '../../helpers/random-from.ts';

const modes: readonly AffinityMode[] = ['hint', 'strict_queue', 'strict_fail_fast'];

/**
 * Everything that may happen to a pool, in a random order: requests of all kinds, workers that die, manager and
 * consumer that crash, recycling, time. What must hold then holds at each grant, and at the end.
 */
async function run(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const upTo = (n: number) => Math.floor(random() * (n + 1));
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const capacity = 1 + upTo(2);
  const size = 1 + upTo(3);
  await using t = await startPool(
    {
      size,
      queueMax: 8,
      spares: upTo(1),
      recycle: { maxCalls: 5 + upTo(20), surge: upTo(1) },
      breaker: { failures: 4, windowMs: 500, openMs: 200 },
      retry: { baseMs: 20 },
      ...(random() < 0.3 ? { autoscale: { min: 1, max: size + 2, upAfterMs: 50, downAfterMs: 200 }, capacity } : {}),
    },
    { capacity, random: 0.5 },
  );
  await t.settle();
  const open = new Map<string, Pid>();
  const cancelled = new Set<string>();
  const strict = new Map<string, string>();
  const keyOf = new Map<string, string>();
  const answers = new Map<string, number>();
  let seen = 0;
  let asked = 0;
  const where = () => `seed ${seed}, after ${asked} requests`;
  const look = () => {
    for (const event of t.told.slice(seen)) {
      if (event.type === 'granted' || event.type === 'refused')
        answers.set(event.lease, (answers.get(event.lease) ?? 0) + 1);
      if (event.type !== 'granted') continue;
      const { lease, worker } = event;
      open.set(lease, worker);
      const load = [...open.values()].filter((pid) => pid === worker).length;
      expect(load, `${where()}: ${worker} holds more than it takes`).to.be.at.most(capacity);
      const key = keyOf.get(lease);
      if (key === undefined) continue;
      const before = strict.get(key);
      if (before !== undefined) expect(String(worker), `${where()}: '${key}' went elsewhere`).to.equal(before);
      strict.set(key, String(worker));
    }
    seen = t.told.length;
  };
  const checkin = (lease: string, more = {}) => {
    open.delete(lease);
    t.checkin(lease, more);
  };
  const settle = async () => {
    await t.settle();
    look();
    for (const [lease, pid] of [...open]) if (!pid.alive) checkin(lease, { verdict: 'none' });
    for (const [key, worker] of [...strict]) {
      if (t.app.system.lookup(worker.split('#')[0] as string)?.pid.toString() === worker) continue;
      strict.delete(key);
      t.tell('release', { affinityKey: key });
    }
    for (const { lease } of t.of('refused')) t.checkin(lease);
  };
  for (let step = 0; step < 80; step += 1) {
    const what = upTo(99);
    if (what < 55) {
      asked += 1;
      const lease = `r${asked}`;
      const affinityKey = random() < 0.3 ? one(['k1', 'k2']) : undefined;
      const affinityMode = one(modes);
      if (affinityKey !== undefined && affinityMode !== 'hint') keyOf.set(lease, affinityKey);
      t.ask(lease, {
        timeoutMs: 50 + upTo(400),
        fairKey: one(['', 'x', 'y']),
        attempt: 1 + upTo(2),
        affinityMode,
        ...(affinityKey === undefined ? {} : { affinityKey }),
        ...(random() < 0.4 ? { breakerKey: one(['t1', 't2']) } : {}),
      });
    } else if (what < 75) {
      const lease = one([...open.keys()]);
      if (lease !== undefined) checkin(lease, random() < 0.2 ? { failed: true } : {});
    } else if (what < 80) {
      const lease = `r${1 + upTo(asked)}`;
      if (!open.has(lease)) {
        cancelled.add(lease);
        t.tell('cancel', { lease });
      }
    } else if (what < 88) t.clock.advance(upTo(100));
    else if (what < 92) {
      const worker = one((await t.status()).workers);
      if (worker !== undefined) t.kill(worker.pid);
    } else if (what < 95) await t.crash('manager');
    else if (what < 98) await t.crash('consumer');
    else await t.manager.call('recycle', undefined);
    await settle();
    expect((await t.status()).queued, where()).to.be.at.most(8);
  }
  // All ends, and then everybody has had one answer, and the pool its size.
  for (let n = 0; n < 200; n += 1) {
    for (const lease of [...open.keys()]) checkin(lease);
    t.clock.advance(n < 20 ? 100 : 1_000);
    await settle();
    const { queued, workers } = await t.status();
    if (queued === 0 && open.size === 0 && n > 20 && workers.every(({ role }) => role === 'active' || role === 'spare'))
      break;
  }
  const { queued, ready, size: wanted, leaving, starting } = await t.status();
  expect({ queued, leaving, starting, ready }, where()).to.deep.equal({
    queued: 0,
    leaving: 0,
    starting: 0,
    ready: wanted,
  });
  for (let n = 1; n <= asked; n += 1) {
    const count = answers.get(`r${n}`) ?? 0;
    if (cancelled.has(`r${n}`)) expect(count, `${where()}: r${n}`).to.be.at.most(1);
    else expect(count, `${where()}: r${n}`).to.equal(1);
  }
}

describe('a pool to which anything happens', function () {
  this.timeout(60_000);

  it('answers each request once, keeps strict keys where they are, and comes back to its size', async () => {
    for (let seed = 1; seed <= 60; seed += 1) await run(seed);
  });
});
