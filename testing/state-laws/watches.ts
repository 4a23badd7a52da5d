/** Law 7: what a watch delivers. */
import { integer, type WatchEvent } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, commitsOf, type LawBook, opened, take } from './subject.ts';

export function watchLaws(book: LawBook): void {
  describe('watch', () => {
    const two = { a: integer(), b: integer() };

    it('delivers a snapshot first, then every commit in order', async () => {
      const session = await opened(book, two);
      const events = session.watch();
      const [first] = await take(events, 1);
      expect(first).to.deep.equal({ type: 'snapshot', snapshot: await session.read() });
      const next = take(events, 3);
      for (const a of [1, 2, 3]) await session.commit({ set: { a } });
      const commits = commitsOf(await next);
      expect(commits.map(({ revision, written }) => [revision, written[0]?.value])).to.deep.equal([
        [2, 1],
        [3, 2],
        [4, 3],
      ]);
      await events.return?.();
    });

    it('goes on after the revision that it is given', async () => {
      const session = await opened(book, two);
      for (const a of [1, 2, 3]) await session.commit({ set: { a } });
      const events = session.watch({ from: 2 });
      expect(commitsOf(await take(events, 2)).map(({ revision }) => revision)).to.deep.equal([3, 4]);
      await events.return?.();
      const { epoch } = await session.read();
      expect(await codeOf(session.watch({ from: 99 }).next())).to.equal('rewound');
      expect(await codeOf(session.watch({ from: 1, epoch: epoch + 1 }).next())).to.equal('rewound');
    });

    it('leaves out commits that touch none of the names asked for', async () => {
      const session = await opened(book, two);
      const events = session.watch({ names: ['b'] });
      const [first] = await take(events, 1);
      expect(first?.type === 'snapshot' && first.snapshot.variables.map(({ name }) => name)).to.deep.equal(['b']);
      await session.commit({ set: { a: 1 } });
      await session.commit({ set: { a: 2, b: 2 } });
      await session.commit({ remove: ['b'] });
      const [both, gone] = commitsOf(await take(events, 2));
      expect(both?.written.map(({ name }) => name)).to.deep.equal(['b']);
      expect(gone).to.deep.include({ revision: 4, removed: ['b'] });
      await events.return?.();
    });

    it('leaves out what does not match a pattern, and takes names beside it', async () => {
      const session = await opened(book, { ...two, 'b.x': integer() });
      const events = session.watch({ match: 'b*' });
      const [first] = await take(events, 1);
      expect(first?.type === 'snapshot' && first.snapshot.variables.map(({ name }) => name)).to.deep.equal([
        'b',
        'b.x',
      ]);
      const both = session.watch({ match: '*.x', names: ['a'], from: 1 });
      await session.commit({ set: { a: 1 } });
      await session.commit({ set: { a: 2, 'b.x': 2 } });
      await session.commit({ declare: { 'b.y': integer() } });
      await session.commit({ set: { b: 3 } });
      const written = (list: WatchEvent[]) => commitsOf(list).map((one) => one.written.map(({ name }) => name));
      expect(written(await take(events, 3))).to.deep.equal([['b.x'], ['b.y'], ['b']]);
      expect(written(await take(both, 2))).to.deep.equal([['a'], ['a', 'b.x']]);
      await events.return?.();
      await both.return?.();
      expect(await codeOf(session.watch({ match: 7 as never }).next())).to.equal('invalid');
    });

    it('waits for quiet when it is told to, and then tells all of it as one, the last values for sure', async () => {
      const session = await opened(book, two);
      const events = session.watch({ debounceMs: 50 });
      const [first] = await take(events, 1);
      expect(first?.type === 'snapshot' && first.folded).to.equal(undefined);
      const count = 60;
      let told = 0;
      const reading = (async () => {
        let revision = 1;
        for (;;) {
          const [event] = await take(events, 1);
          told += 1;
          const commit = commitsOf([event as WatchEvent])[0];
          // What it stands for begins where the one before has ended.
          if (event?.folded !== undefined) {
            expect(event.folded).to.deep.equal({ after: revision, upTo: commit?.revision });
            expect(event.folded.upTo - event.folded.after).to.be.above(1);
          } else expect(commit?.revision).to.equal(revision + 1);
          revision = commit?.revision ?? 0;
          const b = commit?.written.find(({ name }) => name === 'b')?.value;
          if (b === count) return commit;
        }
      })();
      for (let b = 1; b <= count; b += 1) await session.commit({ set: b % 2 === 0 ? { a: b, b } : { a: -b } });
      const last = await reading;
      expect(last?.written.map(({ name, value }) => [name, value])).to.have.deep.members([
        ['a', count],
        ['b', count],
      ]);
      expect(told).to.be.below(count);
      await events.return?.();
      const patient = session.watch({ from: 61, debounceMs: 60_000 });
      const waiting = patient.next();
      await session.commit({ set: { a: 1 } });
      await session.commit({ remove: ['b'] });
      for (const wrong of [0, -1, Number.NaN, 60_001])
        expect(await codeOf(session.watch({ debounceMs: wrong }).next())).to.equal('invalid');
      await session.close();
      // The end does not wait, and loses nothing.
      expect((await waiting).value).to.deep.include({ type: 'commit', folded: { after: 61, upTo: 63 } });
      expect(await patient.next()).to.deep.equal({ done: true, value: undefined });
    });

    it('is left at once, also while it waits for quiet', async () => {
      const session = await opened(book, two);
      const events = session.watch({ from: 1, debounceMs: 60_000 });
      const waiting = events.next();
      await session.commit({ set: { a: 1 } });
      await events.return?.();
      expect(await waiting).to.deep.equal({ done: true, value: undefined });
      expect(await events.next()).to.deep.equal({ done: true, value: undefined });
    });

    it('gives who is too slow a snapshot that says what it stands for, and goes on from there', async () => {
      const { historyMax } = book.subject;
      const session = await opened(book, two);
      const events = session.watch({ from: 1 });
      await session.commit({ set: { a: 1 } });
      await take(events, 1);
      for (let b = 1; b <= historyMax + 1; b += 1) await session.commit({ set: { b } });
      const [folded] = await take(events, 1);
      const { revision } = await session.read();
      expect(folded).to.deep.equal({
        type: 'snapshot',
        snapshot: await session.read(),
        folded: { after: 2, upTo: revision },
      });
      await session.commit({ set: { a: 9 } });
      expect(commitsOf(await take(events, 1))[0]).to.include({ revision: revision + 1 });
      await events.return?.();
    });

    for (const [what, commits] of [
      ['as many commits as are kept', (historyMax: number) => historyMax],
      ['more commits than are kept', (historyMax: number) => 3 * historyMax],
    ] as const) {
      it(`always delivers the latest value, after ${what} at once`, async () => {
        const count = commits(book.subject.historyMax);
        const session = await opened(book, two);
        const events = session.watch({ from: 1 });
        const seen: unknown[] = [];
        const reading = (async () => {
          for await (const event of events) {
            const variables = event.type === 'snapshot' ? event.snapshot.variables : event.commit.written;
            seen.push(variables.find(({ name }) => name === 'a')?.value);
            if (seen.at(-1) === count) return;
          }
        })();
        await Promise.all(Array.from({ length: count }, (_, i) => session.commit({ set: { a: i + 1 } })));
        await reading;
        expect(seen).to.deep.equal([...seen].sort((x, y) => (x as number) - (y as number)));
        if (count <= book.subject.historyMax) expect(seen).to.have.length(count);
      });
    }

    it('ends with the session, everything before it delivered', async () => {
      const session = await opened(book, two);
      const events = session.watch();
      await take(events, 1);
      const waiting = events.next();
      await session.commit({ set: { a: 1 } });
      await session.commit({ set: { a: 2 } });
      await session.close();
      const all = [(await waiting).value, (await events.next()).value];
      expect(all.map((event) => event?.type === 'commit' && event.commit.revision)).to.deep.equal([2, 3]);
      expect(await events.next()).to.deep.equal({ done: true, value: undefined });
      expect(await codeOf(session.watch().next())).to.equal('not_found');
    });

    it('ends when it is left or its signal aborts, also while it waits', async () => {
      const session = await opened(book, two);
      const left = session.watch({ from: 1 });
      const waiting = left.next();
      await left.return?.();
      expect(await waiting).to.deep.equal({ done: true, value: undefined });
      const controller = new AbortController();
      const aborted = session.watch({ from: 1, signal: controller.signal });
      const second = aborted.next();
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await second.catch((error: unknown) => error)).to.equal(reason);
      expect(await aborted.next()).to.deep.equal({ done: true, value: undefined });
    });
  });
}
