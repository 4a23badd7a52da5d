/** Law 18: who may write a variable. */
import type { StateError } from '../../actors/core/index.ts';
import { integer, rollback } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened } from './subject.ts';

export function accessLaws(book: LawBook): void {
  describe('a variable with writers', () => {
    const kinds = { limit: integer({ writers: ['typescript', 'client:admin-*'] }), open: integer() };

    it('is written by those who match, and by nobody else', async () => {
      const session = await opened(book, kinds);
      for (const [limit, writer] of [
        [1, 'typescript'],
        [2, 'client:admin-7'],
      ] as const) {
        await session.commit({ set: { limit }, writer });
        expect(await held(session, 'limit')).to.equal(limit);
      }
      const before = await session.read();
      for (const writer of ['client:admin', 'client:all', 'app/pool/w1', 'typescript2', '*']) {
        for (const request of [
          { set: { limit: 9 } },
          { set: { open: 9, limit: 9 } },
          { remove: ['limit'] },
          { remove: ['limit'], declare: { limit: integer() } },
          { declare: { more: integer() }, set: { limit: 9 } },
        ]) {
          const error = (await session
            .commit({ ...request, writer })
            .catch((failure: unknown) => failure)) as StateError;
          expect(error.code, `${writer} ${JSON.stringify(request)}`).to.equal('denied');
          expect(error.details).to.deep.include({ variable: 'limit', writer });
        }
      }
      expect(await codeOf(rollback(session, 1, { writer: 'client:all' }))).to.equal('denied');
      expect(await session.read()).to.deep.equal(before);
      await session.commit({ set: { open: 1 }, writer: 'client:all' });
      await session.commit({ declare: { limit: kinds.limit }, writer: 'client:all' });
    });

    it('is locked by those who match, and by nobody else', async () => {
      const { provider } = book.subject;
      const { id } = await opened(book, kinds);
      const locked = async (as: string) => {
        const session = await provider.find(id, { as });
        const { fence } = await session.acquire({ name: 'limit', holder: as });
        return session.release('limit', fence);
      };
      for (const as of ['typescript', 'client:admin-7']) expect(await locked(as)).to.equal(true);
      for (const as of ['client:all', 'app/pool/w1']) expect(await codeOf(locked(as)), as).to.equal('denied');
      expect(await (await provider.find(id)).locks()).to.deep.equal([]);
    });

    it('keeps its rule over an export, and cannot be declared without it', async () => {
      const session = await opened(book, kinds);
      expect(await codeOf(session.commit({ declare: { limit: integer() } }))).to.equal('already_exists');
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      expect(await codeOf(again.commit({ set: { limit: 1 }, writer: 'client:all' }))).to.equal('denied');
      for (const writers of [['a', 'a'], ['x'.repeat(201)], 'typescript', [7]]) {
        const declare = { bad: { type: 'integer', default: 0, constraints: { writers }, description: '' } } as never;
        expect(await codeOf(again.commit({ declare })), JSON.stringify(writers)).to.equal('invalid');
      }
    });
    it('is read-only for everybody when it has none, and goes with its session alone', async () => {
      const session = await opened(book, { fixed: integer({ default: 7, writers: [] }), open: integer() });
      const before = await session.read();
      for (const writer of ['typescript', 'client:all'])
        for (const request of [
          { set: { fixed: 7 } },
          { set: { open: 1, fixed: 8 } },
          { remove: ['fixed'] },
          { remove: ['fixed'], declare: { fixed: integer() } },
        ])
          expect(await codeOf(session.commit({ ...request, writer })), JSON.stringify(request)).to.equal('read_only');
      const other = await book.subject.provider.find(session.id, { as: 'client:all' });
      expect(await codeOf(other.acquire({ name: 'fixed', holder: 'me' }))).to.equal('read_only');
      expect(await session.read()).to.deep.equal(before);
      await session.commit({ declare: { fixed: integer({ default: 7, writers: [] }) }, set: { open: 1 } });
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      expect(await held(again, 'fixed')).to.equal(7);
      expect(await codeOf(again.commit({ set: { fixed: 1 } }))).to.equal('read_only');
    });
  });
}
