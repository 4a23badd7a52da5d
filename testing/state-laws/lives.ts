/** Laws 11 and 12: opening, finding, expiring and closing. */
import { integer } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened, take } from './subject.ts';

export function lifeLaws(book: LawBook): void {
  describe('a session', () => {
    it('is opened once, however often and at the same time it is asked for', async () => {
      const { provider } = book.subject;
      const sessions = await Promise.all(Array.from({ length: 10 }, () => provider.open('same')));
      await sessions[0]?.commit({ declare: { a: integer() } });
      for (const session of sessions) expect((await session.read()).revision).to.equal(1);
      expect((await provider.find('same')).id).to.equal('same');
    });

    it('is apart from all others', async () => {
      const [one, other] = [await opened(book, { a: integer() }), await opened(book, { a: integer() })];
      expect(one.id).to.not.equal(other.id);
      await one.commit({ set: { a: 1 } });
      expect(await held(other, 'a')).to.equal(0);
    });

    it('is not found before it is opened and after it is closed', async () => {
      const { provider } = book.subject;
      expect(await codeOf(provider.find('nobody'))).to.equal('not_found');
      const session = await opened(book, { a: integer() });
      await session.close();
      await session.close();
      expect(await codeOf(session.read())).to.equal('not_found');
      expect(await codeOf(session.commit({ set: { a: 1 } }))).to.equal('not_found');
      expect(await codeOf(provider.find(session.id))).to.equal('not_found');
    });

    it('begins anew, in another epoch, when it is opened again', async () => {
      const { provider } = book.subject;
      const first = await provider.open('again');
      const { epoch } = await first.commit({ declare: { a: integer() } });
      await first.close();
      const second = await provider.open('again');
      const now = await second.read();
      expect(now).to.deep.include({ revision: 0, variables: [] });
      expect(now.epoch).to.not.equal(epoch);
    });

    it('is listed while it is open: once, whatever comes and goes between two pages', async () => {
      const { provider } = book.subject;
      for (const id of ['p-b', 'p-d', 'q', 'p-a', 'p-c']) await provider.open(id);
      const first = await provider.list({ limit: 2, prefix: 'p-' });
      expect(first).to.deep.equal({ sessionIds: ['p-a', 'p-b'], next: 'p-b' });
      // The page goes on behind one that is gone, and does not begin anew.
      await (await provider.find('p-b')).close();
      await provider.open('p-0');
      const second = await provider.list({ limit: 2, prefix: 'p-', after: String(first.next) });
      expect(second).to.deep.equal({ sessionIds: ['p-c', 'p-d'], next: undefined });
      expect((await provider.list({ prefix: 'q' })).sessionIds).to.deep.equal(['q']);
      expect(await codeOf(provider.list({ limit: 0 }))).to.equal('invalid');
      const mortal = await provider.open('p-mortal', { ttlMs: 1_000 });
      expect([mortal.ttlMs, (await provider.open('p-mortal', { ttlMs: 9 })).ttlMs]).to.deep.equal([1_000, 1_000]);
      await book.subject.pass(1_000);
      expect((await provider.list()).sessionIds).to.deep.equal(['p-0', 'p-a', 'p-c', 'p-d', 'q']);
    });

    it('lives as long as it is used, and is expired at the next access after that', async () => {
      const { provider } = book.subject;
      const session = await provider.open('mortal', { ttlMs: 1_000 });
      await session.commit({ declare: { a: integer() } });
      await book.subject.pass(900);
      await session.read();
      await book.subject.pass(900);
      await session.commit({ set: { a: 1 } });
      await book.subject.pass(900);
      expect(await held(session, 'a')).to.equal(1);
      await book.subject.pass(1_000);
      expect(await codeOf(session.read())).to.equal('expired');
      expect(await codeOf(session.commit({ set: { a: 2 } }))).to.equal('expired');
      expect(await codeOf(provider.find('mortal'))).to.equal('expired');
      expect((await (await provider.open('mortal')).read()).variables).to.deep.equal([]);
    });

    it('is not kept alive by who watches it', async () => {
      const { provider } = book.subject;
      const session = await provider.open('watched', { ttlMs: 1_000 });
      const events = session.watch();
      await take(events, 1);
      await book.subject.pass(600);
      const waiting = codeOf(events.next());
      await book.subject.pass(600);
      expect(await codeOf(session.read())).to.equal('expired');
      await provider.open('watched');
      expect(await waiting).to.equal('expired');
    });

    it('has an id of 1 to 200 characters that fits into a path', async () => {
      const { provider } = book.subject;
      for (const id of ['', 'a/b', 'a#1', '~a', 'x'.repeat(201), 'a\nb'])
        expect(await codeOf(provider.open(id))).to.equal('invalid');
      expect((await provider.open('Kunde:42@größe')).id).to.equal('Kunde:42@größe');
    });

    it('refuses a time to live that is none', async () => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(await codeOf(book.subject.provider.open('x', { ttlMs }))).to.equal('invalid');
      }
    });
  });
}
