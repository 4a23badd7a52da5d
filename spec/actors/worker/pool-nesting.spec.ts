import { expect } from 'chai';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

describe('a request that is made inside another one', () => {
  it('goes to the worker that the other one holds, beyond its capacity, before all who wait', async () => {
    await using t = await startPool();
    t.ask('outer');
    const { stream } = await t.nth('granted');
    t.ask('waits');
    t.ask('inner', { within: ['outer'] });
    t.ask('innermost', { within: ['inner', 'outer'] });
    const granted = [await t.nth('granted', 2), await t.nth('granted', 3)];
    expect(leasesOf(granted)).to.deep.equal(['inner', 'innermost']);
    for (const one of granted) expect(one.stream).to.equal(stream);
    // It has room for others when all of them have ended.
    for (const lease of ['innermost', 'inner']) t.checkin(lease);
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.not.include('waits');
    t.checkin('outer');
    expect((await t.nth('granted', 4)).lease).to.equal('waits');
  });

  it('goes to a free worker when there is one', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('outer');
    const { stream } = await t.nth('granted');
    t.ask('inner', { within: ['outer'] });
    expect((await t.nth('granted', 2)).stream).to.not.equal(stream);
    t.ask('innermost', { within: ['inner', 'outer'] });
    expect((await t.nth('granted', 3)).stream).to.not.equal(stream);
  });

  it('goes back to the pool where it began, through others that hold workers elsewhere', async () => {
    await using t = await startPool();
    t.ask('outer');
    t.ask('inner', { within: ['of another pool', 'outer'] });
    expect(leasesOf([await t.nth('granted', 2)])).to.deep.equal(['inner']);
  });

  it('waits as any other when nobody that it is made inside holds a worker here', async () => {
    await using t = await startPool();
    t.ask('somebody');
    t.ask('inner', { within: ['of another pool'] });
    await t.nth('granted');
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['somebody']);
    t.checkin('somebody');
    expect((await t.nth('granted', 2)).lease).to.equal('inner');
  });

  it('keeps its strict key: only the worker that the key belongs to will do', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('owner', { affinityKey: 'k', affinityMode: 'strict_queue' });
    t.ask('outer');
    const [owner] = [await t.nth('granted'), await t.nth('granted', 2)];
    t.ask('inner', { within: ['outer'], affinityKey: 'k', affinityMode: 'strict_queue' });
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['owner', 'outer']);
    t.ask('own', { within: ['owner'], affinityKey: 'k', affinityMode: 'strict_queue' });
    expect(await t.nth('granted', 3)).to.include({ lease: 'own', stream: owner.stream });
  });

  it('waits when a worker has so many that it takes no more, until one of those ends', async () => {
    await using t = await startPool();
    t.ask('outer');
    for (let i = 1; i <= 33; i += 1) t.ask(String(i), { within: ['outer'] });
    await t.nth('granted', 33);
    await t.settle();
    expect(t.of('granted')).to.have.length(33);
    expect(await t.status()).to.include({ queued: 1 });
    t.checkin('7');
    expect((await t.nth('granted', 34)).lease).to.equal('33');
  });

  it('is refused when too many are inside each other: that never ends', async () => {
    await using t = await startPool();
    t.ask('0');
    const within = ['0'];
    for (let depth = 1; depth <= 33; depth += 1) {
      t.ask(String(depth), { within: [...within] });
      within.unshift(String(depth));
    }
    const { lease, error } = await t.nth('refused');
    expect(lease).to.equal('33');
    expect(error.message).to.equal("pool 'p': 32 requests are made inside each other already; nothing was started");
  });

  it('is placed so, too, when its consumer has crashed meanwhile', async () => {
    await using t = await startPool();
    t.ask('outer');
    await t.nth('granted');
    t.behaviour.crashOn = 'granted';
    t.ask('inner', { within: ['outer'] });
    expect(await t.nth('granted', 2)).to.include({ lease: 'inner' });
  });
});
