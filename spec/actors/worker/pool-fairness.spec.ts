import { expect } from 'chai';
import { type Pid, server, stop } from '../../../actors/core/index.ts';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

describe('keys that share a pool', () => {
  it('take turns, however many requests one of them has', async () => {
    await using t = await startPool({ queueMax: 100 });
    for (const lease of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) t.ask(lease, { fairKey: lease.slice(0, 1) });
    for (let n = 1; n <= 7; n += 1) t.checkin((await t.nth('granted', n)).lease);
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('lose their newest request to a newcomer of another key, when they have filled the queue', async () => {
    await using t = await startPool();
    for (const lease of ['a0', 'a1', 'a2', 'a3', 'b1']) t.ask(lease, { fairKey: lease.slice(0, 1) });
    const { lease, error } = await t.nth('refused');
    expect([lease, error.code]).to.deep.equal(['a3', 'queue_full']);
    expect(await t.status()).to.include({ queued: 3 });
    expect((await t.status()).refused).to.deep.equal({ queue_full: 1 });
  });
});

describe('a caller that dies', () => {
  const caller = server({ init: () => 0, cast: { die: () => stop<number>(new Error('it dies')) } });
  const start = async () => {
    const t = await startPool();
    const pid = (await t.app.children.workers.startChild({ logic: caller, id: 'caller', restart: 'temporary' })) as Pid;
    const die = async () => {
      t.app.system.lookup(pid.path)?.accept({ kind: 'cast', name: 'die', arg: undefined });
      await t.changed.until(() => !pid.alive);
      await t.settle();
    };
    return Object.assign(t, { caller: pid, die });
  };

  it('takes what waits with it, with one answer, and nothing that has started', async () => {
    await using t = await start();
    t.ask('runs', { caller: t.caller });
    await t.nth('granted');
    t.ask('waits', { caller: t.caller });
    t.ask('behind it');
    await t.settle();
    await t.die();
    const { lease, error } = await t.nth('refused');
    expect([lease, error.code]).to.deep.equal(['waits', 'actor_down']);
    expect(await t.status()).to.include({ busy: 1, queued: 1 });
    t.checkin('runs');
    expect((await t.nth('granted', 2)).lease).to.equal('behind it');
    expect(t.of('refused')).to.have.length(1);
  });

  it('before its request comes gets nothing', async () => {
    await using t = await start();
    t.ask('holds it');
    await t.nth('granted');
    await t.die();
    t.ask('too late', { caller: t.caller });
    expect((await t.nth('refused')).error).to.include({ code: 'actor_down' });
  });

  it('is watched by the next manager as well', async () => {
    await using t = await start();
    t.ask('holds it');
    await t.nth('granted');
    t.ask('waits', { caller: t.caller });
    await t.settle();
    await t.crash('manager');
    await t.settle();
    await t.die();
    expect((await t.nth('refused')).lease).to.equal('waits');
  });
});

describe('the status of a pool', () => {
  it('tells who waits, for how long, and how long others have waited', async () => {
    await using t = await startPool();
    for (const lease of ['a', 'b']) t.ask(lease);
    await t.nth('granted');
    await t.settle();
    t.clock.advance(300);
    t.ask('c');
    await t.settle();
    expect(await t.status()).to.include({ queued: 2, oldestWaitMs: 300, granted: 1 });
    t.checkin('a');
    await t.nth('granted', 2);
    expect((await t.status()).waitMs).to.deep.equal({ p50: 300, p95: 300, max: 300 });
  });

  it('tells of each worker what it is for and what it has done', async () => {
    await using t = await startPool({ spares: 1 });
    await t.nth('started', 2);
    await t.settle();
    t.ask('a');
    await t.nth('granted');
    await t.settle();
    t.clock.advance(50);
    const [first, second] = (await t.status()).workers;
    expect(first).to.include({ id: 'w-1', role: 'active', calls: 1, ageMs: 50, inFlight: 1, due: undefined });
    expect(second).to.include({ id: 'w-2', role: 'spare', calls: 0, ageMs: 50 });
  });
});
