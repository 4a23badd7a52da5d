import { expect } from 'chai';
import type { ExitReason, Pid } from '../../../actors/core/index.ts';
import type { PythonOptions, WorkerEvent } from '../../../actors/worker/index.ts';
import { doubtMs } from '../../../actors/worker/worker-setup.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

async function start(options: Partial<PythonOptions> = {}) {
  const system = await startWorkers(options);
  const { network, processes, events, changed } = system;
  const states = () => events.flatMap((event) => (event.type === 'worker.state' ? [event.state] : []));
  const until = (state: string) => changed.until(() => states().at(-1) === state);
  const ended = async (incarnation = 1): Promise<ExitReason> => {
    const own = (event: WorkerEvent) => event.type === 'pool.worker_lost' && event.worker.incarnation === incarnation;
    await changed.until(() => events.some(own));
    return (events.find(own) as { reason: ExitReason }).reason;
  };
  const process = await processes.nth(1);
  return {
    ...system,
    process,
    states,
    until,
    ended,
    /** Brings the worker to a state, from the beginning. */
    to: async (state: 'connecting' | 'loading' | 'idle') => {
      process.start();
      await until('connecting');
      const wire = process.dial(network);
      if (state === 'connecting') return wire;
      wire.hello();
      await until('loading');
      if (state === 'loading') return wire;
      wire.ready();
      await until('idle');
      return wire;
    },
  };
}

const live = (inFlight: readonly number[] = []) =>
  ({
    $typeName: 'ophion.v1.Liveness',
    loopLagMs: 0,
    inFlight: inFlight.map(BigInt),
    rssBytes: 7n,
    lease: 0n,
    leaseHeard: 0n,
  }) as const;

describe('a worker', () => {
  it('goes from reserved to ready as its process does, and is busy while it has work', async () => {
    const t = await start();
    const wire = await t.to('idle');
    wire.control('liveness', live([1]));
    await t.until('busy');
    wire.control('liveness', live());
    await t.until('idle');
    expect(t.states()).to.deep.equal(['connecting', 'loading', 'idle', 'busy', 'idle']);
    expect((await t.pool.status()).workers[0]).to.include({ osPid: 1000, state: 'idle', rssBytes: 7, restarts: 0 });
    await t.stop();
  });

  it('tells its process address, name, incarnation and a token on standard input alone', async () => {
    const t = await start({ pythonPath: ['/here'], capacity: 4 });
    const { boot, options } = t.process;
    expect(boot).to.deep.include({
      address: 'memory',
      worker_id: 'app/pools/p/workers/w-1',
      incarnation: 1,
      path: ['/here'],
      capacity: 4,
    });
    expect(boot.token).to.match(/^[0-9a-f]{32}$/);
    expect(JSON.stringify([options.args, options.env, options.command])).to.not.include(boot.token);
    expect(options.env).to.deep.include({ OPHION_RUN_ID: boot.run_id, PYTHONUNBUFFERED: '1', OMP_NUM_THREADS: '1' });
    await t.stop();
  });

  it('makes a new token for each incarnation', async () => {
    const t = await start();
    t.process.exit(1);
    t.process.gone();
    const second = await t.processes.nth(2);
    expect(second.boot.incarnation).to.equal(2);
    expect(second.boot.token).to.not.equal(t.process.boot.token);
    expect(second.boot.run_id).to.equal(t.process.boot.run_id);
    await t.stop();
  });

  it('is up before its process is: a slow interpreter holds up no supervisor', async () => {
    const t = await start({ size: 3, maxStarting: 3 });
    await t.processes.nth(3);
    expect((await t.pool.status()).workers.map(({ state }) => state)).to.deep.equal([
      'spawning',
      'spawning',
      'spawning',
    ]);
    await t.stop();
  });
});

describe('a worker that finds no links', () => {
  it('waits until it is there, without using up its restarts', async () => {
    const t = await start();
    await t.app.terminateChild('links');
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    await t.ended();
    for (let i = 0; i < 20; i += 1) {
      t.clock.advance(50);
      await t.pool.status();
    }
    expect((await t.pool.status()).workers.map(({ state, restarts }) => [state, restarts])).to.deep.equal([
      ['reserved', 1],
    ]);
    await t.app.restartChild('links');
    t.clock.advance(50);
    await t.processes.nth(2);
    await t.stop();
  });
});

