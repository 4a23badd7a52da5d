/** Law 15: where the value of a secret variable goes, and where it does not. */
import { inspect } from 'node:util';
import type { StateError } from '../../actors/core/index.ts';
import { bytes, choice, embedding, equalExports, json, string, type Value } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened, take } from './subject.ts';

const word = 'swordfish';
const kinds = {
  key: string({ secret: true, default: word, maxLength: 20 }),
  doc: json({ secret: true, default: { [word]: word } }),
  one: choice([word, 'other'], { secret: true }),
  raw: bytes({ secret: true, default: Buffer.from(word) }),
  list: embedding({ secret: true, dimensions: 1, default: [90_125] }),
};
/** What a value looks like wherever it is shown. */
const shown = /swordfish|115, ?119, ?111|c3dvcmRmaXNo|73 77 6f|90_?125/;

export function secretLaws(book: LawBook): void {
  describe('a secret variable', () => {
    it('is read, watched and told by its history as any other', async () => {
      const session = await opened(book, kinds);
      const events = session.watch();
      const [first] = await take(events, 1);
      expect(first?.type === 'snapshot' && first.snapshot.variables[0]?.value).to.equal(word);
      await session.commit({ set: { key: 'new' } });
      const [second] = await take(events, 1);
      expect(second?.type === 'commit' && second.commit.written[0]?.value).to.equal('new');
      await events.return?.();
      expect(await held(session, 'key')).to.equal('new');
      expect((await session.at(1, ['key'])).variables[0]?.value).to.equal(word);
      expect((await session.history()).commits[0]?.written[0]?.value).to.equal(word);
    });

    it('shows its name, never its value, to whoever prints what holds it', async () => {
      const session = await opened(book, { ...kinds, open: string({ default: 'public' }) });
      const commit = await session.commit({ set: { key: word, doc: { [word]: 1 } } });
      for (const made of [await session.read(), commit, await session.history(), await session.at(1)]) {
        const text = `${JSON.stringify(made)} ${inspect(made, { depth: 20, maxArrayLength: null })}`;
        expect(text).to.include('key').and.include("'doc'");
        // The word is a choice that one may see; that it was chosen is the secret.
        expect(text.replaceAll(/"?choices"?: ?\[[^\]]*\]/g, '')).not.to.match(shown);
      }
      expect(JSON.stringify(await session.read())).to.include('public');
    });

    it('shows nothing of a value that is refused', async () => {
      const session = await opened(book, kinds);
      const refused: Readonly<Record<string, Value>> = {
        key: `${word} and far too long to be kept`,
        doc: { [word]: Number.NaN },
        one: `${word}s`,
        raw: word,
        list: [90_125, 90_125],
      };
      const failure = async (promise: Promise<unknown>) =>
        (await promise.then(
          () => new Error('not refused'),
          (error: unknown) => error,
        )) as StateError;
      for (const [name, value] of Object.entries(refused)) {
        const error = await failure(session.commit({ set: { [name]: value } }));
        expect(error.code, name).to.equal('invalid');
        expect(error.message).to.include(`'${name}'`);
        expect(`${error.message} ${JSON.stringify(error.details)}`, name).not.to.match(shown);
      }
      const lost = await failure(session.commit({ set: { doc: { [word]: (() => word) as never } } }));
      expect(lost.code).to.equal('invalid');
      expect(`${lost.message} ${JSON.stringify(lost.details)}`).not.to.match(shown);
    });

    it('cannot be declared open, nor an open one secret', async () => {
      const session = await opened(book, { key: kinds.key, open: string() });
      expect(await codeOf(session.commit({ declare: { key: string({ maxLength: 20 }) } }))).to.equal('already_exists');
      expect(await codeOf(session.commit({ declare: { open: string({ secret: true }) } }))).to.equal('already_exists');
      expect((await session.commit({ declare: { key: kinds.key } })).revision).to.equal(1);
    });

    it('is part of an export, whole and still secret', async () => {
      const session = await opened(book, kinds);
      await session.commit({ set: { key: 'second' } });
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      expect(equalExports(await again.export(), content)).to.equal(true);
      expect(await held(again, 'key')).to.equal('second');
      expect(JSON.stringify(await again.read(['key']))).not.to.include('second');
      await again.close();
      // What was printed is not taken for the truth.
      expect(await codeOf(book.subject.provider.import(JSON.parse(JSON.stringify(content))))).to.equal('invalid');
    });
  });
}
