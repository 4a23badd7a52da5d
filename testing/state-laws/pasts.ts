/** Law 14: what was, and going back to it; and what is made of reading and committing under a condition. */
import type { StateError } from '../../actors/core/index.ts';
import {
  compareAndSet,
  type Declarations,
  equalExports,
  equalValues,
  integer,
  json,
  rollback,
  type Snapshot,
  type StateSession,
  string,
} from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened, seeded } from './subject.ts';

const two: Declarations = { a: integer(), b: string() };

export function pastLaws(book: LawBook): void {
  describe('the past', () => {
    it('is told as the newest commits that were asked for, oldest first', async () => {
      const session = await opened(book, two);
      for (const a of [1, 2, 3]) await session.commit({ set: { a }, writer: `writer ${a}` });
      await session.commit({ set: { b: 'x' } });
      const revisions = async (options: Parameters<StateSession['history']>[0]) =>
        (await session.history(options)).commits.map(({ revision }) => revision);
      expect(await revisions({})).to.deep.equal([1, 2, 3, 4, 5]);
      expect(await revisions({ limit: 2 })).to.deep.equal([4, 5]);
      expect(await revisions({ since: 2 })).to.deep.equal([3, 4, 5]);
      expect(await revisions({ since: 1, upTo: 3 })).to.deep.equal([2, 3]);
      expect(await revisions({ names: ['b'] })).to.deep.equal([1, 5]);
      expect(await revisions({ names: ['a'], limit: 1 })).to.deep.equal([4]);
      const { epoch, revision } = await session.read();
      const { commits, ...head } = await session.history({ names: ['a'], since: 3, upTo: 4 });
      expect(head).to.deep.equal({ epoch, revision, first: 1 });
      expect(commits[0]?.written.map(({ name, value }) => [name, value])).to.deep.equal([['a', 3]]);
      expect(commits[0]).to.include({ revision: 4, writer: 'writer 3' });
      for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { since: -1 }, { upTo: Number.NaN }])
        expect(await codeOf(session.history(wrong)), JSON.stringify(wrong)).to.equal('invalid');
    });

    it('can be read as it was at each kept revision', async () => {
      const session = await opened(book);
      const seen: Snapshot[] = [await session.read()];
      for await (const snapshot of wanderings(session, 11, 60)) seen.push(snapshot);
      for (const was of seen) {
        const told = await session.at(was.revision);
        expect(told).to.include({ revision: was.revision, epoch: was.epoch });
        expect(equalValues(byName(told), byName(was)), `revision ${was.revision}`).to.equal(true);
      }
      const { revision } = await session.read();
      expect(await codeOf(session.at(revision + 1))).to.equal('rewound');
      expect(await codeOf(session.at(-1))).to.equal('invalid');
    });

    it('loses nothing by a commit that is refused, also when no more is kept', async () => {
      const session = await opened(book, two);
      for (let a = 1; a <= book.subject.historyMax + 2; a += 1)
        await session.commit({ set: { a }, idempotencyKey: `commit ${a}` });
      const before = await session.export();
      await session.seal(60_000);
      for (const a of [1, 2, 3])
        expect(await codeOf(session.commit({ set: { a } }, { timeoutMs: 1 }))).to.equal('unavailable');
      expect(await codeOf(session.commit({ expect: { a: 1 }, set: { a: 0 } }))).to.equal('conflict');
      expect(equalExports(await session.export(), before)).to.equal(true);
      await session.unseal();
      expect((await session.commit({ set: { a: 0 } })).revision).to.equal(before.revision + 1);
      expect((await session.history({ limit: 1_000 })).commits).to.have.length(book.subject.historyMax);
    });

    it('is compacted, not guessed, when it is not kept any more', async () => {
      const { historyMax } = book.subject;
      const session = await opened(book, two);
      for (let a = 1; a <= historyMax + 2; a += 1) await session.commit({ set: { a } });
      const { first, revision } = await session.history();
      expect(revision - first + 1).to.equal(historyMax);
      expect(await codeOf(session.at(1))).to.equal('compacted');
      expect(await codeOf(rollback(session, 1))).to.equal('compacted');
      // Nothing that is kept tells what `a` was right before it.
      expect(await codeOf(session.at(first - 1))).to.equal('compacted');
      expect((await session.at(first - 1, ['b'])).variables[0]).to.include({ value: '', version: 1 });
      expect((await session.at(first)).variables).to.have.length(2);
    });

    it('comes back as one new commit: values, variables and types', async () => {
      const session = await opened(book, two);
      await session.commit({ set: { a: 5, b: 'five' } });
      const before = await session.read();
      await session.commit({ set: { a: 6 }, remove: ['b'], declare: { c: json() } });
      await session.commit({ remove: ['a'], declare: { a: string({ default: 'other' }) } });
      const commit = await rollback(session, before.revision, { writer: 'undo' });
      expect(commit).to.include({ revision: 5, writer: 'undo' });
      const after = await session.read();
      const content = ({ variables }: Snapshot) =>
        Object.fromEntries(variables.map(({ name, type, value }) => [name, [type, value]]));
      expect(content(after)).to.deep.equal(content(before));
      expect((await session.history()).commits).to.have.length(5);
      // And again to where it was before that.
      await rollback(session, 4);
      expect(content(await session.read())).to.deep.equal({ a: ['string', 'other'], c: ['json', null] });
      // Already so: nothing to write.
      expect((await rollback(session, 4)).revision).to.equal(6);
    });

    it('comes back for some variables only, the others stay', async () => {
      const session = await opened(book, two);
      await session.commit({ set: { a: 1, b: 'one' } });
      await session.commit({ set: { a: 2, b: 'two' } });
      await rollback(session, 2, { names: ['a'] });
      expect([await held(session, 'a'), await held(session, 'b')]).to.deep.equal([1, 'two']);
      await rollback(session, 0, { names: ['b'] });
      expect((await session.read()).variables.map(({ name }) => name)).to.deep.equal(['a']);
    });

    it('comes back as it was, whatever happened since (random)', async () => {
      const session = await opened(book);
      const seen: Snapshot[] = [];
      for await (const snapshot of wanderings(session, 5, 40)) seen.push(snapshot);
      const chance = seeded(9);
      for (let round = 0; round < 15; round += 1) {
        const was = seen[Math.floor(chance() * seen.length)] as Snapshot;
        await rollback(session, was.revision);
        const now = await session.read();
        expect(equalValues(contentOf(now), contentOf(was)), `back to ${was.revision}`).to.equal(true);
      }
    });
  });

  describe('list', () => {
    it('answers the variables whose names match, in the order of their creation', async () => {
      const names = ['model.name', 'model.size', 'a*b', 'models', 'x.model.name', ''];
      const session = await opened(book);
      for (const name of names.filter((one) => one !== '')) await session.commit({ declare: { [name]: integer() } });
      const matching = async (pattern: string) => (await session.list(pattern)).variables.map(({ name }) => name);
      expect(await matching('*')).to.deep.equal(['model.name', 'model.size', 'a*b', 'models', 'x.model.name']);
      expect(await matching('model.*')).to.deep.equal(['model.name', 'model.size']);
      expect(await matching('*.name')).to.deep.equal(['model.name', 'x.model.name']);
      expect(await matching('m*s*')).to.deep.equal(['model.size', 'models']);
      expect(await matching('a*b')).to.deep.equal(['a*b']);
      expect(await matching('models')).to.deep.equal(['models']);
      for (const none of ['', 'model', '?', '.']) expect(await matching(none), none).to.deep.equal([]);
      expect(await session.list('m*')).to.include({ revision: 5 });
      expect(await codeOf(session.list(7 as unknown as string))).to.equal('invalid');
      expect(await codeOf(session.list('*'.repeat(1_000)))).to.equal('invalid');
    });
  });

  describe('compare and set', () => {
    it('loses no update of concurrent clients', async () => {
      const session = await opened(book, two);
      const add = () =>
        compareAndSet(session, ['a'], ({ variables }) => ({ set: { a: (variables[0]?.value as number) + 1 } }));
      await Promise.all(Array.from({ length: 20 }, add));
      expect(await session.read(['a'])).to.deep.include({ revision: 21 });
      expect(await held(session, 'a')).to.equal(20);
    });

    it('gives up with conflict when others always write in between', async () => {
      const session = await opened(book, two);
      let tries = 0;
      const failure = compareAndSet(session, ['a'], async () => {
        tries += 1;
        await session.commit({ set: { a: tries } });
        return { set: { a: -1 } };
      });
      expect(await codeOf(failure)).to.equal('conflict');
      expect([tries, await held(session, 'a')]).to.deep.equal([100, 100]);
    });

    it('writes nothing when the function throws, and asks it once only', async () => {
      const session = await opened(book, two);
      const before = await session.read();
      const failure = await compareAndSet(session, ['a'], () => {
        throw new Error('no');
      }).catch((error: unknown) => (error as Error).message);
      expect(failure).to.equal('no');
      const refused = await compareAndSet(session, ['a'], () => ({ set: { a: 'text' } })).catch(
        (error: unknown) => (error as StateError).code,
      );
      expect(refused).to.equal('invalid');
      expect(await session.read()).to.deep.equal(before);
    });

    it('minds what it has read as well as what it writes', async () => {
      const session = await opened(book, two);
      let tries = 0;
      await compareAndSet(session, ['a', 'gone'], async ({ variables }) => {
        tries += 1;
        if (tries === 1) await session.commit({ declare: { gone: integer() } });
        return { set: { b: variables.map(({ name }) => name).join() } };
      });
      expect([tries, await held(session, 'b')]).to.deep.equal([2, 'a,gone']);
    });
  });
}

/** Random commits; the state after each. */
async function* wanderings(session: StateSession, seed: number, count: number): AsyncGenerator<Snapshot> {
  const chance = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  for (let i = 0; i < count; i += 1) {
    const { variables } = await session.read();
    const there = variables.map(({ name }) => name);
    const absent = ['p', 'q', 'r', 's'].filter((name) => !there.includes(name));
    const what = chance();
    if (absent.length > 0 && (what < 0.4 || there.length === 0)) {
      await session.commit({ declare: { [pick(absent)]: pick([json(), json({ description: 'other' }), integer()]) } });
    } else if (what < 0.6) await session.commit({ remove: [pick(there)] });
    else await session.commit({ set: { [pick(there)]: Math.floor(chance() * 10) } });
    yield await session.read();
  }
}

const byName = ({ variables }: Snapshot) => Object.fromEntries(variables.map((variable) => [variable.name, variable]));

/** All but the versions, which a rollback adds to. */
const contentOf = ({ variables }: Snapshot) =>
  Object.fromEntries(variables.map(({ name, version: _, ...rest }) => [name, rest]));
