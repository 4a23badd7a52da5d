import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { nodeRuntime, SpecError } from '../../actors/core/index.ts';
import { launch, livingMembers, python, type WorkerStartError } from '../../actors/worker/index.ts';
import { whenGone } from '../../actors/worker/process-group.ts';
import { links } from '../../bridge/transport/index.ts';
import { startSupervisor, supervisor } from '../../supervisors/index.ts';
import { checkout, isGone, startPingHost } from '../helpers/ping-host.ts';

const first = <T>(list: readonly T[]): T => list[0] as T;
/** Resolves when nobody of a process group lives any more, to who is left after 5 s. */
const left = (osPid: number): Promise<readonly number[]> =>
  new Promise((resolve) => whenGone(osPid, nodeRuntime().clock, 5_000, resolve));
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('a pool of Python workers', function () {
  this.timeout(60_000);

  it('starts, answers, streams, asks back, and stops without leaving a process, a socket or a folder', async () => {
    await using host = await startPingHost({ pool: { size: 2 } });
    const { workers } = await host.ping.ready(2);
    expect((await host.call('echo hello')).answer).to.equal('echo hello');
    expect((await host.call('items 3')).items).to.deep.equal(['0', '1', '2']);
    expect((await host.call('ask what')).answer).to.equal('you said what');
    const { address } = await host.links.call('status');
    const folder = dirname((address ?? '').replace('unix:', ''));
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    const { answer } = await host.call('grandchild');
    await host.app.stop();
    for (const { osPid } of workers) expect(await isGone(osPid as number)).to.equal(true);
    expect(isAlive(Number(answer))).to.equal(false);
    expect(existsSync(folder)).to.equal(false);
    expect(host.app.system.deadLetters).to.deep.equal([]);
  });

  it('carries payloads of many frames both ways', async () => {
    await using host = await startPingHost();
    const long = 'x'.repeat(5_000_000);
    expect((await host.call(long)).answer).to.equal(long);
  });

  it('works over loopback TCP as well', async () => {
    const { grpcListen } = await import('../../bridge/transport/index.ts');
    await using host = await startPingHost({ links: { listen: grpcListen({ on: 'tcp' }) } });
    expect((await host.call('hello')).answer).to.equal('hello');
    expect((await host.links.call('status')).address).to.match(/^127\.0\.0\.1:\d+$/);
  });

  it('serves up to its capacity at a time, and no more', async () => {
    await using host = await startPingHost({ pool: { capacity: 2 } });
    void host.call('sleep');
    expect((await host.call('hello')).answer).to.equal('hello');
    void host.call('sleep');
    const refused = await host.call('hello', { timeoutMs: 50 });
    expect(refused.refused).to.include({ code: 'queue_timeout' });
  });

  it('has the process hear its secret on standard input alone, and caps the threads of its libraries', async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    const { osPid } = first(workers);
    const seen = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${osPid}/${name}`, 'utf8')).join('');
    expect(seen).to.not.match(/token/i);
    expect(seen).to.include('OPHION_RUN_ID');
    expect((await host.call('environment OMP_NUM_THREADS')).answer).to.equal('1');
  });

  it('reads whatever a worker prints, cuts what is too long for a log, and is not held up by it', async () => {
    await using host = await startPingHost();
    expect((await host.call('print 10000000')).answer).to.equal('printed');
    const line = await host.event('worker.output', ({ cut }: { cut: boolean }) => cut);
    expect(line.text).to.have.length(8192);
    expect((await host.call('hello')).answer).to.equal('hello');
  });
});

describe('a worker that is lost in a call', function () {
  this.timeout(60_000);

  it('loses that call alone; a new incarnation takes its place', async () => {
    await using host = await startPingHost({ pool: { size: 2 } });
    const { workers } = await host.ping.ready(2);
    const victim = first(workers);
    const calls = [host.call('sleep'), host.call('sleep')];
    await host.event('worker.state', ({ state }: { state: string }) => state === 'busy', 2);
    process.kill(victim.osPid as number, 'SIGKILL');
    const { lost } = await Promise.race(calls);
    expect(lost).to.include({ outcome: 'unknown', stream: String(victim.pid) });
    expect(lost?.reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGKILL' });
    const after = await host.ping.ready(2);
    expect(await left(victim.osPid as number)).to.deep.equal([]);
    expect(after.workers.map(({ pid }) => String(pid)).sort()).to.deep.equal([
      'app/pools/ping/workers/w-1#2',
      'app/pools/ping/workers/w-2#1',
    ]);
    expect(after.restarts).to.equal(1);
  });

  for (const [word, reason, output] of [
    ['exit 7', { kind: 'os_exit', code: 7 }, 'asked to exit'],
    ['segv', { kind: 'os_signal', signal: 'SIGSEGV' }, 'booted'],
  ] as const) {
    it(`tells how it ended (${word}) and what it printed last (S-282)`, async () => {
      await using host = await startPingHost();
      const { lost } = await host.call(word);
      expect(lost?.reason).to.deep.equal(reason);
      expect(lost?.lastOutput).to.include(output);
      expect((await host.call('hello')).answer).to.equal('hello');
    });
  }

  it('calls it a failure when it exits with code 0 without being asked', async () => {
    await using host = await startPingHost();
    const { lost } = await host.call('exit 0');
    expect(lost?.reason).to.deep.equal({ kind: 'exit', value: 'its process exited with code 0 without being asked' });
  });

  it('takes its grandchildren with it (S-282)', async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    const grandchild = Number((await host.call('grandchild')).answer);
    expect(isAlive(grandchild)).to.equal(true);
    const { osPid } = first(workers);
    await host.call('exit 1');
    expect(await left(osPid as number)).to.deep.equal([]);
    expect(isAlive(grandchild)).to.equal(false);
  });

  const quick = { pool: { livenessTimeoutMs: 600 } };
  for (const word of ['freeze', 'lock'] as const) {
    it(`is stuck when it says nothing any more (${word}): it is killed and replaced`, async () => {
      await using host = await startPingHost(quick);
      const { workers } = await host.ping.ready();
      const { lost } = await host.call(word);
      expect(lost).to.include({ outcome: 'unknown' });
      expect(lost?.reason).to.have.property('value').that.includes('stuck');
      expect((await host.call('hello')).answer).to.equal('hello');
      expect(await left(first(workers).osPid as number)).to.deep.equal([]);
    });
  }

  it('is not stuck while it only runs long', async () => {
    await using host = await startPingHost(quick);
    void host.call('sleep');
    await host.event('worker.state', ({ state }: { state: string }) => state === 'busy');
    const liveness = async () => (await host.ping.status()).workers;
    const before = first(await liveness());
    // Twelve signs of life are twice its patience.
    await host.event('worker.alive', () => true, 12);
    expect(first(await liveness())).to.include({ osPid: before.osPid, state: 'busy' });
  });

  it('is not stuck when its host stood still: what it said meanwhile is heard first', async () => {
    await using host = await startPingHost(quick);
    const before = first((await host.ping.ready()).workers);
    for (let times = 1; times <= 3; times += 1) {
      await host.event('worker.alive', () => true, times);
      // Nothing runs in this process, as under a debugger.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      expect((await host.call('hello')).answer).to.equal('hello');
    }
    await host.event('worker.alive', () => true, 10);
    expect(first((await host.ping.status()).workers)).to.include({ osPid: before.osPid, incarnation: 1 });
  });

  it('is replaced when a call on it has passed its time', async () => {
    await using host = await startPingHost();
    const { lost } = await host.call('sleep', { exchangeTimeoutMs: 50 });
    expect(lost?.reason).to.have.nested.property('error.code', 'call_timeout');
    expect((await host.call('hello')).worker).to.equal('app/pools/ping/workers/w-1#2');
  });
});

describe('a stream that is cut', function () {
  this.timeout(60_000);

  it('goes on with the same process, and its call keeps its outcome', async () => {
    await using host = await startPingHost({ pool: { capacity: 2 } });
    const { workers } = await host.ping.ready();
    for (let i = 0; i < 5; i += 1) {
      const cut = host.call('cut');
      await host.event('stream.resumed', () => true, i + 1);
      expect((await cut).answer).to.equal('cut');
      expect((await host.call(`hello ${i}`)).answer).to.equal(`hello ${i}`);
    }
    expect(first((await host.ping.status()).workers).osPid).to.equal(first(workers).osPid);
  });
});

describe('a worker that does not start', function () {
  this.timeout(60_000);

  for (const [what, mode, options, message] of [
    [
      'ends before it dialled',
      ['exit', '3'],
      {},
      /exited with code 3 before it dialled; its last output:\s+these are its last words/,
    ],
    ['ends with code 0', ['exit', '0'], {}, /exited with code 0 before it dialled/],
    [
      'never dials',
      ['silent'],
      { dialTimeoutMs: 1_500 },
      /did not dial within 1500 ms; its last output:\s+not going to dial/,
    ],
    ['is never ready', ['loads for ever'], { readyTimeoutMs: 200 }, /was not ready within 200 ms/],
    ['has a wrong token', ['wrong token'], {}, /exited with code 4 before it dialled/],
  ] as const) {
    it(`fails with its last output when it ${what}`, async () => {
      await using host = await startPingHost({ mode, pool: { maxRestarts: 0, ...options } });
      const error = (await host.ping.ready().catch((e: unknown) => e)) as WorkerStartError;
      expect(error).to.include({ name: 'WorkerStartError', code: 'start_failed' });
      expect(error.message).to.match(message);
      const starts = host.notes.events.flatMap((event) =>
        event.type === 'worker.state' && event.state === 'connecting' ? [event.osPid as number] : [],
      );
      for (const osPid of starts) expect(await isGone(osPid)).to.equal(true);
    });
  }

  it('has more time as long as it makes progress', async () => {
    await using host = await startPingHost({ mode: ['loads slowly'], pool: { readyTimeoutMs: 350 } });
    expect((await host.ping.ready()).restarts).to.equal(0);
  });

  for (const [what, executable] of [
    ['is not there', '/nowhere/python'],
    ['is not in the PATH', 'no-such-python'],
    ['may not be run', join(checkout, 'package.json')],
  ] as const) {
    it(`is refused when it is defined, by name and with the way out, when its interpreter ${what}`, () => {
      expect(() => python({ module: 'ping', executable }))
        .to.throw(SpecError, /install Python .* or name another one/)
        .with.property('message')
        .that.includes(executable);
    });
  }

  it('names the reason of the system when its interpreter went away after that', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ophion-spec-'));
    const executable = join(folder, 'python');
    symlinkSync('/bin/true', executable);
    const options = { executable, maxRestarts: 0 };
    try {
      const starting = startPingHost({ pool: options });
      rmSync(folder, { recursive: true });
      await using host = await starting;
      const error = (await host.ping.ready().catch((e: unknown) => e)) as WorkerStartError;
      expect(error.message).to.include('ENOENT').and.to.include(executable);
      expect(error.cause).to.have.property('code', 'ENOENT');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is tried again after a pause, and the pool has its size when that works', async () => {
    await using host = await startPingHost({ mode: ['exit', '3'], pool: { maxRestarts: 0, backoffMs: 10 } });
    const gaveUp = await host.event('pool.worker_gave_up', () => true, 2);
    expect(gaveUp.workerId).to.equal('w-2');
  });
});

describe('stopping a worker', function () {
  this.timeout(60_000);

  it('lets it finish what it runs', async () => {
    await using host = await startPingHost({ pool: { drainMs: 30_000 } });
    await host.ping.ready();
    const call = host.call('later 0.5');
    await host.event('worker.state', ({ state }: { state: string }) => state === 'busy');
    await host.app.children.pools.terminateChild('ping');
    expect((await call).answer).to.equal('at last');
  });

  it('kills one that ignores Drain and SIGTERM, and resolves when it is gone (S-282)', async () => {
    await using host = await startPingHost({ mode: ['never leaves'], pool: { drainMs: 50, termMs: 50 } });
    const { workers } = await host.ping.ready();
    const { osPid } = first(workers);
    await host.app.stop();
    expect(await isGone(osPid as number)).to.equal(true);
  });

  it('ends its process even when its actor is killed', async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    const { pid, osPid } = first(workers);
    host.app.system.lookup(pid.path)?.kill();
    expect(await left(osPid as number)).to.deep.equal([]);
    expect((await host.call('hello')).worker).to.equal(`${pid.path}#2`);
  });
});

