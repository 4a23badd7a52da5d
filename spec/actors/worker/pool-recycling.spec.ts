import { expect } from 'chai';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

describe('a worker that has served long enough', () => {
  it('by calls: serves on until another one is ready, and ends when it has nothing to do', async () => {
    await using t = await startPool({ recycle: { maxCalls: 2 } }, { capacity: 3 });
    for (const lease of ['a', 'b']) t.ask(lease);
    const { worker } = await t.nth('granted', 2);
    // The replacement is ready at once.
    await t.nth('started', 2);
    const leaving = await t.event('pool.worker_leaving');
    expect(leaving).to.include({ worker, reason: 'calls', calls: 2 });
    t.ask('c');
    expect((await t.nth('granted', 3)).stream).to.equal('app/workers/w-2#1');
    t.checkin('a');
    await t.settle();
    expect(t.of('retired')).to.deep.equal([]);
    t.checkin('b');
    expect(await t.nth('retired')).to.include({ pid: worker, leave: true });
    expect(await t.event('pool.worker_left')).to.include({ worker, reason: 'calls' });
    await t.settle();
    const { workers, recycled, size, restarts } = await t.status();
    expect([workers.map(({ id }) => id), recycled, size, restarts]).to.deep.equal([['w-2'], { calls: 1 }, 1, 0]);
    expect(t.of('started').map(({ id }) => id)).to.deep.equal(['app/workers/w-1', 'app/workers/w-2']);
  });

  it('by age: no earlier, and each less a part that is chance', async () => {
    await using t = await startPool({ recycle: { maxAgeMs: 1_000 } }, { random: 0.5 });
    await t.manager.call('waitReady', 1);
    t.clock.advance(949);
    await t.settle();
    expect(t.of('started')).to.have.length(1);
    t.clock.advance(1);
    expect(await t.event('pool.worker_left')).to.include({ reason: 'age' });
    expect((await t.nth('started', 2)).id).to.equal('app/workers/w-2');
  });

  it('by memory: as its process reports it, once it has served', async () => {
    await using t = await startPool({ recycle: { maxRssBytes: 1_000 } });
    const { pid } = await t.nth('started');
    t.holds(pid, 5_000);
    await t.settle();
    expect(t.of('started')).to.have.length(1);
    t.ask('a');
    await t.nth('granted');
    t.checkin('a');
    expect(await t.event('pool.worker_leaving')).to.include({ worker: pid, reason: 'rss', rssBytes: 5_000 });
    await t.event('pool.worker_left');
  });

  it('because somebody says so: all of them one after the other, never below the size', async () => {
    await using t = await startPool({ size: 3 });
    await t.manager.call('waitReady', 3);
    expect(await t.manager.call('recycle', undefined)).to.equal(3);
    await t.event('pool.worker_left', 3);
    await t.settle();
    const { workers, ready } = await t.status();
    expect([ready, workers.map(({ id }) => id)]).to.deep.equal([3, ['w-4', 'w-5', 'w-6']]);
    let there = 0;
    let most = 0;
    for (const event of t.told) {
      if (event.type === 'started') there += 1;
      if (event.type === 'retired') {
        most = Math.max(most, there);
        expect(there).to.be.greaterThan(3);
        there -= 1;
      }
    }
    expect(most).to.equal(4);
  });

  it('alone, when it alone is named', async () => {
    await using t = await startPool({ size: 2 });
    await t.manager.call('waitReady', 2);
    expect(await t.manager.call('recycle', 'w-2')).to.equal(1);
    expect(await t.manager.call('recycle', 'nobody')).to.equal(0);
    expect((await t.event('pool.worker_left')).worker.path).to.equal('app/workers/w-2');
  });

  it('ends first where there is no room for another one, one at a time', async () => {
    await using t = await startPool({ size: 2, recycle: { surge: 0 } });
    await t.manager.call('waitReady', 2);
    t.ask('a');
    t.ask('b');
    await t.nth('granted', 2);
    await t.manager.call('recycle', undefined);
    await t.settle();
    expect(await t.status()).to.include({ ready: 1, leaving: 1 });
    t.checkin('a');
    t.checkin('b');
    await t.event('pool.worker_left', 2);
    await t.manager.call('waitReady', 2);
    expect(t.of('started')).to.have.length(4);
  });

  it('is told to end when what it runs takes longer than that may', async () => {
    await using t = await startPool({ recycle: { maxCalls: 1, drainMs: 500 } });
    t.ask('a');
    const { worker } = await t.nth('granted');
    await t.event('pool.worker_leaving');
    t.clock.advance(499);
    await t.settle();
    expect(t.of('retired')).to.deep.equal([]);
    t.clock.advance(1);
    expect((await t.nth('retired')).pid).to.equal(worker);
  });

  it('takes what is bound to it strictly with it, and says so', async () => {
    await using t = await startPool({ recycle: { maxCalls: 1 } });
    t.ask('a', { affinityKey: 'k', affinityMode: 'strict_queue' });
    await t.nth('granted');
    t.ask('b', { affinityKey: 'k', affinityMode: 'strict_queue' });
    const { error } = await t.nth('refused');
    expect(error).to.include({ code: 'affinity_lost' });
    expect(error.message).to.include('replaced (calls)');
  });

  it('goes on leaving when the manager crashes, and is still counted', async () => {
    await using t = await startPool({ recycle: { maxCalls: 1 } });
    t.ask('a');
    const { worker } = await t.nth('granted');
    await t.event('pool.worker_leaving');
    await t.crash('manager');
    await t.settle();
    expect((await t.status()).workers.find(({ pid }) => pid === worker)).to.include({ role: 'leaving', due: 'calls' });
    t.checkin('a');
    await t.event('pool.worker_left');
    expect((await t.status()).recycled).to.deep.equal({ calls: 1 });
    expect((await t.status()).size).to.equal(1);
  });

  it('is not started again when it fails while it leaves', async () => {
    await using t = await startPool({ recycle: { maxCalls: 1 } });
    t.ask('a');
    const { worker } = await t.nth('granted');
    await t.event('pool.worker_leaving');
    t.kill(worker);
    await t.event('pool.worker_left');
    await t.settle();
    expect((await t.status()).workers.map(({ id }) => id)).to.deep.equal(['w-2']);
  });

  it('serves on when its replacement cannot be started', async () => {
    await using t = await startPool({});
    await t.manager.call('waitReady', 1);
    t.mode.dies = true;
    await t.manager.call('recycle', undefined);
    await t.event('pool.worker_gave_up');
    t.ask('a');
    expect((await t.nth('granted')).stream).to.equal('app/workers/w-1#1');
    t.checkin('a');
    t.mode.dies = false;
    t.clock.advance(1_000);
    expect((await t.event('pool.worker_left')).worker.path).to.equal('app/workers/w-1');
  });

  it('loses no call, whenever it is recycled', async () => {
    await using t = await startPool({ size: 2, queueMax: 100, recycle: { maxCalls: 3 } });
    for (let n = 0; n < 60; n += 1) t.ask(`${n}`);
    for (let n = 1; n <= 60; n += 1) {
      const { lease } = await t.nth('granted', n);
      t.checkin(lease);
    }
    expect(new Set(leasesOf(t.of('granted'))).size).to.equal(60);
    expect(t.of('refused')).to.deep.equal([]);
    expect((await t.status()).recycled.calls).to.be.at.least(15);
  });
});

