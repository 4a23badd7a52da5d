/** Law 10: a session as data, and back. */
import {
  bytes,
  equalExports,
  float,
  integer,
  json,
  type SessionExport,
  Tensor,
  tensor,
} from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, type LawBook, opened, take } from './subject.ts';

export function portLaws(book: LawBook): void {
  describe('export and import', () => {
    const all = { n: integer(), x: float({ min: 0 }), doc: json(), raw: bytes(), cube: tensor({ shape: [2] }) };

    const filled = async () => {
      const session = await opened(book, all);
      await session.commit({
        set: { n: 1, x: Number.NaN },
        idempotencyKey: 'first',
        outcome: new Uint8Array([1, 2]),
      });
      await session.commit({
        set: { doc: { deep: [1, null] }, raw: new Uint8Array([7]), cube: Tensor.of([2], [1, 2]) },
      });
      await session.commit({ remove: ['x'] });
      return session;
    };

    it('keep ids, versions, epoch, history and remembered keys', async () => {
      const session = await filled();
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      expect(again.id).to.equal(session.id);
      expect(equalExports(await again.export(), content)).to.equal(true);
      expect(await again.read()).to.deep.include({ revision: 4, epoch: content.epoch });
      const events = again.watch({ from: 0 });
      expect((await take(events, 4)).every(({ type }) => type === 'commit')).to.equal(true);
      await events.return?.();
      expect((await again.commit({ set: { n: 5 }, idempotencyKey: 'first' })).revision).to.equal(2);
      expect((await again.outcome('first'))?.outcome).to.deep.equal(new Uint8Array([1, 2]));
      expect((await again.commit({ set: { n: 5 } })).revision).to.equal(5);
    });

    it('make a copy that is no session before it is unsealed, and ends when that does not come', async () => {
      const { provider } = book.subject;
      const session = await filled();
      const content = await session.export();
      await session.close();
      const copy = await provider.import(content, { sealedMs: 1_000 });
      expect(await codeOf(copy.commit({ set: { n: 5 } }, { timeoutMs: 1 }))).to.equal('unavailable');
      await copy.unseal();
      await book.subject.pass(1_000);
      expect((await copy.commit({ set: { n: 5 } })).revision).to.equal(5);
      await copy.close();
      const left = await provider.import(content, { sealedMs: 1_000 });
      await book.subject.pass(1_000);
      expect(await codeOf(left.commit({ set: { n: 5 } }))).to.equal('expired');
      expect(await codeOf(left.unseal())).to.equal('expired');
      expect((await provider.list()).sessionIds).to.deep.equal([]);
      expect(equalExports(await (await provider.import(content)).export(), content)).to.equal(true);
    });

    it('never replace a session that is there', async () => {
      const session = await filled();
      const before = await session.read();
      expect(await codeOf(book.subject.provider.import(await session.export()))).to.equal('already_exists');
      expect(await session.read()).to.deep.equal(before);
    });

    it('check as strictly as a write', async () => {
      const session = await filled();
      const good = await session.export();
      await session.close();
      const [first, ...rest] = good.variables;
      const wrong: readonly (readonly [string, object])[] = [
        ['another format', { ...good, format: 2 }],
        ['no id', { ...good, sessionId: '' }],
        ['a negative revision', { ...good, revision: -1 }],
        ['a value that does not fit', { ...good, variables: [{ ...first, value: 'x' }, ...rest] }],
        ['a variable twice', { ...good, variables: [first, first] }],
        ['a version above the revision', { ...good, variables: [{ ...first, version: 9 }] }],
        ['an unknown type', { ...good, variables: [{ ...first, type: 'atom' }] }],
        ['a gap in the history', { ...good, history: [good.history[0], good.history[2]] }],
        ['no history', { ...good, history: undefined }],
        ['an outcome that is no bytes', { ...good, outcomes: [{ key: 'k', revision: 2, outcome: 'text' }] }],
        ['nothing', {}],
      ];
      for (const [what, content] of wrong) {
        expect(await codeOf(book.subject.provider.import(content as SessionExport)), what).to.equal('invalid');
      }
      expect(await codeOf(book.subject.provider.find(session.id))).to.equal('not_found');
    });
  });
}