describe('a crash in the host', function () {
  this.timeout(60_000);

  it("of the bridge's stand-in between a delivery and its acknowledgement delivers it again; no process ends", async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    let crashes = 0;
    host.notes.onDelivery = ({ type }) => {
      if (type === 'exchange.message' && crashes++ === 0) throw new Error('in the middle');
    };
    expect((await host.call('hello')).answer).to.equal('hello');
    expect(host.notes.starts).to.equal(2);
    expect(crashes).to.equal(2);
    expect((await host.call('again')).answer).to.equal('again');
    expect(first((await host.ping.status()).workers).osPid).to.equal(first(workers).osPid);
  });

  it("of the pool's manager loses no worker, no call that runs and none that waits", async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    const running = host.call('sleep', { exchangeTimeoutMs: 300 });
    const waiting = host.call('hello');
    while ((await host.ping.status()).queued === 0);
    const down = host.ping.manager.monitor();
    host.ping.manager.send({ type: 'nonsense' });
    host.bridge.cast('call', { id: 'late', payload: 'x', options: {} });
    await down;
    expect((await running).lost?.reason).to.have.nested.property('error.code', 'call_timeout');
    expect((await waiting).answer).to.equal('hello');
    // The worker that did not answer in time was replaced; until then it was the same one.
    expect(first(workers).incarnation).to.equal(1);
    expect((await host.ping.status()).workers.map(({ pid }) => String(pid))).to.deep.equal([
      'app/pools/ping/workers/w-1#2',
    ]);
  });

  it('of links replaces the workers: every call has its outcome', async () => {
    await using host = await startPingHost();
    const { workers } = await host.ping.ready();
    const running = host.call('sleep');
    await host.event('worker.state', ({ state }: { state: string }) => state === 'busy');
    host.links.send({ type: 'nonsense' });
    expect((await running).lost).to.include({ outcome: 'unknown' });
    expect((await host.call('hello')).answer).to.equal('hello');
    expect(await left(first(workers).osPid as number)).to.deep.equal([]);
  });
});

