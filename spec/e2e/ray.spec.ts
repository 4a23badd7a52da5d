import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pythonTool } from '../../index.ts';
import { untilPasses } from '../../testing/index.ts';
import { checkout, Program } from '../helpers/coordinators.ts';
import { needs } from '../helpers/needs.ts';
import { isGone } from '../helpers/ping-host.ts';
import { rayPython } from '../helpers/ray-python.ts';
import { startRemoteHost } from '../helpers/remote-host.ts';

const echo = pythonTool<{ value: unknown }, unknown>('echo');
const venv = join(checkout, '.venv', 'bin', 'python');
const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('deploy/ray_workers.py', function () {
  this.timeout(180_000);
  let python = '';
  before(function () {
    const found = rayPython();
    needs(this, found !== undefined, 'ray (OPHION_RAY_PYTHON)');
    python = found as string;
  });
  const launch = (workers: number, args: readonly string[]) => {
    const own = ['--workers', String(workers), '--python', venv, '--cwd', join(checkout, 'spec', 'fixtures')];
    const env = { RAY_ADDRESS: 'local', RAY_USAGE_STATS_ENABLED: '0', PYTHONUNBUFFERED: '1' };
    return new Program(python, [join(checkout, 'deploy', 'ray_workers.py'), ...own, '--', ...args], env);
  };
  const count = (host: Awaited<ReturnType<typeof startRemoteHost>>, ready: number) =>
    untilPasses(async () => expect((await host.pool.status()).ready).to.equal(ready), { withinMs: 60_000 });

  it('keeps workers as actors of Ray, each started again when it ends, and lets them leave', async () => {
    await using host = await startRemoteHost();
    await using launcher = launch(2, ['remote_tools', ...host.join()]);
    const { workers } = await host.pool.ready(2, { timeoutMs: 90_000 });
    await using context = await host.open();
    expect(await context.call(echo, { value: 'over Ray' })).to.equal('over Ray');

    // A worker ends: its actor starts another one.
    const [first, second] = workers.map(({ osPid }) => osPid as number) as [number, number];
    process.kill(first, 'SIGKILL');
    await launcher.says(/the worker ended with 137/);
    await host.pool.ready(2, { timeoutMs: 60_000 });

    // An actor ends: its worker goes, and Ray starts the actor again.
    const actor = parentOf(parentOf(second));
    process.kill(actor, 'SIGKILL');
    while (!(await isGone(second)));
    await host.pool.ready(2, { timeoutMs: 90_000 });
    const after = (await host.pool.status()).workers.map(({ osPid }) => osPid as number);
    expect(after).to.have.length(2).and.not.include.members([first]).and.not.include.members([second]);

    launcher.child.kill('SIGTERM');
    expect(await launcher.ended, launcher.said).to.equal(0);
    await count(host, 0);
    for (const pid of after) expect(await isGone(pid)).to.equal(true);
  });

  it('says what its command line lacks', async () => {
    await using noJoin = launch(1, ['remote_tools']);
    expect(await noJoin.ended).to.equal(2);
    expect(noJoin.said).to.include('behind -- stands MODULE --join URL --token-file FILE');
    await using none = launch(0, ['remote_tools', '--join', 'http://127.0.0.1:1']);
    expect(await none.ended).to.equal(2);
    expect(none.said).to.include('--workers is a whole number from 1');
  });
});