describe('a warm spare', () => {
  it('is not in service', async () => {
    await using t = await startPool({ spares: 1 });
    await t.nth('started', 2);
    await t.settle();
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
    expect(await t.status()).to.include({ size: 1, ready: 1, spares: 1, queued: 1 });
  });

  it('takes the place of a lost worker at once; who comes back is the next spare', async () => {
    await using t = await startPool({ spares: 1 });
    await t.nth('started', 2);
    await t.settle();
    t.ask('a');
    const { worker } = await t.nth('granted');
    t.ask('b');
    await t.settle();
    t.kill(worker);
    const { stream } = await t.nth('granted', 2);
    expect(stream).to.equal('app/workers/w-2#1');
    expect(String((await t.event('pool.spare_promoted')).worker)).to.equal(stream);
    await t.settle();
    const roles = (await t.status()).workers.map(({ pid, role }) => [String(pid), role]);
    expect(roles).to.deep.include.members([
      ['app/workers/w-2#1', 'active'],
      ['app/workers/w-1#2', 'spare'],
    ]);
  });

  it('takes the place of one whose stream is lost, before it is known whether that comes back', async () => {
    await using t = await startPool({ spares: 1 });
    const { pid } = await t.nth('started');
    await t.nth('started', 2);
    await t.settle();
    t.become(pid, 'fenced');
    await t.settle();
    t.ask('a');
    expect((await t.nth('granted')).stream).to.equal('app/workers/w-2#1');
    t.become(pid, 'idle');
    await t.settle();
    expect(await t.status()).to.include({ ready: 1, spares: 1 });
  });

  it('replaces one that is due without waiting for a start', async () => {
    await using t = await startPool({ spares: 1, recycle: { maxCalls: 1, surge: 0 } });
    await t.nth('started', 2);
    await t.settle();
    t.mode.dies = true;
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    expect((await t.nth('granted', 2)).stream).to.equal('app/workers/w-2#1');
  });
});
