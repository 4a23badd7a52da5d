/** Law 16: who holds a lock, and what is refused to who does not. */
import { integer, moveSession, type StateSession } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened } from './subject.ts';

const two = { a: integer(), b: integer() };
const long = 60_000;

export function lockLaws(book: LawBook): void {
  describe('a lock', () => {
    it('has one holder at a time, of each variable for itself', async () => {
      const session = await opened(book, two);
      const [mine, other] = await Promise.all([
        session.acquire({ name: 'a', holder: 'me' }),
        session.acquire({ name: 'b', holder: 'you' }),
      ]);
      expect(await codeOf(session.acquire({ name: 'a', holder: 'you' }))).to.equal('locked');
      expect(await session.locks()).to.deep.equal([mine, other]);
      expect(await session.release('a', mine.fence + 1)).to.equal(false);
      expect(await session.release('a', mine.fence)).to.equal(true);
      expect(await session.release('a', mine.fence)).to.equal(false);
      const later = await session.acquire({ name: 'a', holder: 'you' });
      expect(later.fence).to.be.above(mine.fence);
      expect((await session.locks()).map(({ holder }) => holder)).to.deep.equal(['you', 'you']);
      // The session's revision counts commits.
      expect((await session.read()).revision).to.equal(1);
    });

    it('is granted to one of many who ask at once', async () => {
      const session = await opened(book, two);
      const asked = await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) => session.acquire({ name: 'a', holder: `h${i}` })),
      );
      expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    });

    it('is renewed by its holder under the same number, and only while it is his', async () => {
      const session = await opened(book, two);
      const lock = await session.acquire({ name: 'a', holder: 'me', leaseMs: 1_000 });
      const renewed = await session.acquire({ name: 'a', holder: 'me', leaseMs: long });
      expect(renewed).to.include({ fence: lock.fence, holder: 'me' });
      expect(renewed.untilMs).to.be.above(lock.untilMs);
      const taken = await session.acquire({ name: 'a', holder: 'you', preempt: true });
      expect(taken.fence).to.be.above(lock.fence);
      expect(await codeOf(session.acquire({ name: 'a', holder: 'me', fence: lock.fence }))).to.equal('locked');
      expect(await session.release('a', taken.fence)).to.equal(true);
      expect(await codeOf(session.acquire({ name: 'a', holder: 'me', fence: lock.fence }))).to.equal('locked');
      expect(await session.locks()).to.deep.equal([]);
    });

    it('lets only its holder commit under its number, however late the other is', async () => {
      const session = await opened(book, two);
      const first = await session.acquire({ name: 'a', holder: 'me' });
      await session.commit({ set: { a: 1 }, fences: { a: first.fence } });
      const second = await session.acquire({ name: 'a', holder: 'you', preempt: true });
      expect(await codeOf(session.commit({ set: { a: 2 }, fences: { a: first.fence } }))).to.equal('locked');
      await session.commit({ set: { a: 3 }, fences: { a: second.fence } });
      // Who names no lock asks for none.
      await session.commit({ set: { b: 4 } });
      await session.release('a', second.fence);
      expect(await codeOf(session.commit({ set: { b: 5 }, fences: { a: second.fence } }))).to.equal('locked');
      expect([await held(session, 'a'), await held(session, 'b')]).to.deep.equal([3, 4]);
      expect(await codeOf(session.commit({ fences: { a: 1.5 } }))).to.equal('invalid');
    });

    it('survives whatever crashes, and its numbers grow on', async () => {
      const session = await opened(book, two);
      let last = (await session.acquire({ name: 'a', holder: 'me', leaseMs: long })).fence;
      for (const crash of Object.values(book.subject.crashes)) {
        await crash(session.id);
        expect(await codeOf(session.acquire({ name: 'a', holder: 'you' }))).to.equal('locked');
        await session.commit({ set: { a: 1 }, fences: { a: last } });
        await crash(session.id);
        expect(await session.release('a', last)).to.equal(true);
        await crash(session.id);
        const { fence } = await session.acquire({ name: 'a', holder: 'me', leaseMs: long });
        expect(fence).to.be.above(last);
        last = fence;
      }
    });

    it('moves with the session, whole or not at all', async () => {
      const session = await opened(book, two);
      const lock = await session.acquire({ name: 'a', holder: 'me', leaseMs: long });
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      expect(await again.locks()).to.deep.equal([lock]);
      expect(await codeOf(again.acquire({ name: 'a', holder: 'you' }))).to.equal('locked');
      await again.release('a', lock.fence);
      expect((await again.acquire({ name: 'a', holder: 'you' })).fence).to.be.above(lock.fence);
      await again.close();
      for (const locks of [7, [{ ...lock, holder: 3 }], [{ ...lock, fence: lock.fence + 9 }], [null]])
        expect(await codeOf(book.subject.provider.import({ ...content, locks: locks as never }))).to.equal('invalid');
      // It cannot move to where it is: it stays, with its lock.
      const stays = await book.subject.provider.import(content);
      expect(await codeOf(moveSession(stays, book.subject.provider))).to.equal('already_exists');
      expect(await stays.locks()).to.deep.equal([lock]);
    });

    it('is refused by name when it cannot be', async () => {
      const session = await opened(book, two);
      const code = (request: Partial<Parameters<StateSession['acquire']>[0]>) =>
        codeOf(session.acquire({ name: 'a', holder: 'me', ...request }));
      expect(await code({ name: 'nobody' })).to.equal('not_found');
      for (const wrong of [{ holder: '' }, { holder: 'x'.repeat(201) }, { leaseMs: 0 }, { leaseMs: Number.NaN }])
        expect(await code(wrong), JSON.stringify(wrong)).to.equal('invalid');
      await session.close();
      expect(await code({})).to.equal('not_found');
      expect(await codeOf(session.locks())).to.equal('not_found');
    });
  });
}
