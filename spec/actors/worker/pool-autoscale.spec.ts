import { expect } from 'chai';
import { startPool } from '../../helpers/pool-system.ts';

const autoscale = { min: 1, max: 3, upAfterMs: 100, downAfterMs: 1_000 };
const options = { queueMax: 100, autoscale };

describe('a pool that scales', () => {
  it('grows to what runs and waits, and shrinks when that was long ago', async () => {
    await using t = await startPool(options);
    await t.manager.call('waitReady', 1);
    for (let n = 0; n < 9; n += 1) t.ask(`${n}`);
    await t.settle();
    t.clock.advance(99);
    await t.settle();
    expect(await t.status()).to.include({ size: 1, min: 1, max: 3 });
    t.clock.advance(1);
    expect(await t.event('pool.resized')).to.include({ from: 1, to: 3 });
    await t.nth('granted', 3);
    for (let n = 1; n <= 9; n += 1) t.checkin((await t.nth('granted', n)).lease);
    await t.settle();
    t.clock.advance(999);
    await t.settle();
    expect(await t.status()).to.include({ size: 3, ready: 3 });
    t.clock.advance(30);
    expect(await t.event('pool.resized', 2)).to.include({ from: 3, to: 1 });
    await t.event('pool.worker_left', 2);
    await t.settle();
    const { ready, workers, recycled } = await t.status();
    expect([ready, workers.length, recycled]).to.deep.equal([1, 1, { scale_down: 2 }]);
  });

  it('counts what one worker takes', async () => {
    await using t = await startPool({ ...options, capacity: 4 }, { capacity: 4 });
    await t.manager.call('waitReady', 1);
    for (let n = 0; n < 8; n += 1) t.ask(`${n}`);
    await t.settle();
    t.clock.advance(100);
    expect(await t.event('pool.resized')).to.include({ to: 2 });
  });

  it('ends no worker that a strict key belongs to', async () => {
    await using t = await startPool({ ...options, size: 2 });
    await t.manager.call('waitReady', 2);
    for (const n of ['1', '2']) t.ask(n, { affinityKey: n, affinityMode: 'strict_queue' });
    for (const n of ['1', '2']) {
      await t.nth('granted', Number(n));
      t.checkin(n);
    }
    await t.settle();
    t.clock.advance(2_000);
    expect(await t.event('pool.resized')).to.include({ to: 1 });
    await t.settle();
    expect(t.of('retired')).to.deep.equal([]);
    t.tell('release', { affinityKey: '1' });
    await t.event('pool.worker_left');
  });

  it('keeps its size when the manager crashes', async () => {
    await using t = await startPool(options);
    await t.manager.call('waitReady', 1);
    for (let n = 0; n < 3; n += 1) t.ask(`${n}`);
    await t.settle();
    t.clock.advance(100);
    await t.nth('granted', 3);
    await t.crash('manager');
    await t.settle();
    expect(await t.status()).to.include({ size: 3, ready: 3, busy: 3 });
  });

  it('keeps spares beyond its size', async () => {
    await using t = await startPool({ ...options, spares: 1 });
    await t.nth('started', 2);
    await t.settle();
    for (let n = 0; n < 2; n += 1) t.ask(`${n}`);
    await t.nth('granted');
    await t.settle();
    t.clock.advance(100);
    await t.nth('granted', 2);
    await t.nth('started', 3);
    await t.settle();
    expect(await t.status()).to.include({ size: 2, ready: 2, spares: 1 });
  });
});
