/** Law 17: what depends on what. */
import type { StateError } from '../../actors/core/index.ts';
import { equalExports, float, rollback } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, type LawBook, opened } from './subject.ts';

const order = {
  total: float({ dependsOn: ['net', 'tax'] }),
  tax: float({ dependsOn: ['net'] }),
  net: float(),
};

export function dependencyLaws(book: LawBook): void {
  describe('a variable that depends on others', () => {
    it('is declared together with them in any order, or after them', async () => {
      const session = await opened(book, order);
      await session.commit({ declare: { again: float({ dependsOn: ['total'] }) } });
      await session.commit({ set: { net: 2, total: 3 } });
      expect((await session.read(['total'])).variables[0]?.constraints).to.deep.equal({ dependsOn: ['net', 'tax'] });
      expect(await codeOf(session.commit({ declare: { total: float() } }))).to.equal('already_exists');
    });

    it('makes no cycle: the whole commit is refused, and the way around is told', async () => {
      const session = await opened(book, { ...order, other: float() });
      const before = await session.read();
      const attempt = async (declare: Readonly<Record<string, readonly string[]>>): Promise<StateError> => {
        const entries = Object.entries(declare).map(([name, dependsOn]) => [name, float({ dependsOn })]);
        const failure = session.commit({ declare: Object.fromEntries(entries), set: { other: 1 } });
        return (await failure.catch((error: unknown) => error)) as StateError;
      };
      const around = await attempt({ a: ['c', 'net'], b: ['a'], c: ['b'] });
      expect(around).to.include({ code: 'cycle' });
      expect(around.details.cycle).to.deep.equal(['a', 'c', 'b', 'a']);
      expect((await attempt({ self: ['self'] })).details.cycle).to.deep.equal(['self', 'self']);
      const changed = session.commit({ remove: ['net'], declare: { net: float({ dependsOn: ['total'] }) } });
      expect(await codeOf(changed)).to.equal('cycle');
      expect(await session.read()).to.deep.equal(before);
    });

    it('has what it depends on, for as long as it is there', async () => {
      const session = await opened(book, order);
      expect(await codeOf(session.commit({ declare: { a: float({ dependsOn: ['nobody'] }) } }))).to.equal('not_found');
      expect(await codeOf(session.commit({ remove: ['net'] }))).to.equal('not_found');
      expect(await codeOf(session.commit({ remove: ['tax', 'net'] }))).to.equal('not_found');
      await session.commit({ remove: ['total'] });
      await session.commit({ remove: ['tax', 'net'] });
      await rollback(session, 1);
      expect((await session.read()).variables.map(({ name }) => name)).to.have.members(['net', 'tax', 'total']);
    });

    it('may stand at the end of a chain as long as there may be variables', async () => {
      const count = 2_000;
      const chain = Array.from({ length: count }, (_, i) => [
        `v${i}`,
        i + 1 === count ? float() : float({ dependsOn: [`v${i + 1}`] }),
      ]);
      const session = await opened(book, Object.fromEntries(chain));
      const closed = { remove: [`v${count - 1}`], declare: { [`v${count - 1}`]: float({ dependsOn: ['v0'] }) } };
      expect(await codeOf(session.commit(closed))).to.equal('cycle');
    });

    it('is imported as it was, and only if that is right', async () => {
      const session = await opened(book, order);
      const content = await session.export();
      await session.close();
      const wrong = content.variables.filter(({ name }) => name !== 'net');
      expect(await codeOf(book.subject.provider.import({ ...content, variables: wrong }))).to.equal('invalid');
      const again = await book.subject.provider.import(content);
      expect(equalExports(await again.export(), content)).to.equal(true);
      expect(await codeOf(again.commit({ remove: ['net'] }))).to.equal('not_found');
    });
  });
}
