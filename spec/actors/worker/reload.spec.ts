import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { type FileEvent, type PythonOptions, python, type WatchFiles } from '../../../actors/worker/index.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

const traceback = 'Traceback (most recent call last):\n  File "m.py", line 1\nSyntaxError: invalid syntax';

/** Workers whose code changes when the test says so. */
async function start(options: Partial<PythonOptions> = {}) {
  const watched: { folders: readonly string[]; tell: (event: FileEvent) => void; open: boolean }[] = [];
  const watch: WatchFiles = (folders, tell) => {
    const one = { folders, tell, open: true };
    watched.push(one);
    return () => {
      one.open = false;
    };
  };
  const t = await startWorkers({ pythonPath: ['/app'], reload: { watch }, ...options });
  const save = (...paths: string[]) => {
    for (const path of paths) watched.at(-1)?.tell({ type: 'file.changed', path });
  };
  return {
    ...t,
    watched,
    save,
    /** Saves a file, and waits until that has settled. */
    change: async (path = '/app/m.py') => {
      const began = t.events.filter(({ type }) => type === 'reload.began').length;
      save(path);
      await t.settle();
      t.clock.advance(200);
      await t.event('reload.began', began + 1);
      await t.settle();
    },
    /** The n-th process does not load. */
    fail: async (n: number) => {
      const process = await t.processes.nth(n);
      process.start();
      await t.settle();
      for (const text of traceback.split('\n'))
        process.tell({ type: 'process.output', from: 'stderr', text, cut: false });
      process.exit(3, null, 'the last part of it');
      process.gone();
      await t.settle();
    },
    ids: async () => (await t.pool.status()).workers.map(({ id, role }) => `${id} ${role}`).sort(),
  };
}
type Reloading = Awaited<ReturnType<typeof start>>;
const leave = async (t: Reloading, ...processes: { exit(code: number): void; gone(): void }[]) => {
  for (const process of processes) {
    process.exit(0);
    process.gone();
  }
  await t.settle();
};