describe('workers that are killed again and again under load', function () {
  this.timeout(60_000);

  it('cost calls that were on them and nothing else: every call has one outcome, and the pool its size', async () => {
    await using host = await startPingHost({ pool: { size: 3, backoffMs: 10 } });
    await host.ping.ready(3);
    const seen = new Set<number>();
    let running = true;
    const tally = { answered: 0, lost: 0 };
    const caller = async (name: number) => {
      for (let i = 0; running; i += 1) {
        const { answer, lost, refused } = await host.call(`${name} ${i}`);
        expect(refused).to.equal(undefined);
        if (answer === undefined) expect(lost?.outcome).to.be.oneOf(['unknown', 'not_started']);
        else expect(answer).to.equal(`${name} ${i}`);
        tally[answer === undefined ? 'lost' : 'answered'] += 1;
      }
    };
    const callers = Array.from({ length: 8 }, (_, name) => caller(name));
    for (let round = 0; round < 8; round += 1) {
      const { workers } = await host.ping.ready(1);
      const osPid = first(workers.filter(({ state }) => state === 'idle' || state === 'busy')).osPid as number;
      seen.add(osPid);
      process.kill(osPid, 'SIGKILL');
      await host.event('pool.worker_lost', () => true, round + 1);
    }
    running = false;
    await Promise.all(callers);
    const { workers } = await host.ping.ready(3);
    expect(workers).to.have.length(3);
    for (const osPid of seen) expect(await left(osPid)).to.deep.equal([]);
    expect(tally.answered).to.be.greaterThan(0);
    expect((await host.links.call('status')).streams.map(({ exchanges }) => exchanges)).to.deep.equal([0, 0, 0]);
  });
});

