/** Law 9, and laws 1, 2, 7 and 8 while everything below is being crashed. */
import type { StateError } from '../../actors/core/index.ts';
import { integer } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { commitsOf, held, type LawBook, opened, seeded, take } from './subject.ts';

export function crashLaws(book: LawBook): void {
  describe('a crash below', () => {
    it('loses no acknowledged commit and makes no gap in a watch, whatever crashes', async () => {
      const session = await opened(book, { a: integer() });
      const events = session.watch({ from: 1 });
      const seen = take(events, 3 * Object.keys(book.subject.crashes).length);
      let a = 0;
      const write = async (): Promise<unknown> => {
        a += 1;
        return session.commit({ set: { a } });
      };
      for (const crash of Object.values(book.subject.crashes)) {
        await write();
        await crash(session.id);
        await write();
        await write();
        expect(await held(session, 'a')).to.equal(a);
      }
      const commits = commitsOf(await seen);
      expect(commits.map(({ revision }) => revision)).to.deep.equal(commits.map((_, i) => i + 2));
      await events.return?.();
    });

    it('leaves concurrent commits done once each, and seen once each', async () => {
      const session = await opened(book, { counter: integer() });
      const crashes = Object.values(book.subject.crashes);
      const chance = seeded(7);
      const [clients, rounds] = [6, 40];
      const seen = take(session.watch({ from: 1 }), clients * rounds);
      let committed = 0;
      const client = async (): Promise<void> => {
        for (let done = 0; done < rounds; ) {
          const known = (await session.read(['counter'])).variables[0];
          try {
            await session.commit({
              expect: { counter: known?.version ?? null },
              set: { counter: (known?.value as number) + 1 },
            });
            done += 1;
            committed += 1;
            // In the middle of what the others are doing.
            if (committed % 4 === 0) await crashes[Math.floor(chance() * crashes.length)]?.(session.id);
          } catch (error) {
            if ((error as StateError).code !== 'conflict') throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      expect(await held(session, 'counter')).to.equal(clients * rounds);
      const commits = commitsOf(await seen);
      expect(commits.map(({ revision, written }) => [revision, written[0]?.value])).to.deep.equal(
        commits.map((_, i) => [i + 2, i + 1]),
      );
    });

    it('does not lose openings, and opens nothing twice', async () => {
      const { provider, crashes } = book.subject;
      const opening = Promise.all(Array.from({ length: 20 }, (_, i) => provider.open(`shared-${i % 5}`)));
      for (const crash of Object.values(crashes)) await crash('shared-0');
      for (const session of await opening) {
        await session.commit({ declare: { a: integer() } });
        expect((await session.read()).revision).to.equal(1);
      }
    });
  });
}
