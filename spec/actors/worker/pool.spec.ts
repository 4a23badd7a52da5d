import { expect } from 'chai';
import { leasesOf, startPool } from '../../helpers/pool-system.ts';

describe('checking a worker out', () => {
  it('grants first come, first served, one at a time for each worker', async () => {
    await using t = await startPool();
    for (const lease of ['a', 'b', 'c']) t.ask(lease);
    const first = await t.nth('granted');
    expect(first).to.deep.include({ lease: 'a', request: { of: 'a' }, stream: 'app/workers/w-1#1' });
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a']);
    expect(await t.manager.call('status')).to.include({ size: 1, ready: 1, busy: 1, queued: 2 });
    t.tell('checkin', { lease: 'a' });
    await t.nth('granted', 2);
    t.tell('checkin', { lease: 'b' });
    await t.nth('granted', 3);
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes the least loaded worker, and the preferred one when it is free', async () => {
    await using t = await startPool({ size: 2 });
    await t.settle();
    t.ask('a', { affinityKey: 'session' });
    const first = await t.nth('granted');
    t.ask('b');
    expect((await t.nth('granted', 2)).stream).to.not.equal(first.stream);
    t.tell('checkin', { lease: 'b' });
    t.tell('checkin', { lease: 'a' });
    for (let i = 0; i < 4; i += 1) {
      t.ask(`again ${i}`, { affinityKey: 'session' });
      expect((await t.nth('granted', 3 + i)).stream).to.equal(first.stream);
      t.tell('checkin', { lease: `again ${i}` });
    }
    t.ask('holds it', { affinityKey: 'session' });
    t.ask('elsewhere', { affinityKey: 'session' });
    expect((await t.nth('granted', 8)).stream).to.not.equal(first.stream);
  });

  it('refuses one more than may wait, and that one alone', async () => {
    await using t = await startPool();
    for (const lease of ['a', 'b', 'c', 'd', 'e']) t.ask(lease);
    const refused = await t.nth('refused');
    expect(refused.lease).to.equal('e');
    expect(refused.error).to.include({ code: 'queue_full' });
    expect(await t.manager.call('status')).to.include({ queued: 3 });
  });

  it('refuses who has waited too long, once, and does not run it later', async () => {
    await using t = await startPool({ queueTimeoutMs: 500 });
    t.ask('a');
    t.ask('b', { timeoutMs: 300 });
    t.ask('c');
    await t.nth('granted');
    await t.settle();
    t.clock.advance(299);
    await t.settle();
    expect(t.of('refused')).to.deep.equal([]);
    t.clock.advance(1);
    expect((await t.nth('refused')).error).to.include({ code: 'queue_timeout' });
    t.clock.advance(200);
    expect((await t.nth('refused', 2)).lease).to.equal('c');
    t.tell('checkin', { lease: 'a' });
    await t.settle();
    t.clock.advance(10_000);
    await t.settle();
    expect(leasesOf(t.of('refused'))).to.deep.equal(['b', 'c']);
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a']);
  });

  it('drops what is cancelled while it waits', async () => {
    await using t = await startPool();
    for (const lease of ['a', 'b', 'c']) t.ask(lease);
    await t.nth('granted');
    t.tell('cancel', { lease: 'b' });
    // What has started is not the pool's to cancel.
    t.tell('cancel', { lease: 'a' });
    t.tell('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('c');
    expect(t.of('refused')).to.deep.equal([]);
  });

  it('waits until a worker is ready', async () => {
    await using t = await startPool({}, { ready: false });
    t.ask('a');
    const { pid } = await t.nth('started');
    await t.settle();
    expect(t.of('granted')).to.deep.equal([]);
    t.become(pid, 'idle');
    await t.nth('granted');
  });

  for (const state of ['fenced', 'draining', 'stopping'] as const) {
    it(`grants no worker that is ${state}`, async () => {
      await using t = await startPool();
      const { pid } = await t.nth('started');
      t.become(pid, state);
      await t.settle();
      t.ask('a');
      await t.settle();
      expect(t.of('granted')).to.deep.equal([]);
      t.become(pid, 'idle');
      await t.nth('granted');
    });
  }

  it('replaces a worker whose call did not end, and never grants it again', async () => {
    await using t = await startPool();
    t.ask('a');
    const { worker } = await t.nth('granted');
    t.ask('b');
    t.tell('checkin', { lease: 'a', failed: true });
    expect((await t.nth('retired')).pid).to.equal(worker);
    expect((await t.nth('granted', 2)).stream).to.equal('app/workers/w-1#2');
  });
});

describe('a consumer that crashes', () => {
  it('gets a grant again that it had not started, and no other worker for it', async () => {
    await using t = await startPool();
    t.behaviour.crashOn = 'granted';
    const down = t.consumer.monitor();
    t.ask('a');
    await down;
    expect(await t.nth('granted')).to.include({ lease: 'a', stream: 'app/workers/w-1#1' });
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
  });

  it('gets no grant again that it had started', async () => {
    await using t = await startPool();
    t.ask('a');
    await t.nth('granted');
    await t.crash('consumer');
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
    expect(await t.manager.call('status')).to.include({ busy: 1 });
  });

  it('keeps its place in the queue', async () => {
    await using t = await startPool();
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    await t.crash('consumer');
    t.tell('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('b');
  });

  it('hears a refusal again until it has checked it in', async () => {
    await using t = await startPool();
    for (const lease of ['a', 'b', 'c', 'd']) t.ask(lease);
    await t.settle();
    t.behaviour.crashOn = 'refused';
    const down = t.consumer.monitor();
    t.ask('e');
    await down;
    expect((await t.nth('refused')).lease).to.equal('e');
    t.tell('checkin', { lease: 'e' });
    await t.crash('consumer');
    await t.settle();
    expect(t.of('refused')).to.have.length(1);
  });
});

describe('a worker that is lost', () => {
  it('gives its place up at once, and what waits goes to the next incarnation', async () => {
    await using t = await startPool();
    t.ask('a');
    t.ask('b');
    const { worker } = await t.nth('granted');
    t.app.system.lookup(worker.path)?.kill();
    expect(await t.nth('granted', 2)).to.include({ lease: 'b', stream: 'app/workers/w-1#2' });
  });

  it('does not make its grant a second one, which would run twice', async () => {
    await using t = await startPool();
    t.behaviour.starts = false;
    t.ask('a');
    const { worker } = await t.nth('granted');
    t.app.system.lookup(worker.path)?.kill();
    await t.nth('started', 2);
    await t.settle();
    expect(leasesOf(t.of('granted'))).to.deep.equal(['a']);
    t.tell('started', { lease: 'a' });
    t.ask('b');
    expect((await t.nth('granted', 2)).lease).to.equal('b');
  });

  it('is given up after too many restarts and replaced, under a new name, after a pause that grows', async () => {
    await using t = await startPool();
    const { pid } = await t.nth('started');
    const gaveUp = () => t.events.filter((event) => event.type === 'pool.worker_gave_up') as { retryMs: number }[];
    t.mode.dies = true;
    t.app.system.lookup(pid.path)?.kill();
    await t.changed.until(() => gaveUp().length === 1);
    const ids = () => [...new Set(t.of('started').map(({ id }) => id.split('/').at(-1)))];
    expect(ids()).to.deep.equal(['w-1']);
    expect(t.of('started')).to.have.length(4);
    t.clock.advance(499);
    await t.settle();
    expect(ids()).to.deep.equal(['w-1']);
    t.clock.advance(1);
    await t.changed.until(() => gaveUp().length === 2);
    t.mode.dies = false;
    expect(ids()).to.deep.equal(['w-1', 'w-2']);
    expect(gaveUp().map(({ retryMs }) => retryMs)).to.deep.equal([500, 1_000]);
    t.clock.advance(1_000);
    expect(await t.manager.call('waitReady', 1)).to.include({ ready: 1, size: 1 });
    expect(ids()).to.deep.equal(['w-1', 'w-2', 'w-3']);
  });

  it('fails who waits for readiness when it was given up and none is ready', async () => {
    await using t = await startPool({}, { dies: true });
    const error = await t.manager.call('waitReady', 1, { timeoutMs: 60_000 }).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'start_failed');
  });
});

describe('the size of a pool', () => {
  it('is reached a few workers at a time', async () => {
    await using t = await startPool({ size: 5, maxStarting: 2 }, { ready: false });
    await t.settle();
    expect(t.of('started')).to.have.length(2);
    for (let n = 1; n <= 5; n += 1) {
      const { pid } = await t.nth('started', n);
      t.become(pid, 'idle');
    }
    expect((await t.manager.call('waitReady', 5)).workers).to.have.length(5);
    await t.settle();
    expect(t.of('started')).to.have.length(5);
  });
});

describe("a crash of the pool's manager", () => {
  it('keeps the workers, who holds them and who waits, and handles what stood in its mailbox', async () => {
    await using t = await startPool();
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    await t.settle();
    t.manager.send({ type: 'nonsense' });
    t.ask('c');
    await t.settle();
    await t.manager.call('waitReady', 1);
    expect(await t.manager.call('status')).to.include({ busy: 1, queued: 2, ready: 1 });
    t.tell('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('b');
    t.tell('checkin', { lease: 'b' });
    expect((await t.nth('granted', 3)).lease).to.equal('c');
    expect(t.of('started')).to.have.length(1);
  });

  it('still refuses who has waited too long', async () => {
    await using t = await startPool();
    t.ask('a');
    t.ask('b', { timeoutMs: 100 });
    await t.nth('granted');
    await t.settle();
    await t.crash('manager');
    await t.settle();
    t.clock.advance(100);
    expect((await t.nth('refused')).lease).to.equal('b');
  });
});