describe('the deadlines of a start', () => {
  it('kill a process that has not dialled in time, to the millisecond', async () => {
    const t = await start({ dialTimeoutMs: 5_000 });
    await t.to('connecting');
    t.clock.advance(4_999);
    await t.pool.status();
    expect(t.process.signals).to.deep.equal([]);
    t.clock.advance(1);
    await t.until('stopping');
    expect(t.process.signals).to.deep.equal(['SIGKILL']);
    t.process.exit(null, 'SIGKILL', 'it was thinking');
    t.process.gone();
    const reason = await t.ended();
    expect(String((reason as { error: Error }).error)).to.match(
      /did not dial within 5000 ms; its last output:\nit was thinking/,
    );
    await t.stop();
  });

  it('give one that loads its whole time again with each progress', async () => {
    const t = await start({ readyTimeoutMs: 1_000 });
    const wire = await t.to('loading');
    for (let i = 0; i < 5; i += 1) {
      t.clock.advance(999);
      wire.control('progress', { $typeName: 'ophion.v1.Progress', what: `loading part ${i}` });
      await t.app.children.links.call('status');
      await t.pool.status();
      await t.pool.status();
    }
    expect(t.process.signals).to.deep.equal([]);
    t.clock.advance(1_000);
    await t.until('stopping');
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    expect(String(((await t.ended()) as { error: Error }).error)).to.match(
      /was not ready within 1000 ms while it was loading part 4/,
    );
    await t.stop();
  });

  it('count for nothing once it is ready', async () => {
    const t = await start({ dialTimeoutMs: 100, readyTimeoutMs: 100, livenessTimeoutMs: 60_000 });
    await t.to('idle');
    t.clock.advance(10_000);
    await t.pool.status();
    expect(t.process.signals).to.deep.equal([]);
    await t.stop();
  });
});

describe('an exit before a worker is ready', () => {
  for (const [what, code, signal, words] of [
    ['code 0', 0, null, 'exited with code 0'],
    ['code 3', 3, null, 'exited with code 3'],
    ['a signal', null, 'SIGSEGV', 'was ended by SIGSEGV'],
  ] as const) {
    it(`is a failed start, also with ${what}`, async () => {
      const t = await start();
      await t.to('loading');
      t.process.exit(code, signal, 'its last words');
      t.process.gone();
      const { error } = (await t.ended()) as unknown as { error: { message: string; lastOutput: string } };
      expect(error).to.include({ name: 'WorkerStartError', lastOutput: 'its last words' });
      expect(error.message).to.include(words);
      await t.stop();
    });
  }

  for (const code of ['ENOENT', 'EACCES', 'EAGAIN']) {
    it(`is one as well when the system starts no process at all (${code})`, async () => {
      const t = await start();
      t.process.tell({ type: 'process.failed', error: Object.assign(new Error(`spawn ${code}`), { code }) });
      const { error } = (await t.ended()) as unknown as { error: { message: string; cause: { code: string } } };
      expect(error.message).to.include(`cannot be started: spawn ${code}`);
      expect(error.cause.code).to.equal(code);
      await t.stop();
    });
  }
});

describe('a ready worker', () => {
  it('is stuck when it is silent for too long: killed, and told to its callers at once', async () => {
    const t = await start({ livenessTimeoutMs: 10_000 });
    const wire = await t.to('idle');
    t.clock.advance(9_999);
    wire.control('liveness', live());
    await t.changed.until(() => t.events.some(({ type }) => type === 'worker.alive'));
    t.clock.advance(9_999);
    await t.pool.status();
    expect(t.process.signals).to.deep.equal([]);
    t.clock.advance(1);
    // What was said while the host stood still is heard first.
    await t.pool.status();
    expect(t.process.signals).to.deep.equal([]);
    t.clock.advance(doubtMs);
    await t.until('stopping');
    expect(t.process.signals).to.deep.equal(['SIGKILL']);
    // Before the process is known to be dead.
    await wire.until(() => wire.closed !== undefined);
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    expect(await t.ended())
      .to.have.property('value')
      .that.includes('stuck');
    await t.stop();
  });

  it('is fenced while its stream is lost, and killed when it does not come back', async () => {
    const t = await start();
    const wire = await t.to('idle');
    wire.carrier.cut();
    await t.until('fenced');
    wire.redial();
    wire.hello();
    await t.until('idle');
    wire.carrier.cut();
    await t.until('fenced');
    t.clock.advance(2_000);
    await t.until('stopping');
    expect(t.process.signals).to.deep.equal(['SIGKILL']);
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    expect(await t.ended())
      .to.have.property('value')
      .that.includes('the stream was lost');
    await t.stop();
  });

  it('ends with how its process ended', async () => {
    const t = await start();
    await t.to('idle');
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    expect(await t.ended()).to.deep.equal({ kind: 'os_signal', signal: 'SIGKILL' });
    await t.processes.nth(2);
    await t.stop();
  });

  it('ends only when its whole group is gone, and says who is not', async () => {
    const t = await start();
    await t.to('idle');
    t.process.exit(1);
    for (let i = 0; i < 5; i += 1) await t.pool.status();
    expect(t.processes.all).to.have.length(1);
    t.process.gone(4711);
    await t.processes.nth(2);
    expect(t.events.find(({ type }) => type === 'worker.leaked')).to.deep.include({ osPids: [4711] });
    await t.stop();
  });

  it('that leaves by itself is replaced', async () => {
    const t = await start();
    const wire = await t.to('idle');
    wire.control('goodbye', { $typeName: 'ophion.v1.Goodbye', reason: 'somebody sent SIGTERM' });
    wire.carrier.end();
    await t.until('stopping');
    t.process.exit(0);
    t.process.gone();
    expect(await t.ended())
      .to.have.property('value')
      .that.includes('it left by itself');
    await t.processes.nth(2);
    await t.stop();
  });
});

