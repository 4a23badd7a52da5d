import { expect } from 'chai';
import { openContext, pythonTool } from '../../index.ts';
import { untilPasses } from '../../testing/index.ts';
import { startPingHost } from '../helpers/ping-host.ts';
import { startTools as start } from '../helpers/tool-system.ts';

describe('a pool of real Python workers', function () {
  this.timeout(60_000);

  it('runs as many calls of one worker at a time as its capacity, each in a thread of its own, and no more', async () => {
    await using t = await start({ capacity: 4 });
    await t.pool.ready();
    const threads = await Promise.all(Array.from({ length: 4 }, () => t.value('meet', { where: 'here', parties: 4 })));
    expect(new Set(threads).size).to.equal(4);
    // Eight would meet, were they let in at the same time: four of them wait in the queue.
    const eight = Array.from({ length: 8 }, () => t.value('meet', { where: 'there', parties: 4 }));
    expect(await Promise.all(eight)).to.have.length(8);
    const most = await Promise.all(Array.from({ length: 60 }, () => t.value('crowd', { turns: 1_000 })));
    expect(Math.max(...most.map(Number))).to.be.at.most(4);
    expect((await t.pool.status()).workers).to.have.length(1);
  });

  it('keeps what cannot leave a worker where it is, and names its loss', async () => {
    await using t = await start({ size: 3 });
    await t.pool.ready(3);
    const own = { affinityKey: 'model', affinityMode: 'strict_queue' } as const;
    const osPid = await t.value('keep', { name: 'model', value: 'weights' }, own);
    // Others keep all workers busy meanwhile.
    const others = Array.from({ length: 30 }, () => t.value('pid'));
    const asked = Array.from({ length: 20 }, () => t.value('kept', { name: 'model' }, own));
    expect(new Set(await Promise.all(asked))).to.deep.equal(new Set(['weights']));
    await Promise.all(others);
    process.kill(Number(osPid), 'SIGKILL');
    await t.until('pool.affinity_lost');
    for (let n = 0; n < 2; n += 1)
      expect(await t.failure('kept', { name: 'model' }, own)).to.include({ code: 'affinity_lost' });
    t.pool.release('model');
    await t.value('keep', { name: 'model', value: 'loaded again' }, own);
    expect(await t.value('kept', { name: 'model' }, own)).to.equal('loaded again');
  });

  it('lets go of what belongs to a session when the session ends', async () => {
    await using t = await start({ size: 2, affinity: 'strict_queue' });
    const context = await openContext(t.ophion, { variables: {} });
    await context.call(pythonTool('keep'), { name: 'file', value: 'open' });
    expect(await context.call(pythonTool('kept'), { name: 'file' })).to.equal('open');
    expect((await t.pool.status()).affinity).to.deep.equal({ bound: 1, lost: 0 });
    await context.close();
    await untilPasses(async () => expect((await t.pool.status()).affinity.bound).to.equal(0), { withinMs: 10_000 });
  });

  it('replaces a worker whose own process holds too much memory, and no other', async () => {
    await using t = await start({ size: 2, recycle: { maxRssBytes: 300 * 2 ** 20 } });
    await t.pool.ready(2);
    const osPid = await t.value('hoard', { megabytes: 400 });
    await t.until('pool.worker_left');
    const { workers, recycled } = await t.pool.ready(2);
    expect(recycled).to.deep.equal({ rss: 1 });
    expect(workers.map((worker) => worker.osPid)).to.not.include(osPid);
    const leaving = t.events.find(({ type }) => type === 'pool.worker_leaving') as unknown as { rssBytes: number };
    expect(leaving.rssBytes).to.be.greaterThan(400 * 2 ** 20);
  });

  it('loses no call and runs none twice while its workers are recycled under load', async () => {
    await using t = await start({ size: 2, recycle: { maxCalls: 25 } });
    await t.pool.ready(2);
    const osPids = new Set<unknown>();
    let going = true;
    const caller = async () => {
      while (going) {
        const { value, attempts } = await t.call('pid');
        expect(attempts).to.equal(1);
        osPids.add(value);
      }
    };
    const callers = Array.from({ length: 8 }, caller);
    await t.until('pool.worker_left', 4);
    going = false;
    await Promise.all(callers);
    expect(osPids.size).to.be.greaterThan(2);
    const { recycled, restarts } = await t.pool.ready(2);
    expect(recycled.calls).to.be.at.least(4);
    expect(restarts).to.equal(0);
  });

  it('rolls over all of its workers when told to', async () => {
    await using t = await start({ size: 2 });
    const before = (await t.pool.ready(2)).workers.map(({ osPid }) => osPid);
    expect(await t.pool.recycle()).to.equal(2);
    await t.until('pool.worker_left', 2);
    const { workers, recycled } = await t.pool.ready(2);
    expect(recycled).to.deep.equal({ manual: 2 });
    for (const { osPid } of workers) expect(before).to.not.include(osPid);
  });

  it('has a warm spare answer when its worker was killed, before any process has started', async () => {
    await using t = await start({ spares: 1 });
    await t.pool.ready();
    await t.idle(2);
    const { workers, spares } = await t.pool.status();
    expect(spares).to.equal(1);
    const spare = workers.find(({ role }) => role === 'spare');
    const active = workers.find(({ role }) => role === 'active');
    process.kill(active?.osPid as number, 'SIGKILL');
    await t.until('pool.spare_promoted');
    const { value } = await t.call('pid');
    expect(value).to.equal(spare?.osPid);
    // The next incarnation of the one that was killed.
    await t.idle(3);
    expect(await t.pool.status()).to.include({ ready: 1, spares: 1, restarts: 1 });
  });

  it('stops calling what crashes its workers, for a while, and serves the rest', async () => {
    await using t = await start({
      maxRestarts: 100,
      breaker: { failures: 2, windowMs: 60_000, openMs: 500 },
    });
    await t.pool.ready();
    for (let n = 0; n < 2; n += 1) expect(await t.failure('crash')).to.include({ code: 'worker_lost' });
    const refused = await t.failure('crash');
    expect(refused).to.include({ code: 'circuit_open' });
    expect(refused.message).to.include("'crash'");
    expect(await t.value('pid')).to.be.a('number');
    expect((await t.pool.status()).restarts).to.equal(2);
  });

  it('grows under load and shrinks again', async () => {
    await using t = await start({ autoscale: { min: 1, max: 2, upAfterMs: 50, downAfterMs: 300 } });
    await t.pool.ready();
    let busy = true;
    const caller = async () => {
      while (busy) await t.value('crowd', { turns: 20 });
    };
    const callers = Array.from({ length: 4 }, caller);
    await t.until('pool.resized');
    await t.pool.ready(2);
    busy = false;
    await Promise.all(callers);
    await t.until('pool.worker_left');
    expect(await t.pool.status()).to.include({ size: 1, ready: 1, max: 2 });
  });

  it('caps the threads of libraries for numbers as it is told', async () => {
    await using t = await start({ nativeThreads: 3, env: { MKL_NUM_THREADS: '7' } });
    expect(await t.value('environment', { name: 'OMP_NUM_THREADS' })).to.equal('3');
    expect(await t.value('environment', { name: 'RAYON_NUM_THREADS' })).to.equal('3');
    expect(await t.value('environment', { name: 'MKL_NUM_THREADS' })).to.equal('7');
  });
});

describe('processes that start', function () {
  this.timeout(60_000);

  it('are no more than so many at a time, at first and when all of them start again', async () => {
    await using host = await startPingHost({ pool: { size: 5, maxStarting: 2 } });
    const starting = new Set<string>();
    let most = 0;
    const follow = (event: { readonly type: string }) => {
      if (event.type !== 'worker.state') return;
      const { worker, state } = event as unknown as { readonly worker: object; readonly state: string };
      if (['spawning', 'connecting', 'loading'].includes(state)) starting.add(String(worker));
      else starting.delete(String(worker));
      most = Math.max(most, starting.size);
    };
    // What happened before there was anybody to hear it is at most one turn old.
    host.notes.events.forEach(follow);
    host.app.system.events.onAll((event) => follow(event as { readonly type: string }));
    await host.ping.ready(5);
    expect(most).to.equal(2);
    host.links.process?.kill();
    await host.event('pool.worker_lost', () => true, 5);
    await host.ping.ready(5);
    expect(most).to.equal(2);
    expect((await host.ping.status()).restarts).to.equal(5);
  });
});
