import { expect } from 'chai';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

const breaker = { failures: 2, windowMs: 10_000, openMs: 5_000 };
const segv = { breakerKey: 'segv' };

describe('a circuit breaker in a pool', () => {
  it('opens when calls with its key lose their workers, refuses those that wait and those that come, and no others', async () => {
    await using t = await startPool({ breaker });
    for (const n of [1, 2]) {
      t.ask(`crash ${n}`, segv);
      const { worker } = await t.nth('granted', n);
      if (n === 2) t.ask('waits', segv);
      await t.settle();
      t.kill(worker);
    }
    expect((await t.nth('refused')).lease).to.equal('waits');
    t.ask('comes', segv);
    const { error } = await t.nth('refused', 2);
    expect(error).to.include({ code: 'circuit_open' });
    expect(error.message).to.include("'segv'").and.to.include('5000 ms').and.to.include('nothing was started');
    expect(await t.event('pool.breaker')).to.include({ key: 'segv', from: 'closed', to: 'open' });
    t.ask('other', { breakerKey: 'other' });
    expect((await t.nth('granted', 3)).lease).to.equal('other');
    expect((await t.status()).breakers).to.deep.equal([{ key: 'segv', state: 'open', successes: 0, failures: 2 }]);
  });

  it('opens when calls do not end, and closes when a probe succeeds', async () => {
    await using t = await startPool({ breaker });
    for (const n of [1, 2]) {
      t.ask(`${n}`, segv);
      await t.nth('granted', n);
      t.checkin(`${n}`, { failed: true });
    }
    await t.event('pool.breaker');
    t.clock.advance(5_000);
    t.ask('probe', segv);
    t.ask('other', segv);
    expect((await t.nth('refused')).lease).to.equal('other');
    expect((await t.nth('granted', 3)).lease).to.equal('probe');
    t.checkin('probe');
    expect(await t.event('pool.breaker', 3)).to.include({ from: 'half_open', to: 'closed' });
    t.ask('next', segv);
    expect((await t.nth('granted', 4)).lease).to.equal('next');
  });

  it('takes another probe when the first one was given up', async () => {
    await using t = await startPool({ breaker });
    for (const n of [1, 2]) {
      t.ask(`${n}`, segv);
      await t.nth('granted', n);
      t.checkin(`${n}`, { verdict: 'failure' });
    }
    t.ask('holds the worker');
    await t.nth('granted', 3);
    t.clock.advance(5_000);
    t.ask('probe', segv);
    await t.settle();
    t.tell('cancel', { lease: 'probe' });
    t.ask('second', segv);
    t.checkin('holds the worker');
    expect((await t.nth('granted', 4)).lease).to.equal('second');
  });

  it('does not count what the pool did itself, nor what the consumer says means nothing', async () => {
    await using t = await startPool({ breaker: { ...breaker, failures: 1 } }, { capacity: 2 });
    t.ask('stuck');
    t.ask('beside it', segv);
    await t.nth('granted', 2);
    t.checkin('stuck', { failed: true });
    await t.nth('started', 2);
    t.ask('given up', segv);
    await t.nth('granted', 3);
    t.checkin('given up', { verdict: 'none' });
    await t.settle();
    expect((await t.status()).breakers).to.deep.equal([]);
  });

  it('stays open when the manager crashes', async () => {
    await using t = await startPool({ breaker: { ...breaker, failures: 1 } });
    t.ask('a', segv);
    await t.nth('granted');
    t.checkin('a', { verdict: 'failure' });
    await t.event('pool.breaker');
    await t.crash('manager');
    t.ask('b', segv);
    expect((await t.nth('refused')).error).to.include({ code: 'circuit_open' });
  });
});

describe('a request that is made again', () => {
  it('waits before it is granted, longer each time, and lets others pass', async () => {
    await using t = await startPool({ retry: { baseMs: 100, factor: 2, jitter: 0 } });
    await t.manager.call('waitReady', 1);
    t.ask('third', { attempt: 4 });
    t.ask('second', { attempt: 3 });
    t.ask('first');
    await t.nth('granted');
    t.checkin('first');
    await t.settle();
    t.clock.advance(99);
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['first']);
    t.clock.advance(1);
    await t.nth('granted', 2);
    t.checkin('second');
    t.clock.advance(99);
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['first', 'second']);
    t.clock.advance(1);
    expect((await t.nth('granted', 3)).lease).to.equal('third');
  });

  it('keeps waiting when the manager crashes, and may be cancelled', async () => {
    await using t = await startPool({ retry: { baseMs: 100, jitter: 0 } });
    await t.manager.call('waitReady', 1);
    for (const lease of ['a', 'b']) t.ask(lease, { attempt: 3 });
    await t.settle();
    await t.crash('manager');
    t.tell('cancel', { lease: 'a' });
    await t.settle();
    t.clock.advance(100);
    await t.nth('granted');
    expect(leasesOf(t.of('granted'))).to.deep.equal(['b']);
  });
});
