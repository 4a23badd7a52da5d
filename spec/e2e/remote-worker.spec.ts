import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pythonTool, WorkerLostError } from '../../index.ts';
import { nextRestart, startProxy } from '../../testing/index.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../helpers/certificates.ts';
import { needs } from '../helpers/needs.ts';
import { isGone } from '../helpers/ping-host.ts';
import { joining, running, startRemoteHost } from '../helpers/remote-host.ts';
import { RemoteWorker } from '../helpers/remote-worker.ts';

const echo = pythonTool<{ value: unknown }, unknown>('echo');
const grandchild = pythonTool<Record<never, never>, number>('grandchild');
const holdTheLock = pythonTool<Record<never, never>, null>('hold_the_lock');
const stopItself = pythonTool<Record<never, never>, null>('stop_itself');

const livesStill = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('a worker that joins from elsewhere', function () {
  this.timeout(60_000);

  it("exchanges the pool's token for its own, and serves as any other", async () => {
    await using host = await startRemoteHost();
    expect(statSync(host.tokenFile).mode & 0o777).to.equal(0o600);
    await using worker = new RemoteWorker(host.join());
    const { workers } = await host.pool.ready();
    expect(workers[0]).to.include({
      id: 'r-1',
      remote: true,
      index: undefined,
      incarnation: 1,
      role: 'active',
      state: 'idle',
    });
    await using context = await host.open();
    expect(await context.call(echo, { value: 'hello' })).to.equal('hello');
    // No secret is in what others on the machine can see.
    const secret = readFileSync(host.tokenFile, 'utf8').trim();
    for (const pid of [worker.keeper, workers[0]?.osPid])
      for (const name of ['cmdline', 'environ'])
        expect(readFileSync(`/proc/${pid}/${name}`, 'utf8')).to.not.include(secret);
  });

  it('leaves in order when whatever started it asks it to', async () => {
    await using host = await startRemoteHost();
    await using worker = new RemoteWorker(host.join());
    await host.pool.ready();
    worker.child.kill('SIGTERM');
    expect(await worker.ended).to.deep.equal({ code: 0, signal: null });
    const { reason } = await host.event('pool.worker_lost');
    expect(reason).to.deep.equal({ kind: 'exit', value: 'it left by itself: terminated' });
    expect((await host.pool.status()).workers).to.deep.equal([]);
  });

  it('is told to leave when its pool stops', async () => {
    const host = await startRemoteHost();
    await using worker = new RemoteWorker(host.join());
    await host.pool.ready();
    await host[Symbol.asyncDispose]();
    expect(await worker.ended).to.deep.equal({ code: 0, signal: null });
    expect(existsSync(host.tokenFile)).to.equal(false);
  });

  it('has its end told to the pool by its keeper, which exits so that it is started again', async () => {
    await using host = await startRemoteHost();
    await using worker = new RemoteWorker(host.join());
    const { workers } = await host.pool.ready();
    await using context = await host.open();
    const child = await context.call(grandchild, {});
    process.kill(workers[0]?.osPid as number, 'SIGKILL');
    expect(await worker.ended).to.deep.equal({ code: 137, signal: null });
    const { reason } = await host.event('pool.worker_lost');
    expect(reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGKILL' });
    expect(livesStill(child)).to.equal(false);
    await using _next = new RemoteWorker(host.join());
    const after = await host.pool.ready();
    expect(after.workers.map(({ pid }) => String(pid))).to.deep.equal(['app/ophion/pools/default/workers/r-2#1']);
  });

  it('ends with its keeper, its own children included', async () => {
    await using host = await startRemoteHost();
    await using worker = new RemoteWorker(host.join());
    const { workers } = await host.pool.ready();
    await using context = await host.open();
    await context.call(grandchild, {});
    worker.child.kill('SIGKILL');
    await host.event('pool.worker_lost');
    while (!(await isGone(workers[0]?.osPid as number)));
  });

  it('waits for its place when the pool has all the workers that it takes', async () => {
    await using host = await startRemoteHost({ remote: { max: 1 } });
    await using first = new RemoteWorker(host.join());
    await host.pool.ready();
    await using _second = new RemoteWorker(host.join());
    await host.event('connection.refused');
    first.child.kill('SIGTERM');
    await first.ended;
    const { workers } = await host.pool.ready();
    expect(workers.map(({ id }) => id)).to.deep.equal(['r-2']);
  });

  it('survives the crash of the manager, which knows it again', async () => {
    await using host = await startRemoteHost();
    await using _worker = new RemoteWorker(host.join());
    const { workers } = await host.pool.ready();
    const restart = nextRestart(host.pool.manager);
    host.pool.manager.send({ type: 'nonsense' });
    await restart;
    const after = await host.pool.ready();
    expect(after.workers.map(({ osPid }) => osPid)).to.deep.equal(workers.map(({ osPid }) => osPid));
    expect(after).to.include({ size: 0, ready: 1 });
  });
});

describe('a join token', function () {
  this.timeout(60_000);

  it('that is wrong, of another host, expired or used up joins nobody', async () => {
    await using host = await startRemoteHost();
    await using other = await startRemoteHost();
    const file = join(host.folder, 'token');
    const refusedWith = async (said: RegExp) => {
      await using worker = new RemoteWorker(joining(`http://127.0.0.1:${host.port}`, file));
      expect((await worker.ended).code).to.equal(4);
      expect(worker.said).to.match(said);
      expect(worker.said).to.not.include(readFileSync(file, 'utf8').trim());
    };
    writeFileSync(file, 'no such token', { mode: 0o600 });
    writeFileSync(file, `${'0'.repeat(64)}\n`);
    await refusedWith(/this join token is not known here/);
    await other.pool.writeJoinToken(file);
    await refusedWith(/this join token is not known here/);
    await host.pool.writeJoinToken(file, { ttlMs: 1 });
    await refusedWith(/this join token has expired/);
    await host.pool.writeJoinToken(file, { uses: 1 });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    await using _worker = new RemoteWorker(joining(`http://127.0.0.1:${host.port}`, file));
    await host.pool.ready();
    await refusedWith(/this join token has been used/);
  });

  it('is for workers that serve the module of its pool', async () => {
    await using host = await startRemoteHost();
    await using worker = new RemoteWorker(host.join(), { module: 'e2e_tools' });
    expect((await worker.ended).code).to.equal(4);
    expect(worker.said).to.match(/serve 'remote_tools'; this one serves 'e2e_tools'/);
  });

  it('is read from a file that is there, and plain text goes to other machines only when that is meant', async () => {
    for (const [args, said] of [
      [joining('http://127.0.0.1:1', '/nowhere/token'), /--token-file: .*No such file/],
      [joining('http://workers.example:7443', '/nowhere/token'), /use https:\/\/, or --insecure/],
      [joining('workers.example', '/nowhere/token'), /--join is https:\/\/HOST:PORT/],
      [joining('https://127.0.0.1:1', '/nowhere/token', '--cert', '/x'), /--cert and --key belong together/],
    ] as const) {
      await using worker = new RemoteWorker(args);
      expect((await worker.ended).code).to.equal(2);
      expect(worker.said).to.match(said);
    }
  });

  it('of a host that started again lets the workers in that are started again', async () => {
    const first = await startRemoteHost();
    await using lost = new RemoteWorker(first.join());
    await first.pool.ready();
    const { port, folder } = first;
    await first.app.stop();
    await lost.ended;
    await using _next = new RemoteWorker(first.join());
    await using second = await startRemoteHost({ port, folder });
    expect((await second.pool.ready()).ready).to.equal(1);
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('a worker whose host is cut off', function () {
  this.timeout(60_000);
  const leaseMs = 1_500;

  for (const [what, busyWith] of [
    ['while it is idle', undefined],
    ['while native code holds the interpreter lock', holdTheLock],
    ['while it is stopped', stopItself],
  ] as const) {
    it(`ends itself within its lease, after the host has given it up (${what})`, async () => {
      await using host = await startRemoteHost({ remote: { leaseMs } });
      await using proxy = await startProxy({ upstream: { port: host.port } });
      await using worker = new RemoteWorker(joining(`http://${proxy.target}`, host.tokenFile));
      const { workers } = await host.pool.ready();
      await using context = await host.open();
      await context.call(grandchild, {});
      const call = busyWith === undefined ? undefined : await running(context, () => context.call(busyWith, {}));
      const cutMs = performance.now();
      proxy.toServer.inject({ stall: true });
      proxy.toClient.inject({ stall: true });
      const order: string[] = [];
      const fenced = host.event('pool.worker_lost').then(() => order.push('fenced'));
      const ended = worker.ended.then((how) => {
        order.push('ended');
        return how;
      });
      const { code } = await ended;
      expect(performance.now() - cutMs).to.be.below(leaseMs + 500);
      await fenced;
      expect(order).to.deep.equal(['fenced', 'ended']);
      expect(code).to.equal(7);
      expect(worker.said).to.include('renewed the lease no longer');
      expect(await isGone(workers[0]?.osPid as number)).to.equal(true);
      if (call !== undefined) expect(await call.lost).to.be.instanceOf(WorkerLostError);
    });
  }

  it('comes back when the cut is shorter than the grace, and goes on', async () => {
    await using host = await startRemoteHost();
    await using proxy = await startProxy({ upstream: { port: host.port } });
    await using _worker = new RemoteWorker(joining(`http://${proxy.target}`, host.tokenFile));
    const { workers } = await host.pool.ready();
    proxy.reset();
    await host.event('stream.resumed');
    await using context = await host.open();
    expect(await context.call(echo, { value: 1 })).to.equal(1);
    expect((await host.pool.status()).workers[0]?.osPid).to.equal(workers[0]?.osPid);
  });

  it('does so in a network namespace of its own, too', async function () {
    needs(this, spawnSync('unshare', ['-rn', 'true']).status === 0, 'unshare -n');
    await using host = await startRemoteHost({ remote: { leaseMs } });
    // The only way out of the namespace: a socket file.
    await using proxy = await startProxy({ upstream: { port: host.port }, listen: 'unix' });
    await using worker = new RemoteWorker(joining(proxy.target, host.tokenFile), { command: ['unshare', '-rn'] });
    await host.pool.ready();
    await using context = await host.open();
    expect(await context.call(echo, { value: 1 })).to.equal(1);
    proxy.toServer.inject({ stall: true });
    proxy.toClient.inject({ stall: true });
    await host.event('pool.worker_lost');
    expect((await worker.ended).code).to.equal(7);
  });
});

describe('a listener for workers with TLS', function () {
  this.timeout(60_000);
  let pem: Certificates;
  before(function () {
    needs(this, hasOpenssl(), 'openssl');
    pem = makeCertificates();
  });
  after(() => pem?.[Symbol.dispose]());

  it('takes a worker that knows its authority, and is not trusted by one that does not', async () => {
    await using host = await startRemoteHost({ tls: pem.host });
    await using stranger = new RemoteWorker(host.join('--ca', pem.stranger.ca, '--wait', '0'));
    expect((await stranger.ended).code).to.equal(5);
    await using _worker = new RemoteWorker(host.join('--ca', pem.ca));
    await host.pool.ready();
    await using context = await host.open();
    expect(await context.call(echo, { value: 'secret' })).to.equal('secret');
  });

  it('that wants certificates of workers takes those of its authority alone (mutual TLS)', async () => {
    await using host = await startRemoteHost({ tls: { ...pem.host, clientCa: readFileSync(pem.ca, 'utf8') } });
    for (const own of [[], ['--cert', pem.stranger.cert, '--key', pem.stranger.key]]) {
      await using refused = new RemoteWorker(host.join('--ca', pem.ca, '--wait', '0', ...own));
      expect((await refused.ended).code).to.equal(5);
    }
    await using _worker = new RemoteWorker(
      host.join('--ca', pem.ca, '--cert', pem.worker.cert, '--key', pem.worker.key),
    );
    expect((await host.pool.ready()).ready).to.equal(1);
  });
});
