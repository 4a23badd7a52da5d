/** Moving sessions into a durable vault and out of it; the small runs of `npm run soak -- state --only migration`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { LmdbFile } from '../../../../actors/state/durable/lmdb-file.ts';
import { equalExports, integer, localState, moveSession, type StateSession } from '../../../../actors/state/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { useFullDisk } from '../../../helpers/full-disk.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';
import { migrate } from '../../../soak/migration.ts';
import { killMovers } from '../../../soak/migration-kills.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
const id = 'moving';

describe('a session that moves from place to place while it is written and watched', function () {
  this.timeout(120_000);

  it('has its id, versions and history, every answered commit once, and watches without gap, whatever fails', async () => {
    const report = await migrate({ circles: 4, seed: 2 });
    expect(report).to.deep.include({ moves: 16, wrong: [] });
    expect(Object.keys(report.disturbed)).to.have.length.greaterThan(2);
    expect(Object.keys(report.refused)).to.have.length.greaterThan(1);
    expect(report.acknowledged).to.be.greaterThan(100);
  });

  it('is there once, with every answered commit, after SIGKILL of the host in the middle', async () => {
    const report = await killMovers({ kills: 2, lines: 200 });
    expect(report).to.deep.include({ killed: 2, wrong: [] });
    expect(report.acknowledged).to.be.greaterThan(0);
    expect(report.found).to.be.at.least(report.acknowledged);
  });
});

describe('a move into or out of a durable vault that fails half way', function () {
  this.timeout(60_000);
  const folder = useVaultFolder();
  const disk = useFullDisk();
  const path = (name: string): string => join(folder.path, name);
  const start = (name: string) => folder.start({ vault: { path: path(name) } });

  async function filled(session: StateSession): Promise<StateSession> {
    await session.commit({ declare: { counter: integer() } });
    for (let counter = 1; counter <= 3; counter += 1) await session.commit({ set: { counter } });
    return session;
  }

  for (const [step, taken] of [
    ['it is copied', 0],
    ['the copy is to become the session', 1],
  ] as const) {
    it(`leaves the old one whole when the disk is full as ${step}, and succeeds when there is room`, async () => {
      const state = await start('a');
      const session = await filled(await localState().connect(state.host).open(id));
      const before = await session.export();
      const leftovers: Error[] = [];
      disk.fill(taken);
      const error = await rejection(
        moveSession(session, state.provider, { timeoutMs: 50, onLeftover: (left) => leftovers.push(left) }),
      );
      disk.free();
      expect(error).to.have.property('code', 'read_only');
      expect(error).to.have.nested.property('details.reason', 'vault_full');
      expect(equalExports(await session.export(), before)).to.equal(true);
      expect((await session.commit({ set: { counter: 9 } })).revision).to.equal(5);
      // The copy could not be freed either: it ends when its seal is over.
      expect(leftovers).to.have.length(taken);
      state.pass(200);
      expect(await rejection(state.provider.find(id)))
        .to.have.property('code')
        .that.is.oneOf(['not_found', 'expired']);
      expect((await (await moveSession(session, state.provider)).read()).revision).to.equal(5);
    });
  }

  it('is done when the disk of the old one is full; that takes no commits until it is closed', async () => {
    const state = await start('a');
    const old = await filled(await state.provider.open(id));
    const before = await old.export();
    const leftovers: Error[] = [];
    disk.fill(0);
    const moved = await moveSession(old, localState().connect(state.host), {
      onLeftover: (left) => leftovers.push(left),
    });
    disk.free();
    expect(equalExports(await moved.export(), before)).to.equal(true);
    expect(leftovers[0]).to.have.property('code', 'read_only');
    expect(await rejection(old.commit({ set: { counter: 7 } }, { timeoutMs: 1 }))).to.have.property(
      'code',
      'unavailable',
    );
    await old.close();
    expect(await rejection(state.provider.find(id))).to.have.property('code', 'not_found');
  });

  it('leaves no copy in the vault of a system that stopped in the middle, also after its next start', async () => {
    const [from, to] = [await start('a'), await start('b')];
    const session = await filled(await from.provider.open(id));
    const before = await session.export();
    let stopped = false;
    const moving = moveSession(session, to.provider, {
      swap: async () => {
        if (!stopped) await to.stop();
        stopped = true;
      },
    });
    expect(await rejection(moving)).to.have.property('code', 'actor_down');
    expect(equalExports(await session.export(), before)).to.equal(true);
    const again = await start('b');
    expect(await rejection(again.provider.find(id))).to.have.property('code', 'expired');
    expect((await again.provider.list()).sessionIds).to.deep.equal([]);
    expect(equalExports(await (await moveSession(session, again.provider)).export(), before)).to.equal(true);
    await again.stop();
    // Nothing is left of the copy before it but what the session is.
    const file = new LmdbFile(path('b'), false, 'test');
    expect([...file.keys({ start: Buffer.from([2]), end: Buffer.from([3]) })]).to.have.length(1);
    file.close();
  });

  /** A process of its own that moves a session of `a` to `b` and kills itself on the way. */
  function killed(when: 'swap' | 'close', source: 'local' | 'durable'): void {
    const program = `
      const { startState } = await import('./spec/helpers/state-system.ts');
      const { bridgedState, integer, localState, moveSession } = await import('./actors/state/index.ts');
      const [a, b] = await Promise.all(${JSON.stringify([path('a'), path('b')])}.map((path) => startState({ vault: { path } })));
      const session = await (${JSON.stringify(source)} === 'local' ? localState() : bridgedState()).connect(a.host).open('${id}');
      await session.commit({ declare: { counter: integer() } });
      await session.commit({ set: { counter: 1 } });
      const die = () => process.kill(process.pid, 'SIGKILL');
      const old = ${JSON.stringify(when)} === 'close' ? new Proxy(session, {
        get: (on, name) => (name === 'close' ? die : typeof on[name] === 'function' ? on[name].bind(on) : on[name]),
      }) : session;
      await moveSession(old, bridgedState().connect(b.host), { swap: ${JSON.stringify(when)} === 'swap' ? die : undefined });`;
    const { signal, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: checkout,
      encoding: 'utf8',
    });
    expect(signal, stderr).to.equal('SIGKILL');
  }

  it('leaves the old one alone, whole and not sealed, when its process is killed before the copy is the session', async () => {
    killed('swap', 'durable');
    const [from, to] = [await start('a'), await start('b')];
    expect(await rejection(to.provider.find(id))).to.have.property('code', 'expired');
    const session = await from.provider.find(id);
    expect((await session.read()).revision).to.equal(2);
    expect((await session.commit({ set: { counter: 2 } }, { timeoutMs: 100 })).revision).to.equal(3);
    expect((await (await moveSession(session, to.provider)).read()).revision).to.equal(3);
  });

  it('leaves no half copy of a local session that ended with its process', async () => {
    killed('swap', 'local');
    const to = await start('b');
    expect(await rejection(to.provider.find(id))).to.have.property('code', 'expired');
    expect((await (await to.provider.open(id)).read()).revision).to.equal(0);
  });

  it('leaves two equal ones when its process is killed before the old one is closed, and the old one can be', async () => {
    killed('close', 'durable');
    const [from, to] = [await start('a'), await start('b')];
    const [old, session] = [await from.provider.find(id), await to.provider.find(id)];
    expect(equalExports(await old.export(), await session.export())).to.equal(true);
    await old.close();
    expect((await session.commit({ set: { counter: 2 } })).revision).to.equal(3);
  });
});
