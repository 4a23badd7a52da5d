/** A journal of which something is damaged: the sessions that it is of are lost by name, or the vault is refused. */
import { expect } from 'chai';
import { journalRows } from '../../../../actors/state/durable/journal-rows.ts';
import { type SessionExport, VaultError } from '../../../../actors/state/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';
import { expectEqual, journaled } from '../../../helpers/vault-journal.ts';
import { countRows, damageRow, journalKeys, nextFold, rowsIn, writeRows } from '../../../helpers/vault-rows.ts';

describe('the journal of a durable vault', function () {
  this.timeout(60_000);
  const folder = useVaultFolder();

  it('that has a gap loses the session by name, for good, and no other', async () => {
    const [, other] = (await journaled(folder, ['one', 'two'])) as [SessionExport, SessionExport];
    await writeRows(folder.path, journalRows(3, []));
    await expectLost(['one'], [other]);
  });

  it('of which a row is damaged loses the sessions in its list, for good, and no other', async () => {
    const [one, , three] = await journaled(folder, ['one', 'two', 'three']);
    await damageRow(folder.path, journalKeys(12)[0]);
    await expectLost(['two'], [one, three] as SessionExport[]);
  });

  it('of which a list is damaged is whole', async () => {
    const contents = await journaled(folder, ['one', 'two']);
    await damageRow(folder.path, journalKeys(3)[1]);
    await expectLost([], contents);
  });

  it('of which a row and its list are damaged, or gone, is refused by name, and nothing is changed', async () => {
    await journaled(folder, ['one', 'two']);
    const whole = rowsIn(folder.path, 'journal');
    const [row, list] = journalKeys(3);
    for (const value of [Buffer.from('damaged'), undefined]) {
      await writeRows(folder.path, [
        [row, value],
        [list, value],
      ]);
      const before = rowsIn(folder.path);
      for (let start = 0; start < 2; start += 1) {
        let error: unknown = await rejection(folder.start());
        while (error instanceof Error && !(error instanceof VaultError)) error = error.cause;
        expect(error).to.include({ code: 'vault_corrupt' });
        expect(String(error)).to.include('row 3 of its journal');
      }
      expect(rowsIn(folder.path)).to.deep.equal(before);
    }
    await writeRows(folder.path, whole);
    await expectLost([], []);
  });

  it('whose rows stand in each other’s place loses their sessions', async () => {
    const [one] = (await journaled(folder, ['one', 'two'])) as [SessionExport];
    const rows = new Map(rowsIn(folder.path, 'journal').map(([key, value]) => [key.toString('hex'), value]));
    const [eight, nine] = [journalKeys(8)[0], journalKeys(9)[0]];
    await writeRows(folder.path, [
      [eight, rows.get(nine.toString('hex'))],
      [nine, rows.get(eight.toString('hex'))],
    ]);
    await expectLost(['two'], [one]);
  });

  /** These are lost and those whole: at once, and after the journal is gone; and a lost id can be opened anew. */
  async function expectLost(lost: readonly string[], whole: readonly SessionExport[]): Promise<void> {
    for (let start = 0; start < 3; start += 1) {
      const logged: string[] = [];
      const fold = start === 1 ? nextFold() : undefined;
      const state = await folder.start(start === 1 ? { sweepMs: 5 } : {}, {
        log: (_level, text) => void logged.push(text),
      });
      for (const id of lost) expect(await rejection(state.provider.find(id))).to.include({ code: 'lost' });
      for (const content of whole) await expectEqual(content, state.provider);
      expect(logged.filter((line) => line.includes('is lost'))).to.have.length(lost.length);
      await fold;
      await state.stop();
    }
    expect(countRows(folder.path).journal ?? 0).to.equal(0);
    for (const id of lost) {
      const state = await folder.start();
      expect((await (await state.provider.open(id)).read()).revision).to.equal(0);
      await state.stop();
      const again = await folder.start();
      expect((await (await again.provider.find(id)).read()).revision).to.equal(0);
      await again.stop();
    }
  }
});