describe('a process that floods', () => {
  it('is read piece by piece: between two of them everybody else has a turn', async () => {
    const { clock } = nodeRuntime();
    let [lines, inThisTurn, most, running] = [0, 0, 0, true];
    const turn = () => {
      most = Math.max(most, inThisTurn);
      inThisTurn = 0;
      if (running) setImmediate(turn);
    };
    turn();
    await new Promise<void>((resolve) => {
      const args = ['-c', 'yes | head -c 4000000'];
      launch({ command: '/bin/sh', args, env: { PATH: process.env.PATH ?? '' }, input: '', clock }, (event) => {
        if (event.type === 'process.output') {
          lines += 1;
          inThisTurn += 1;
        }
        if (event.type === 'process.gone') resolve();
      });
    });
    running = false;
    expect(lines).to.equal(2_000_000);
    // A piece is what Node reads at a time: 64 KiB, with two bytes a line. One more may have been on its way.
    expect(most).to.be.at.most(2 * 64 * 512);
  }).timeout(60_000);
});

describe('a process group', () => {
  it('is gone when all that is left of it are zombies', async () => {
    // The shell becomes a program that never reads the exit code of its child.
    const leader = spawn('/bin/sh', ['-c', 'true & exec sleep 1000'], { detached: true, stdio: 'ignore' });
    const group = leader.pid as number;
    const zombie = () => readFileSync(`/proc/${group}/task/${group}/children`, 'utf8').trim();
    while (!existsSync(`/proc/${group}/task`) || zombie() === '' || isAlive(Number(zombie())))
      await new Promise(setImmediate);
    expect(await livingMembers(group)).to.deep.equal([group]);
    const exit = once(leader, 'exit');
    leader.kill('SIGKILL');
    await exit;
    expect(await livingMembers(group)).to.deep.equal([]);
  });
});

