import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { nodeRuntime, SpecError } from '../../actors/core/index.ts';
import { livingMembers, python } from '../../actors/worker/index.ts';
import { sweep } from '../../actors/worker/sweep.ts';
import { formatIdentity, identityOf } from '../../bridge/transport/index.ts';
import { needs } from '../helpers/needs.ts';
import { checkout, startPingHost } from '../helpers/ping-host.ts';

const gone = formatIdentity({ ...identityOf(process.pid), started: '1' });
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

/** Which program of a process group has this name. */
const named = (members: readonly number[], name: string): number =>
  members.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name) as number;

describe('the sweep at the start', function () {
  this.timeout(60_000);
  const started: ChildProcess[] = [];

  before(function () {
    needs(this, existsSync('/proc/self/environ'), '/proc');
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await exit;
    }
  });

  /** A process with these marks; `sleep` is its program. */
  const bystander = async (marks: Readonly<Record<string, string>>): Promise<number> => {
    const child = spawn('sleep', ['1000'], { env: { PATH: process.env.PATH, ...marks }, detached: true });
    started.push(child);
    await once(child, 'spawn');
    return child.pid as number;
  };
  /** A host of its own with a worker that was sent `freeze`; tells what it started, by name. */
  const otherHost = async () => {
    const program = join(checkout, 'spec', 'fixtures', 'ping-host-program.ts');
    const host = spawn(process.execPath, ['--import', 'tsx', program, 'in-call:daemon,freeze'], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(host);
    const osPids: Record<string, number> = {};
    for await (const line of createInterface({ input: host.stdout })) {
      const { what, osPid } = JSON.parse(line) as { what: string; osPid?: number };
      if (osPid !== undefined) osPids[what === 'idle' ? 'worker' : what] = osPid;
      if (what === 'called') break;
    }
    return { host, worker: osPids.worker as number, daemon: osPids.daemon as number };
  };

  it('ends what a killed host left: who left its process group, and a worker whose guardian was killed as well', async () => {
    const { host, worker, daemon } = await otherHost();
    process.kill(named(await livingMembers(worker), 'sh'), 'SIGKILL');
    const exit = once(host, 'exit');
    host.kill('SIGKILL');
    await exit;
    expect([worker, daemon].map(isAlive)).to.deep.equal([true, true]);

    const logged: string[] = [];
    await using here = await startPingHost({ runtime: nodeRuntime({ log: (_, text) => logged.push(text) }) });
    const { workers } = await here.ping.ready();
    const { swept, left } = await here.event('pool.swept');
    expect(swept.map(({ osPid }) => osPid)).to.include.members([worker, daemon]);
    expect(left).to.deep.equal([]);
    expect([worker, daemon].map(isAlive)).to.deep.equal([false, false]);
    expect(logged.join()).to.match(/manager#1: ended what an earlier run left: .*\(sleep, run [0-9a-f]{32}\)/);
    // None of this pool had started before.
    const types = here.notes.events.map(({ type, ...rest }) => (type === 'worker.state' ? Object(rest).state : type));
    expect(types.indexOf('pool.swept')).to.be.within(0, types.indexOf('spawning'));
    expect(isAlive(workers[0]?.osPid as number)).to.equal(true);
  });

  it('touches nothing of a host that lives on the same machine', async () => {
    const { worker, daemon } = await otherHost();
    await using here = await startPingHost();
    await here.ping.ready();
    expect([worker, daemon].map(isAlive)).to.deep.equal([true, true]);
    process.kill(daemon, 'SIGKILL');
  });

  for (const [what, marks] of [
    ['nobody has marked', {}],
    ['has the mark of a run alone', { OPHION_RUN_ID: 'a' }],
    ['names a host that nobody can read', { OPHION_RUN_ID: 'a', OPHION_HOST: 'somebody' }],
    ['is of a host in another container or boot', { OPHION_RUN_ID: 'a', OPHION_HOST: '1 1 elsewhere' }],
    ['is of a host that lives', { OPHION_RUN_ID: 'a', OPHION_HOST: formatIdentity(identityOf(process.pid)) }],
    ['wants to stay: it has no run', { OPHION_HOST: gone }],
  ] as const) {
    it(`leaves alone what ${what}`, async () => {
      const osPid = await bystander(marks);
      const { swept } = await sweep(nodeRuntime().clock);
      expect(swept.map((one) => one.osPid)).to.not.include(osPid);
      expect(isAlive(osPid)).to.equal(true);
    });
  }

  it('leaves the relatives of its own host alone, who carry the same mark, and no others', async () => {
    const relative = await bystander({ OPHION_RUN_ID: 'family', OPHION_HOST: gone });
    const other = await bystander({ OPHION_RUN_ID: 'other', OPHION_HOST: gone });
    const program = `
      import { nodeRuntime } from './actors/core/index.ts';
      import { sweep } from './actors/worker/sweep.ts';
      process.stdout.write(JSON.stringify(await sweep(nodeRuntime().clock)));`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: checkout,
      env: { ...process.env, OPHION_RUN_ID: 'family', OPHION_HOST: gone },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await once(child, 'close');
    const { swept } = JSON.parse(said) as { swept: readonly { osPid: number }[] };
    expect(swept).to.deep.include({ osPid: other, runId: 'other', command: 'sleep' });
    expect(swept.map((one) => one.osPid)).to.not.include(relative);
    expect([relative, other].map(isAlive)).to.deep.equal([true, false]);
  });

  it('reads what there is with a few descriptors, however many processes there are', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    let most = before;
    let sweeping = true;
    const count = () => {
      most = Math.max(most, descriptors());
      if (sweeping) setImmediate(count);
    };
    count();
    await sweep(nodeRuntime().clock);
    sweeping = false;
    // Sixteen files at a time, and the folder.
    expect(most - before).to.be.at.most(16 + 1);
  });

  it('does not happen where that is said', async () => {
    const osPid = await bystander({ OPHION_RUN_ID: 'a', OPHION_HOST: gone });
    await using here = await startPingHost({ pool: { sweep: false } });
    await here.ping.ready();
    expect(isAlive(osPid)).to.equal(true);
    expect(() => python({ module: 'm', sweep: 'no' as never })).to.throw(SpecError, /invalid_sweep/);
  });
});