describe('a pool whose code changes', () => {
  it('starts one worker with it, and replaces the others one after the other when that is ready', async () => {
    await using t = await start({ size: 2 });
    const first = await t.ready(1);
    const second = await t.ready(2);
    await t.change();
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 active', 'w-3 starting']);
    await t.ready(3);
    await t.event('pool.worker_leaving');
    await leave(t, first.process);
    await t.ready(4);
    await t.event('pool.worker_leaving', 2);
    expect(t.events.some(({ type }) => type === 'reload.done')).to.equal(false);
    await leave(t, second.process);
    expect(await t.event('reload.done')).to.include({ pool: 'p', workers: 2 });
    expect(await t.ids()).to.deep.equal(['w-3 active', 'w-4 active']);
    expect((await t.pool.status()).recycled).to.deep.equal({ reload: 2 });
    expect(t.processes.all).to.have.length(4);
  });

  it('waits until no file has changed for a while, and names those that have', async () => {
    await using t = await start({ reload: false });
    await t.ready(1);
    expect(t.watched).to.deep.equal([]);
    await using own = await start();
    await own.ready(1);
    for (let n = 0; n < 5; n += 1) {
      own.save('/app/b.py', '/app/a.py');
      await own.settle();
      own.clock.advance(199);
      await own.settle();
    }
    expect(own.events.some(({ type }) => type === 'reload.began')).to.equal(false);
    own.clock.advance(1);
    expect(await own.event('reload.began')).to.deep.include({ pool: 'p', files: ['/app/a.py', '/app/b.py'] });
    await own.settle();
    expect(own.events.filter(({ type }) => type === 'reload.began')).to.have.length(1);
  });

  it('goes on as it is when the new code does not load, and says why in the words of Python', async () => {
    await using t = await start({ size: 2 });
    await t.ready(1);
    await t.ready(2);
    await t.change();
    await t.fail(3);
    const { worker, error, traceback: told, pool } = await t.event('reload.failed');
    expect([String(worker), pool, error.name]).to.deep.equal(['app/pools/p/workers/w-3#1', 'p', 'WorkerStartError']);
    expect(told).to.equal(traceback);
    // Its next incarnation is told to leave before it starts a process.
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 active']);
    t.clock.advance(5_000);
    await t.settle();
    expect(t.processes.all).to.have.length(3);
    expect((await t.pool.status()).ready).to.equal(2);
  });

  it('ends who tries it as well when somebody else shows first that it does not load', async () => {
    await using t = await start({ size: 2 });
    await t.ready(1);
    const { process } = await t.ready(2);
    await t.change();
    const trial = await t.processes.nth(3);
    process.exit(1);
    process.gone();
    await t.fail(4);
    expect(String((await t.event('reload.failed')).worker)).to.equal('app/pools/p/workers/w-2#2');
    expect(trial.signals).to.deep.equal(['SIGKILL']);
    await leave(t, trial);
    // The lost one is tried as any that is lost.
    expect((await t.ids()).slice(0, 2)).to.deep.equal(['w-1 active', 'w-2 starting']);
    expect(t.events.filter(({ type }) => type === 'reload.failed')).to.have.length(1);
  });

  it('tries again at the next change', async () => {
    await using t = await start();
    const { process } = await t.ready(1);
    await t.change();
    await t.fail(2);
    await t.change();
    await t.ready(3);
    await t.event('pool.worker_leaving');
    await leave(t, process);
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-3 active']);
  });

  it('keeps its spares while the new code is not proven, and replaces them with the others', async () => {
    await using t = await start({ spares: 1 });
    const first = await t.ready(1);
    const second = await t.ready(2);
    await t.change();
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 spare', 'w-3 starting']);
    await t.fail(3);
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 spare']);
    await t.change();
    await t.ready(4);
    await leave(t, first.process, second.process);
    await t.ready(5);
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-4 active', 'w-5 spare']);
  });

  it('has one more worker for a while, also where recycling may have none', async () => {
    await using t = await start({ size: 2, recycle: { surge: 0 } });
    const processes = [(await t.ready(1)).process, (await t.ready(2)).process];
    await t.change();
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 active', 'w-3 starting']);
    await t.ready(3);
    await leave(t, processes[0] as never);
    // Then it does as it is told: the next one leaves first.
    expect((await t.ids()).filter((id) => id.endsWith('starting'))).to.deep.equal([]);
    await leave(t, processes[1] as never);
    await t.ready(4);
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-3 active', 'w-4 active']);
  });

  it('ends who tries the code of before when it changes again, and tries the newest', async () => {
    await using t = await start();
    const { process } = await t.ready(1);
    await t.change();
    const second = await t.processes.nth(2);
    await t.change();
    expect(second.signals).to.deep.equal(['SIGKILL']);
    await leave(t, second);
    await t.ready(3);
    await leave(t, process);
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-3 active']);
  });

  it('lets who was to be replaced stay when it changes again before that', async () => {
    await using t = await start({ size: 2 });
    const first = await t.ready(1);
    await t.ready(2);
    await t.change();
    await t.ready(3);
    await leave(t, first.process);
    await t.change();
    // The one that was to replace the second has older code than the newest.
    await t.fail(4);
    await t.fail(5);
    await t.event('reload.failed');
    expect((await t.ids()).slice(0, 2)).to.deep.equal(['w-2 active', 'w-3 active']);
  });

  it('replaces also who began with older code and was not ready yet', async () => {
    await using t = await start({ size: 2 });
    const first = await t.ready(1);
    await t.processes.nth(2);
    await t.change();
    const second = await t.ready(2);
    await t.ready(3);
    await leave(t, first.process);
    await t.ready(4);
    await leave(t, second.process);
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-3 active', 'w-4 active']);
  });

  it('starts at once what it had given up, since the change may have set it right', async () => {
    await using t = await start({ maxRestarts: 0 });
    await t.fail(1);
    await t.event('pool.worker_gave_up');
    expect(t.processes.all).to.have.length(1);
    await t.change();
    await t.ready(2);
    expect(await t.pool.status()).to.include({ ready: 1, lastFailure: undefined });
    await t.event('reload.done');
  });

  it('goes on with that when its manager crashes', async () => {
    await using t = await start({ size: 2 });
    await t.ready(1);
    await t.ready(2);
    await t.change();
    const crash = async () => {
      const down = t.pool.manager.monitor();
      t.pool.manager.send({ type: 'nonsense' });
      await down;
      await t.settle();
    };
    await crash();
    expect(await t.ids()).to.deep.equal(['w-1 active', 'w-2 active', 'w-3 starting']);
    await t.ready(3);
    await crash();
    for (const n of [1, 2]) {
      const { worker } = await t.event('pool.worker_leaving', n);
      await leave(t, t.processes.all.find(({ boot }) => boot.worker_id === worker.path) as never);
      if (n === 1) await t.ready(4);
    }
    await t.event('reload.done');
    expect(await t.ids()).to.deep.equal(['w-3 active', 'w-4 active']);
  });
});