describe('SIGKILL of the host', function () {
  this.timeout(60_000);

  const program = join(checkout, 'spec', 'fixtures', 'ping-host-program.ts');
  for (const [what, mode, ready] of [
    ['boots', 'idle', 'connecting'],
    ['waits before it dials, with a grandchild', 'grandchild at boot', 'grandchild'],
    ['holds the interpreter lock in native code at boot', 'hold the lock at boot', 'holding'],
    ['is idle', 'idle', 'idle'],
    ['holds the interpreter lock in a call, with a grandchild', 'in-call:grandchild,lock', 'holding'],
    ['ignores SIGTERM', 'never leaves', 'idle'],
  ] as const) {
    it(`leaves nothing of a worker that ${what} (S-283)`, async () => {
      const host = spawn(process.execPath, ['--import', 'tsx', program, mode], {
        cwd: checkout,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const osPids = new Set<number>();
      for await (const line of createInterface({ input: host.stdout })) {
        const said = JSON.parse(line) as { what: string; osPid?: number };
        if (said.osPid !== undefined) osPids.add(said.osPid);
        if (said.what === ready) break;
      }
      const exit = once(host, 'exit');
      host.kill('SIGKILL');
      await exit;
      expect(osPids.size).to.be.greaterThan(0);
      for (const osPid of osPids) {
        expect(await left(osPid)).to.deep.equal([]);
        expect(isAlive(osPid)).to.equal(false);
      }
    });
  }
});

describe('python()', () => {
  for (const [what, options, rule] of [
    ['a module that is no name', { module: 'a b' }, /invalid_module/],
    ['a module that looks like an option', { module: '-c' }, /invalid_module/],
    ['no size', { module: 'm', size: 0 }, 'invalid_size'],
    ['half a worker', { module: 'm', size: 1.5 }, 'invalid_size'],
    ['a negative time', { module: 'm', dialTimeoutMs: -1 }, 'invalid_dialTimeoutMs'],
  ] as const) {
    it(`refuses ${what} at the call`, () => {
      expect(() => python(options))
        .to.throw()
        .with.property('rule')
        .that.matches(new RegExp(rule));
    });
  }

  it('serves a pool beside others: one that cannot start does not stop the others', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        links,
        pools: supervisor({
          children: {
            bad: python({ module: 'm', executable: '/bin/false', maxRestarts: 0 }),
            good: python({
              module: 'ping',
              args: [join(checkout, 'spec', 'fixtures', 'ping_worker.py')],
              env: { PYTHONPATH: join(checkout, 'python', 'src') },
            }),
          },
        }),
      },
    });
    expect((await app.children.pools.children.good.ready()).ready).to.equal(1);
    expect((await app.children.pools.children.bad.status()).ready).to.equal(0);
  });
});