describe('stopping a worker', () => {
  it('drains it, then asks it, then kills it, each in its time', async () => {
    const t = await start({ drainMs: 3_000, termMs: 2_000 });
    const wire = await t.to('idle');
    const stopped = t.app.stop();
    await wire.until(() => wire.kinds.includes('drain'));
    t.clock.advance(2_999);
    expect(t.process.signals).to.deep.equal([]);
    t.clock.advance(1);
    await t.until('stopping');
    expect(t.process.signals).to.deep.equal(['SIGTERM']);
    t.clock.advance(2_000);
    await t.processes.changed.until(() => t.process.signals.length === 2);
    expect(t.process.signals).to.deep.equal(['SIGTERM', 'SIGKILL']);
    t.process.exit(null, 'SIGKILL');
    t.process.gone();
    await stopped;
    expect(t.processes.all).to.have.length(1);
  });

  it('asks it as soon as it has said Goodbye', async () => {
    const t = await start();
    const wire = await t.to('idle');
    const stopped = t.app.stop();
    await wire.until(() => wire.kinds.includes('drain'));
    wire.control('goodbye', { $typeName: 'ophion.v1.Goodbye', reason: 'drained' });
    await t.until('stopping');
    expect(t.process.signals).to.deep.equal(['SIGTERM']);
    t.process.exit(0);
    t.process.gone();
    await stopped;
  });

  for (const state of ['connecting', 'loading'] as const) {
    it(`asks at once one that is ${state}`, async () => {
      const t = await start();
      await t.to(state);
      const stopped = t.app.stop();
      await t.until('stopping');
      expect(t.process.signals).to.deep.equal(['SIGTERM']);
      t.process.exit(0);
      t.process.gone();
      await stopped;
    });
  }

  it('makes no report when it obeys, and one when it ends unasked', async () => {
    const t = await start();
    const wire = await t.to('idle');
    const reports = () => t.events.map((event): string => event.type).filter((type) => type === 'supervisor.report');
    const stopping = t.app.stop();
    await wire.until(() => wire.kinds.includes('drain'));
    wire.control('goodbye', { $typeName: 'ophion.v1.Goodbye', reason: 'drained' });
    await t.until('stopping');
    t.process.exit(null, 'SIGTERM');
    t.process.gone();
    await stopping;
    expect(reports()).to.deep.equal([]);
    const other = await start();
    await other.to('idle');
    other.process.exit(0);
    other.process.gone();
    await other.processes.nth(2);
    expect(other.events.map((event): string => event.type)).to.include('supervisor.report');
    await other.stop();
  });

  it('kills its process when the actor is killed', async () => {
    const t = await start();
    await t.to('idle');
    const { pid } = (await t.pool.status()).workers[0] as { pid: Pid };
    t.app.system.lookup(pid.path)?.kill();
    await t.processes.nth(2);
    expect(t.process.signals).to.deep.equal(['SIGKILL']);
    await t.stop();
  });
});

describe('the tree of a pool', () => {
  for (const place of ['links', 'pools', 'pools/p', 'pools/p/workers']) {
    it(`comes back with a worker that is ready, and ends the process it had, when ${place} is killed`, async () => {
      const t = await start({ drainMs: 50 });
      await t.to('idle');
      t.processes.obedient = true;
      t.app.system.lookup(`app/${place}`)?.kill();
      // The old one is asked to drain, if it can be, and then signalled; the new one starts beside it.
      while (t.processes.all.length < 2 || t.process.signals.length === 0) {
        t.clock.advance(50);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const next = await t.processes.nth(2);
      next.start();
      await t.until('connecting');
      const wire = next.dial(t.network);
      wire.hello();
      await t.until('loading');
      wire.ready();
      await t.until('idle');
      expect((await t.pool.status()).workers.map(({ state, osPid }) => [state, osPid])).to.deep.equal([['idle', 1001]]);
      await t.stop();
    });
  }
});
