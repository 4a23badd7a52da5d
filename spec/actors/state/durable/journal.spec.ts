/** The journal of a durable vault: what stands in it alone is as safe as what has been folded into rows of its session. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeRuntime } from '../../../../actors/core/index.ts';
import { keys, metaRow, readMeta } from '../../../../actors/state/durable/rows.ts';
import { bytes, integer, type SessionExport, type StateOptions } from '../../../../actors/state/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { useFullDisk } from '../../../helpers/full-disk.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';
import { expectEqual, exported, filled, journaled } from '../../../helpers/vault-journal.ts';
import { countRows, nextFold, rowsIn, writeRows } from '../../../helpers/vault-rows.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));

/** Sweeps are quick: what is not written any more is folded. */
const idle = { sweepMs: 5 };

describe('the journal of a durable vault', function () {
  this.timeout(60_000);
  const folder = useVaultFolder();
  const disk = useFullDisk();

  it('has all commits of a session since it was opened, and after a start, more commits and a fold it is as it was', async () => {
    const [before] = (await journaled(folder, ['s'])) as [SessionExport];
    expect(countRows(folder.path)).to.deep.equal({ meta: 1, head: 1, names: 1, journal: 12 });
    const second = await folder.start();
    await expectEqual(before, second.provider);
    const session = await second.provider.find('s');
    expect((await session.commit({ set: { c: 9 }, idempotencyKey: 'k' })).revision).to.equal(2);
    await session.commit({ set: { c: 4 }, declare: { e: integer() } });
    const more = await session.export();
    await second.stop();
    const fold = nextFold();
    const third = await folder.start(idle);
    await expectEqual(more, third.provider);
    await fold;
    await expectEqual(more, third.provider);
    await third.stop();
    expect(countRows(folder.path)).to.deep.equal({ meta: 1, head: 1, names: 1, variable: 4, commits: 1 });
    const fourth = await folder.start();
    await expectEqual(more, fourth.provider);
    expect((await (await fourth.provider.find('s')).commit({ set: { c: 5 } })).revision).to.equal(8);
  });

  it('has locks and what was folded under it', async () => {
    const fold = nextFold();
    const first = await folder.start(idle);
    const session = await filled(first.provider, 's');
    await fold;
    await session.commit({ remove: ['c'] });
    const lock = await session.acquire({ name: 'a', holder: 'one', leaseMs: 600_000 });
    await session.commit({ set: { a: 8 } });
    const before = await session.export();
    await first.stop();
    const second = await folder.start();
    await expectEqual(before, second.provider);
    expect(await (await second.provider.find('s')).locks()).to.deep.equal([lock]);
  });

  it('tells when a session was last written', async () => {
    const { clock } = nodeRuntime();
    let laterMs = 0;
    const moved = {
      ...clock,
      monotonicMs: () => clock.monotonicMs() + laterMs,
      wallMs: () => clock.wallMs() + laterMs,
    };
    const first = await folder.start({}, { clock: moved });
    const session = await first.provider.open('s', { ttlMs: 60_000 });
    await first.provider.open('unused', { ttlMs: 60_000 });
    laterMs += 40_000;
    await session.commit({ declare: { a: integer() } });
    await first.stop();
    laterMs += 30_000;
    const second = await folder.start({ sweepMs: 1_000 }, { clock: moved });
    expect((await (await second.provider.find('s')).read()).revision).to.equal(1);
    expect(await rejection(second.provider.find('unused'))).to.include({ code: 'expired' });
  });

  for (const bound of ['rows', 'bytes'] as const) {
    it(`is folded when it has too many ${bound}`, async () => {
      const state = await folder.start({ limits: { historyMax: 100 } });
      const session = await state.provider.open('s');
      await session.commit({ declare: { a: integer(), b: bytes() } });
      const big = new Uint8Array(bound === 'bytes' ? 300_000 : 1);
      const fold = nextFold();
      let folded = false;
      void fold.then(() => {
        folded = true;
      });
      let a = 0;
      while (!folded) await session.commit({ set: { a: ++a, b: big } });
      expect(a).to.be.within(...((bound === 'rows' ? [255, 259] : [3, 6]) as [number, number]));
      const before = await session.export();
      await state.stop();
      expect(countRows(folder.path)).to.include({ variable: 2, commits: 1 });
      const again = await folder.start({ limits: { historyMax: 100 } });
      await expectEqual(before, again.provider);
    });
  }

  it('holds history to its bounds, in it and when it is folded', async () => {
    const limits = { historyMax: 10 };
    const first = await folder.start({ limits });
    const session = await first.provider.open('s');
    await session.commit({ declare: { a: integer() } });
    for (let a = 1; a <= 30; a += 1) await session.commit({ set: { a } });
    let before = await session.export();
    await first.stop();
    for (let round = 0; round < 3; round += 1) {
      const fold = nextFold();
      const state = await folder.start({ limits, ...idle });
      await expectEqual(before, state.provider);
      await fold;
      const again = await state.provider.find('s');
      for (let a = 1; a <= 1 + 5 * round; a += 1) await again.commit({ set: { a } });
      before = await again.export();
      expect(before.history).to.have.length(10);
      await state.stop();
      expect(countRows(folder.path).commits).to.be.at.most(10);
    }
    const last = await folder.start({ limits });
    await expectEqual(before, last.provider);
  });

  it('has nothing of a session that is closed, and what is left of it there is nobody', async () => {
    const first = await folder.start();
    const [one, two] = [await filled(first.provider, 'one'), await filled(first.provider, 'two')];
    await one.close();
    const other = await two.export();
    await first.stop();
    // The rows stay for the other one.
    expect(countRows(folder.path)).to.deep.equal({ meta: 1, head: 1, names: 1, journal: 24 - 12 });
    const second = await folder.start();
    await expectEqual(other, second.provider);
    expect(await rejection(second.provider.find('one'))).to.include({ code: 'not_found' });
    await (await second.provider.find('two')).close();
    await second.stop();
    expect(countRows(folder.path)).to.deep.equal({ meta: 1 });
  });

  it('may have commits that the rows of a session have, too', async () => {
    const contents = await journaled(folder, ['one', 'two']);
    const rows = rowsIn(folder.path, 'journal');
    const fold = nextFold();
    const state = await folder.start(idle);
    await fold;
    await state.stop();
    await writeRows(folder.path, rows);
    const again = await folder.start();
    for (const content of contents) await expectEqual(content, again.provider);
  });

  it('is as it was when the disk takes no fold, and is folded when it does', async () => {
    const contents = await journaled(folder, ['one', 'two']);
    let folds = 0;
    disk.fill(0);
    const state = await folder.start(idle, {
      log: (_level, text) => {
        folds += text.includes('could not be kept') ? 1 : 0;
      },
    });
    while (folds === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const content of contents) await expectEqual(content, state.provider);
    disk.free();
    await nextFold();
    for (const content of contents) await expectEqual(content, state.provider);
    await state.stop();
    expect(countRows(folder.path).journal).to.equal(undefined);
    const again = await folder.start();
    for (const content of contents) await expectEqual(content, again.provider);
  });

  it('of many sessions is folded in several transactions, and is whole between them', async () => {
    const first = await folder.start();
    const ids = Array.from({ length: 300 }, (_, i) => `s${i}`);
    const sessions = await Promise.all(ids.map((id) => first.provider.open(id)));
    await Promise.all(sessions.map((session) => session.commit({ declare: { a: integer() } })));
    await Promise.all(sessions.map((session, i) => session.commit({ set: { a: i } })));
    await first.stop();
    disk.fill(1);
    await untilRefused(idle);
    disk.free();
    const { commits = 0, journal = 0 } = countRows(folder.path);
    expect([commits, journal > 0]).to.deep.equal([256, true]);
    const fold = nextFold();
    const again = await folder.start(idle);
    for (const [i, id] of ids.entries()) {
      const { revision, variables, history } = await exported(again.provider, id);
      expect([revision, variables[0]?.value, history.length]).to.deep.equal([2, i, 2]);
    }
    await fold;
    await again.stop();
    expect(countRows(folder.path)).to.deep.equal({ meta: 1, head: 300, names: 300, variable: 300, commits: 300 });
  });

  /** Starts a host, and stops it when the disk has not taken something. */
  async function untilRefused(options: StateOptions): Promise<void> {
    let refused = false;
    const state = await folder.start(options, {
      log: (_level, text) => {
        refused ||= text.includes('could not be kept');
      },
    });
    while (!refused) await new Promise((resolve) => setImmediate(resolve));
    await state.stop();
  }

  for (const when of ['before', 'in', 'after'] as const) {
    it(`has every answered commit when its host is killed ${when} a fold`, async () => {
      const program = `
        const { startState } = await import('./spec/helpers/state-system.ts');
        const { bridgedState, integer } = await import('./actors/state/index.ts');
        const { LmdbFile } = await import('./actors/state/durable/lmdb-file.ts');
        const { isFold } = await import('./spec/helpers/vault-rows.ts');
        const { write } = LmdbFile.prototype;
        const die = () => process.kill(process.pid, 'SIGKILL');
        LmdbFile.prototype.write = async function (rows) {
          if (!isFold(rows)) return write.call(this, rows);
          if (${JSON.stringify(when)} === 'before') die();
          const writing = write.call(this, rows);
          if (${JSON.stringify(when)} === 'in') setImmediate(die);
          await writing;
          die();
        };
        const state = await startState({ vault: { path: ${JSON.stringify(folder.path)} } });
        const provider = bridgedState().connect(state.host);
        const sessions = await Promise.all(['one', 'two', 'three'].map((id) => provider.open(id)));
        await Promise.all(sessions.map((session) => session.commit({ declare: { a: integer() } })));
        for (let a = 1; ; a += 1) {
          await Promise.all(sessions.map((session) => session.commit({ set: { a } })));
          process.stdout.write(a + '\\n');
        }`;
      const { signal, stdout, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', program],
        { cwd: checkout, encoding: 'utf8' },
      );
      expect(signal, stderr).to.equal('SIGKILL');
      const answered = Number(stdout.trimEnd().split('\n').at(-1));
      expect(answered).to.be.greaterThan(80);
      const state = await folder.start();
      for (const id of ['one', 'two', 'three']) {
        const { revision, variables, history } = await exported(state.provider, id);
        expect(revision).to.be.within(answered + 1, answered + 2);
        expect(variables[0]?.value).to.equal(revision - 1);
        expect(history.map((commit) => commit.revision)).to.deep.equal(
          Array.from({ length: revision }, (_, i) => i + 1),
        );
      }
      await state.stop();
      expect(countRows(folder.path).commits ?? 0).to.be.within(when === 'after' ? 3 : 0, when === 'before' ? 0 : 3);
    });
  }

  it('begins in a file of format 1, which has none, and makes it one of format 2', async () => {
    const contents = await journaled(folder, ['one', 'two']);
    const fold = nextFold();
    const first = await folder.start(idle);
    await fold;
    await first.stop();
    const meta = readMeta(rowsIn(folder.path, 'meta')[0]?.[1] as Buffer);
    await writeRows(folder.path, [[keys.meta, metaRow({ ...meta, format: 1 })]]);
    const second = await folder.start();
    for (const content of contents) await expectEqual(content, second.provider);
    const session = await second.provider.find('one');
    await session.commit({ set: { c: 77 } });
    const more = await session.export();
    await second.stop();
    expect(readMeta(rowsIn(folder.path, 'meta')[0]?.[1] as Buffer)).to.deep.equal(meta);
    const third = await folder.start();
    await expectEqual(more, third.provider);
    await expectEqual(contents[1] as SessionExport, third.provider);
  });
});