describe('who watches the files of a pool', () => {
  it('watches the folders of its modules, or those that are named', async () => {
    await using t = await start({ cwd: '/srv/app', pythonPath: ['lib', '/abs'] });
    expect(t.watched[0]?.folders).to.deep.equal(['/srv/app/lib', '/abs']);
    const folders: (readonly string[])[] = [];
    const watch: WatchFiles = (given) => {
      folders.push(given);
      return () => {};
    };
    await using other = await startWorkers({ cwd: '/srv/app', reload: { folders: ['src'], watch } });
    await other.settle();
    expect(folders).to.deep.equal([['/srv/app/src']]);
  });

  it('stops watching with the pool, and when it is killed; a new one watches anew, and nobody else ends', async () => {
    const t = await start();
    const { pid } = await t.ready(1);
    t.app.system.lookup('app/pools/p/reloader')?.kill();
    await t.settle();
    expect(t.watched.map(({ open }) => open)).to.deep.equal([false, true]);
    expect((await t.pool.status()).workers.map((worker) => String(worker.pid))).to.deep.equal([pid]);
    await t.change();
    await t.stop();
    expect(t.watched.map(({ open }) => open)).to.deep.equal([false, false]);
  });

  it('tells what it watches, and what it cannot', async () => {
    await using t = await start();
    const error = new SpecError('x', 'y');
    t.watched[0]?.tell({ type: 'file.watching', folders: 3 });
    t.watched[0]?.tell({ type: 'file.unwatched', error });
    expect(await t.event('reload.watching')).to.include({ pool: 'p', folders: 3 });
    expect(await t.event('reload.unwatched')).to.include({ pool: 'p', error });
  });

  it('has workers write no bytecode, which may be taken for newer code, unless told otherwise', async () => {
    await using t = await start();
    expect((await t.processes.nth(1)).options.env.PYTHONDONTWRITEBYTECODE).to.equal('1');
    await using other = await start({ env: { PYTHONDONTWRITEBYTECODE: undefined } });
    expect((await other.processes.nth(1)).options.env).to.not.have.property('PYTHONDONTWRITEBYTECODE');
  });

  for (const [options, rule] of [
    [{ reload: 'yes' }, 'invalid_reload'],
    [{ reload: { debounceMs: -1 } }, 'invalid_reload.debounceMs'],
    [{ reload: { folders: [] } }, 'invalid_reload.folders'],
    [{ reload: { folders: 'src' } }, 'invalid_reload.folders'],
    [{ reload: true, size: 0, remote: { max: 1 } }, 'invalid_reload'],
  ] as const) {
    it(`is not made for ${JSON.stringify(options)}`, () => {
      expect(() => python({ module: 'm', ...(options as object) }))
        .to.throw(SpecError)
        .with.property('rule')
        .that.matches(new RegExp(`^${rule}:`));
    });
  }
});
