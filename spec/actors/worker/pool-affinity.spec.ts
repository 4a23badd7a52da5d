import { expect } from 'chai';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

const strict = { affinityKey: 'model', affinityMode: 'strict_queue' } as const;
const failFast = { affinityKey: 'model', affinityMode: 'strict_fail_fast' } as const;

describe('a strict affinity key', () => {
  it('is bound by its first grant, so that two first requests of it go to one worker', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', strict);
    t.ask('b', strict);
    const { worker } = await t.nth('granted');
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a']);
    expect(await t.status()).to.include({ queued: 1 });
    t.checkin('a');
    expect(await t.nth('granted', 2)).to.include({ lease: 'b', worker });
  });

  it('binds one worker, too, for those that waited before any was free', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    for (const lease of ['x', 'y']) t.ask(lease);
    await t.nth('granted', 2);
    for (const lease of ['a', 'b']) t.ask(lease, strict);
    t.checkin('x');
    t.checkin('y');
    await t.nth('granted', 3);
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['x', 'y', 'a']);
  });

  it('lets those pass that may go elsewhere', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    for (const lease of ['a', 'b']) t.ask(lease, strict);
    t.ask('c');
    expect((await t.nth('granted', 2)).lease).to.equal('c');
    expect(await t.status()).to.include({ queued: 1 });
  });

  it('is refused at once when its worker is busy, where that is asked', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', failFast);
    const { worker } = await t.nth('granted');
    t.ask('b', failFast);
    const { error } = await t.nth('refused');
    expect(error).to.include({ code: 'worker_busy' });
    expect(error.message).to.include(String(worker)).and.to.include("'model'").and.to.include('busy');
    t.checkin('a');
    t.ask('c', failFast);
    expect(await t.nth('granted', 2)).to.include({ lease: 'c', worker });
  });

  it('is refused as soon as another request has bound it, when it waits and will not queue', async () => {
    await using t = await startPool({});
    t.ask('x');
    t.ask('a', failFast);
    t.ask('b', failFast);
    await t.nth('granted');
    t.checkin('x');
    expect((await t.nth('granted', 2)).lease).to.equal('a');
    expect(await t.nth('refused')).to.include({ lease: 'b' });
  });

  it('says that what it stood for is lost with its worker, to all who wait and who come, until it is released', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', strict);
    const { worker } = await t.nth('granted');
    t.ask('b', strict);
    await t.settle();
    t.kill(worker);
    expect((await t.nth('refused')).error).to.include({ code: 'affinity_lost' });
    t.ask('c', strict);
    t.ask('hint', { affinityKey: 'model' });
    const { error, lease } = await t.nth('refused', 2);
    expect([lease, error.code]).to.deep.equal(['c', 'affinity_lost']);
    expect(error.message).to.include(`${worker}`).and.to.include("'model'").and.to.include('killed');
    expect((await t.nth('granted', 2)).lease).to.equal('hint');
    expect(await t.event('pool.affinity_lost')).to.include({ worker, keys: 1 });
    expect((await t.status()).affinity).to.deep.equal({ bound: 0, lost: 1 });
    t.tell('release', { affinityKey: 'model' });
    t.ask('d', strict);
    expect((await t.nth('granted', 3)).lease).to.equal('d');
    expect(leasesOf(t.of('refused'))).to.deep.equal(['b', 'c']);
  });

  it('has lost nothing with a worker that it never used', async () => {
    await using t = await startPool({ size: 2 });
    t.behaviour.starts = false;
    await t.settle();
    t.ask('a', strict);
    const { worker } = await t.nth('granted');
    t.kill(worker);
    await t.settle();
    t.ask('b', strict);
    expect((await t.nth('granted', 2)).lease).to.equal('b');
    expect(t.of('refused')).to.deep.equal([]);
  });

  it('waits for a worker that cannot be reached for a moment', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', strict);
    const { worker } = await t.nth('granted');
    t.checkin('a');
    t.become(worker, 'fenced');
    await t.settle();
    t.ask('b', strict);
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
    t.become(worker, 'idle');
    expect(await t.nth('granted', 2)).to.include({ lease: 'b', worker });
  });

  it('is known to the next manager', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', strict);
    const { worker } = await t.nth('granted');
    t.checkin('a');
    await t.crash('manager');
    t.ask('b', strict);
    expect(await t.nth('granted', 2)).to.include({ lease: 'b', worker });
  });

  it('is lost to the next manager when its worker ended while there was none', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', strict);
    const { worker } = await t.nth('granted');
    t.checkin('a');
    await t.settle();
    t.manager.send({ type: 'nonsense' });
    t.kill(worker);
    t.ask('b', strict);
    expect((await t.nth('refused')).error).to.include({ code: 'affinity_lost' });
  });

  it('may be the rule of a pool', async () => {
    await using t = await startPool({ size: 2, affinity: 'strict_queue' });
    await t.settle();
    for (const lease of ['a', 'b']) t.ask(lease, { affinityKey: 'model' });
    await t.nth('granted');
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
  });
});
