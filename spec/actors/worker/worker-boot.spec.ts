import { expect } from 'chai';
import { startWorkers as start } from '../../helpers/worker-system.ts';

describe('a worker that may not start its process yet', () => {
  it('waits until another one is ready or gone', async () => {
    const t = await start({ size: 3, maxStarting: 1 });
    await t.processes.nth(1);
    await t.settle();
    expect(t.processes.all).to.have.length(1);
    await t.ready(1);
    const second = await t.processes.nth(2);
    await t.settle();
    expect(t.processes.all).to.have.length(2);
    // One that fails makes room as well, and waits for its turn again.
    second.exit(1);
    second.gone();
    await t.ready(3);
    await t.ready(4);
    await t.stop();
  });

  it('asks the next manager when the one it asked has crashed', async () => {
    const t = await start({ size: 2, maxStarting: 1 });
    const { process } = await t.ready(1);
    await t.ready(2);
    // Both have to start again, and the first is in front.
    for (const one of t.processes.all.slice(0, 2)) {
      one.exit(1);
      one.gone();
    }
    await t.processes.nth(3);
    await t.settle();
    expect(t.processes.all).to.have.length(3);
    const down = t.pool.manager.monitor();
    t.pool.manager.send({ type: 'nonsense' });
    await down;
    await t.settle();
    expect(t.processes.all).to.have.length(3);
    await t.ready(3);
    await t.ready(4);
    expect(process.signals).to.deep.equal(['SIGKILL']);
    await t.stop();
  });
});

describe('a worker that is told to leave', () => {
  it('drains, ends in order, and is not started again', async () => {
    const t = await start({ size: 2 });
    const first = await t.ready(1);
    await t.ready(2);
    await t.pool.recycle('w-1');
    await t.ready(3);
    await t.changed.until(() =>
      t.events.some(
        (event) => event.type === 'worker.state' && String(event.worker) === first.pid && event.state === 'draining',
      ),
    );
    first.process.exit(0);
    first.process.gone();
    await t.changed.until(() => t.events.some(({ type }) => type === 'pool.worker_left'));
    await t.settle();
    const { workers, ready, restarts } = await t.pool.status();
    expect([workers.map(({ id }) => id).sort(), ready, restarts]).to.deep.equal([['w-2', 'w-3'], 2, 0]);
    expect(t.processes.all).to.have.length(3);
    expect(t.events.some(({ type }) => type === 'pool.worker_lost')).to.equal(false);
    await t.stop();
  });
});
