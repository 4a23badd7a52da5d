/** Law 19: for whom a variable is there. */
import { type Declarations, integer, type StateSession, string, type WatchEvent } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened, take } from './subject.ts';

const kinds = {
  open: integer(),
  token: string({ default: 'hidden-0', readers: ['app/tools/*'], writers: ['typescript', 'app/writer'] }),
  note: integer({ readers: ['app/tools/w1'] }),
};

export function readerLaws(book: LawBook): void {
  describe('a variable with readers', () => {
    const as = (session: StateSession, name: string) => book.subject.provider.find(session.id, { as: name });
    const names = async (session: StateSession) => (await session.read()).variables.map(({ name }) => name);

    it('is there for those who match and for the host, and for nobody else, in every reading', async () => {
      const session = await opened(book, kinds);
      await session.commit({ set: { token: 'hidden-1' } });
      const { revision } = await session.commit({ set: { open: 1, token: 'hidden-2', note: 1 } });
      await session.acquire({ name: 'token', holder: 'me' });
      for (const [name, seen] of [
        ['typescript', ['open', 'token', 'note']],
        ['app/tools/w1', ['open', 'token', 'note']],
        ['app/tools/w2', ['open', 'token']],
        ['app/other', ['open']],
        ['app/writer', ['open']],
        ['*', ['open']],
      ] as const) {
        const reader = await as(session, name);
        expect(await names(reader), name).to.deep.equal(seen);
        expect((await reader.list('*')).variables.map((one) => one.name)).to.deep.equal(seen);
        expect((await reader.at(1)).variables.map((one) => one.name)).to.deep.equal(seen);
        expect((await reader.read(['note', 'token'])).variables).to.have.length(seen.length - 1);
        for (const one of reader.readNow === undefined ? [] : ['open', 'token', 'note'])
          expect(reader.readNow?.(one) !== undefined, `${name}: ${one}`).to.equal(seen.includes(one as never));
        const whole = await reader.export();
        expect(whole.variables.map((one) => one.name)).to.deep.equal(seen);
        const lacking = await reader.changes();
        expect(lacking.type === 'snapshot' && lacking.snapshot.variables.map((one) => one.name)).to.deep.equal(seen);
        expect((await reader.locks()).length).to.equal(seen.length > 1 ? 1 : 0);
        const told = JSON.stringify([
          await reader.read(),
          await reader.changes({ epoch: whole.epoch, revision: 0 }),
          await reader.history(),
          await reader.locks(),
          whole,
        ]);
        for (const hidden of ['token', 'note'].filter((one) => !(seen as readonly string[]).includes(one)))
          expect(told, name).to.not.contain(hidden);
        if (seen.length === 1) expect(told, name).to.not.contain('hidden-');
        expect((await reader.read()).revision).to.equal(revision);
      }
      const nobody = await as(session, 'app/other');
      expect((await nobody.history()).commits.map((one) => one.revision)).to.deep.equal([1, revision]);
      expect((await nobody.history({ limit: 1, names: ['open'] })).commits.map((one) => one.revision)).to.deep.equal([
        3,
      ]);
      for (let n = 0; n < 5; n += 1) await session.commit({ set: { note: n } });
      expect((await nobody.history({ limit: 1 })).commits.map((one) => one.revision)).to.deep.equal([3]);
      expect((await nobody.history({ limit: 9, since: 1 })).commits).to.have.length(1);
      expect(await codeOf(nobody.history({ limit: 0 }))).to.equal('invalid');
    });

    it('is in no event of a watch of others, who are told everything else in order', async () => {
      const session = await opened(book, kinds);
      const nobody = (await as(session, 'app/other')).watch();
      const some = (await as(session, 'app/tools/w2')).watch({ from: 1, names: ['token', 'note'] });
      const slow = (await as(session, 'app/other')).watch({ from: 1, debounceMs: 30 });
      const told: WatchEvent[] = await take(nobody, 1);
      await session.commit({ set: { token: 'hidden-1' } });
      await session.commit({ set: { note: 1, open: 1 } });
      await session.commit({ remove: ['token'] });
      await session.commit({ declare: { later: integer() } });
      told.push(...(await take(nobody, 2)));
      const commits = told.slice(1).map((event) => (event.type === 'commit' ? event.commit : undefined));
      expect(commits.map((one) => one?.revision)).to.deep.equal([3, 5]);
      expect(JSON.stringify(told)).to.not.match(/token|note|hidden-/);
      const [set, gone] = (await take(some, 2)).map((event) => (event.type === 'commit' ? event.commit : undefined));
      expect(set?.written.map(({ value }) => value)).to.deep.equal(['hidden-1']);
      expect(gone?.removed).to.deep.equal(['token']);
      const [folded] = await take(slow, 1);
      expect(folded?.type === 'commit' && folded.commit.removed).to.deep.equal([]);
      expect(JSON.stringify(folded)).to.not.match(/token|note|hidden-/);
      for (const watch of [nobody, some, slow]) await watch.return?.();
    });

    it('has gone for who could see it before, when it is declared anew for others, and the other way round', async () => {
      const session = await opened(book, {
        token: string({ default: 'plain' }),
        other: integer({ readers: ['app/x'] }),
      });
      const watch = (await as(session, 'app/other')).watch({ from: 1 });
      await session.commit({ remove: ['token'], declare: { token: kinds.token } });
      await session.commit({ remove: ['other'], declare: { other: integer() } });
      const [gone, came] = (await take(watch, 2)).map((event) => (event.type === 'commit' ? event.commit : undefined));
      expect([gone?.written, gone?.removed]).to.deep.equal([[], ['token']]);
      expect(came?.written.map(({ name }) => name)).to.deep.equal(['other']);
      await watch.return?.();
      // As it was is told as it was.
      expect(await held(await as(session, 'app/other'), 'token')).to.equal(undefined);
      expect((await (await as(session, 'app/other')).at(1)).variables.map(({ name }) => name)).to.deep.equal(['token']);
    });

    it('is written by the writers that it has, else by its readers; to anybody else it is denied, not told of', async () => {
      const session = await opened(book, kinds);
      const writer = await as(session, 'app/writer');
      const before = await session.read();
      // Who may write and not read is not told what he wrote, and expects that it is absent.
      expect((await writer.commit({ set: { token: 'hidden-1' }, expect: { token: null } })).written).to.deep.equal([]);
      expect(await held(session, 'token')).to.equal('hidden-1');
      expect(await codeOf(writer.commit({ set: { token: 'hidden-2' }, expect: { token: 1 } }))).to.equal('conflict');
      await (await as(session, 'app/tools/w1')).commit({ set: { note: 7 }, writer: 'typescript' });
      expect((await session.history()).commits.at(-1)?.writer).to.equal('app/tools/w1');
      const other = await as(session, 'app/other');
      const requests = [
        { set: { note: 1 } },
        { set: { open: 9, note: 1 } },
        { remove: ['note'] },
        { declare: { note: integer() } },
        { declare: { note: kinds.note } },
        { remove: ['token'], declare: { token: string() } },
      ] as const satisfies readonly { remove?: readonly string[]; declare?: Declarations; set?: object }[];
      for (const request of requests) {
        const error = await other.commit(request as never).catch((failure: unknown) => failure);
        expect(error).to.have.property('code', 'denied');
        expect(JSON.stringify(error)).to.not.contain('app/tools');
      }
      const { fence } = await session.acquire({ name: 'note', holder: 'me' });
      for (const under of [fence, fence + 1])
        expect(await codeOf(other.commit({ set: { open: 1 }, fences: { note: under } }))).to.equal('not_found');
      expect(await codeOf(other.acquire({ name: 'note', holder: 'me' }))).to.equal('not_found');
      expect((await session.read()).revision).to.equal(before.revision + 2);
      await session.commit({ set: { note: 1 } });
    });

    it('keeps its rule over crashes, an export and what was removed before', async () => {
      const session = await opened(book, kinds);
      await session.commit({ remove: ['token'] });
      const content = await session.export();
      await session.close();
      const again = await book.subject.provider.import(content);
      const check = async () => {
        const nobody = await as(again, 'app/other');
        const { commits } = await nobody.history();
        expect(JSON.stringify([commits, await nobody.read()])).to.not.match(/token|note|hidden-/);
        const reader = await (await as(again, 'app/tools/w2')).history();
        expect(reader.commits.at(-1)?.removed).to.deep.equal(['token']);
        expect(await again.export()).to.deep.equal(content);
      };
      await check();
      for (const crash of Object.values(book.subject.crashes)) {
        await crash(again.id);
        await check();
      }
      expect(await codeOf(again.commit({ declare: { note: integer() } }))).to.equal('already_exists');
      for (const wrong of [[], ['a', 'a'], ['x'.repeat(201)], 'typescript', [7]]) {
        const constraints = { readers: wrong };
        const declare = { bad: { type: 'integer', default: 0, constraints, description: '' } } as never;
        expect(await codeOf(again.commit({ declare })), JSON.stringify(wrong)).to.equal('invalid');
      }
      for (const name of ['', 'x'.repeat(501), 7 as never])
        expect(await codeOf(book.subject.provider.find(again.id, { as: name }))).to.equal('invalid');
    });
  });
}
