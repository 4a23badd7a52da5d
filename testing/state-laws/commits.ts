/** Laws 1, 3, 6, 8 and 13: what a commit does, and when it does nothing. */
import type { StateError } from '../../actors/core/index.ts';
import { compareAndSet, float, integer, type Snapshot, string } from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened } from './subject.ts';

export function commitLaws(book: LawBook): void {
  describe('commit', () => {
    const two = { temperature: float({ min: 0, max: 2, default: 0.7 }), tokens: integer({ default: 5 }) };

    it('declares, sets and removes variables, one revision each', async () => {
      const session = await opened(book);
      expect((await session.read()).revision).to.equal(0);
      const first = await session.commit({ declare: two, writer: 'me' });
      expect(first).to.deep.include({ sessionId: session.id, revision: 1, writer: 'me', removed: [] });
      expect(first.written.map(({ name, version }) => [name, version])).to.deep.equal([
        ['temperature', 1],
        ['tokens', 1],
      ]);
      expect((await session.commit({ set: { temperature: 1.5 } })).revision).to.equal(2);
      const { variables } = await session.read();
      expect(variables.map(({ name, value, version }) => [name, value, version])).to.deep.equal([
        ['temperature', 1.5, 2],
        ['tokens', 5, 1],
      ]);
      expect((await session.commit({ remove: ['tokens'] })).removed).to.deep.equal(['tokens']);
      expect((await session.read()).variables).to.have.length(1);
      expect(await codeOf(session.commit({ remove: ['tokens'] }))).to.equal('not_found');
    });

    it('declares a variable once, when many declare it differently at the same time', async () => {
      const session = await opened(book);
      const kinds = [integer(), string(), float()];
      const declaring = Array.from({ length: 12 }, (_, i) => {
        const kind = kinds[i % 3] as (typeof kinds)[number];
        return codeOf(session.commit({ declare: { a: kind } }).then(() => Promise.reject(new Error(kind.type))));
      });
      const answers = await Promise.all(declaring);
      const { revision, variables } = await session.read();
      const [variable] = variables;
      expect([revision, variables.length]).to.deep.equal([1, 1]);
      // Those who wanted what it is are content, and nobody else.
      answers.forEach((answer, i) => {
        const { type } = kinds[i % 3] as (typeof kinds)[number];
        expect(answer).to.equal(type === variable?.type ? `Error: ${type}` : 'already_exists');
      });
    });

    it('leaves out of a reading what does not exist', async () => {
      const session = await opened(book, two);
      expect((await session.read(['tokens', 'nobody'])).variables.map(({ name }) => name)).to.deep.equal(['tokens']);
    });

    it('changes nothing when one of many things is wrong', async () => {
      const session = await opened(book, two);
      const before = await session.read();
      for (const [request, code] of [
        [{ set: { tokens: 6, temperature: 9 } }, 'invalid'],
        [{ set: { tokens: 6, nobody: 1 } }, 'not_found'],
        [{ set: { tokens: 6 }, remove: ['nobody'] }, 'not_found'],
        [{ declare: { fresh: integer(), tokens: float() } }, 'already_exists'],
        [{ set: { tokens: 6 }, expect: { temperature: 7 } }, 'conflict'],
      ] as const) {
        expect(await codeOf(session.commit(request)), JSON.stringify(request)).to.equal(code);
      }
      expect(await session.read()).to.deep.equal(before);
    });

    it('removes, then declares, then sets, in one commit', async () => {
      const session = await opened(book, two);
      const commit = await session.commit({
        remove: ['tokens'],
        declare: { tokens: string() },
        set: { tokens: 'many' },
      });
      expect(commit.removed).to.deep.equal([]);
      expect(commit.written).to.have.length(1);
      expect(commit.written[0]).to.include({ name: 'tokens', type: 'string', value: 'many', version: 2 });
    });

    it('adds no revision when there is nothing to write', async () => {
      const session = await opened(book, two);
      expect(await session.commit({})).to.deep.include({ revision: 1, written: [], removed: [] });
      expect(await session.commit({ expect: { tokens: 1 } })).to.deep.include({ revision: 1 });
      expect((await session.commit({ set: { tokens: 5 } })).revision).to.equal(2);
    });

    it('keeps a variable that is declared again alike, and refuses another declaration of it', async () => {
      const session = await opened(book, two);
      await session.commit({ set: { temperature: 1 } });
      expect((await session.commit({ declare: two })).revision).to.equal(2);
      expect(await held(session, 'temperature')).to.equal(1);
      expect(await codeOf(session.commit({ declare: { temperature: float() } }))).to.equal('already_exists');
    });

    it('tells absent from version zero', async () => {
      const session = await opened(book, two);
      expect((await session.commit({ expect: { fresh: null }, declare: { fresh: integer() } })).revision).to.equal(2);
      expect(await codeOf(session.commit({ expect: { fresh: null }, set: { fresh: 1 } }))).to.equal('conflict');
      expect(await codeOf(session.commit({ expect: { nobody: 0 }, set: { fresh: 1 } }))).to.equal('conflict');
      expect(await codeOf(session.commit({ expect: { fresh: 0 }, set: { fresh: 1 } }))).to.equal('conflict');
      expect((await session.commit({ expect: { fresh: 2, nobody: null }, set: { fresh: 1 } })).revision).to.equal(3);
    });

    it('names everything that differs in a conflict', async () => {
      const session = await opened(book, two);
      const error = await session
        .commit({ expect: { temperature: 4, tokens: 1, nobody: 0 }, set: { tokens: 1 } })
        .catch((failure: unknown) => failure as StateError);
      expect((error as StateError).details.conflicts).to.deep.equal([
        { name: 'temperature', expected: 4, actual: 1 },
        { name: 'nobody', expected: 0, actual: null },
      ]);
      expect(String(error)).to.contain('temperature').and.to.contain('nobody');
    });

    it('happens at most once under one idempotency key', async () => {
      const session = await opened(book, two);
      const first = await session.commit({ set: { tokens: 6 }, idempotencyKey: 'once' });
      await session.commit({ set: { tokens: 7 } });
      expect(await session.commit({ set: { tokens: 6 }, idempotencyKey: 'once' })).to.deep.equal(first);
      expect(await held(session, 'tokens')).to.equal(7);
      expect(await codeOf(session.commit({ set: { tokens: 'x' }, idempotencyKey: 'twice' }))).to.equal('invalid');
      expect((await session.commit({ set: { tokens: 8 }, idempotencyKey: 'twice' })).revision).to.equal(4);
    });

    it('is done once when it is sent again as one that may have been, and needs its key for that', async () => {
      const session = await opened(book, two);
      const { epoch, revision } = await session.read([]);
      const again = { set: { tokens: 6 }, idempotencyKey: 'k', since: { epoch, revision } };
      const first = await session.commit(again);
      expect(first.revision).to.equal(revision + 1);
      await session.commit({ set: { tokens: 7 } });
      expect(await session.commit(again)).to.deep.equal(first);
      expect(await held(session, 'tokens')).to.equal(7);
      expect(await codeOf(session.commit({ set: { tokens: 8 }, since: { epoch, revision } }))).to.equal('invalid');
      expect(await codeOf(session.commit({ ...again, since: 7 as never }))).to.equal('invalid');
    });

    it('keeps what it brings as its outcome under its key, and gives it back with the commit', async () => {
      const session = await opened(book, two);
      const outcome = new Uint8Array([1, 2, 3]);
      const request = { set: { tokens: 6 }, idempotencyKey: 'call', outcome };
      const commit = await session.commit(request);
      outcome[0] = 9;
      await session.commit({ set: { tokens: 7 } });
      const kept = await session.outcome('call');
      expect(kept).to.deep.equal({ commit, outcome: new Uint8Array([1, 2, 3]) });
      kept?.outcome?.fill(0);
      expect((await session.outcome('call'))?.outcome).to.deep.equal(new Uint8Array([1, 2, 3]));
      // The first one under a key stays.
      await session.commit({ ...request, outcome: new Uint8Array([7]) });
      expect((await session.outcome('call'))?.outcome).to.deep.equal(new Uint8Array([1, 2, 3]));
      expect(await session.outcome('nobody')).to.equal(undefined);
    });

    it('keeps no outcome when it is refused, and takes none without a key', async () => {
      const session = await opened(book, two);
      const outcome = new Uint8Array([1]);
      const refused = { set: { tokens: 6 }, expect: { tokens: 9 }, idempotencyKey: 'call', outcome };
      expect(await codeOf(session.commit(refused))).to.equal('conflict');
      expect(await session.outcome('call')).to.equal(undefined);
      expect(await codeOf(session.commit({ set: { tokens: 6 }, outcome }))).to.equal('invalid');
      await session.commit({ set: { tokens: 6 }, idempotencyKey: 'plain' });
      expect(await session.outcome('plain')).to.deep.include({ outcome: undefined });
    });

    it('tells what was committed after a revision, and everything to who knows none', async () => {
      const session = await opened(book, two);
      const { epoch } = await session.commit({ set: { tokens: 6 } });
      await session.commit({ set: { tokens: 7 } });
      const changes = await session.changes({ epoch, revision: 1 });
      expect(changes).to.include({ type: 'commits', revision: 3, epoch });
      expect(changes.type === 'commits' && changes.commits.map(({ revision }) => revision)).to.deep.equal([2, 3]);
      expect(await session.changes()).to.deep.include({ type: 'snapshot', snapshot: await session.read() });
      expect((await session.changes({ epoch: epoch + 1, revision: 1 })).type).to.equal('snapshot');
      expect(await codeOf(session.changes({ epoch, revision: 99 }))).to.equal('rewound');
    });

    it('is refused while the session is sealed, and happens as soon as it is not', async () => {
      const session = await opened(book, two);
      await session.seal(60_000);
      expect(await codeOf(session.commit({ set: { tokens: 6 } }, { timeoutMs: 5 }))).to.equal('unavailable');
      expect(await held(session, 'tokens')).to.equal(5);
      const waiting = session.commit({ set: { tokens: 7 } });
      await session.unseal();
      expect((await waiting).revision).to.equal(2);
    });
  });

  describe('concurrent clients', () => {
    it('read and commit as if one after the other', async () => {
      const session = await opened(book, { counter: integer() });
      let clock = 0;
      const done: { began: number; ended: number; revision: number; kind: 'read' | 'commit'; value: number }[] = [];
      const client = async (): Promise<void> => {
        for (let round = 0; round < 20; round += 1) {
          let began = ++clock;
          const { variables, revision } = await session.read(['counter']);
          const known = variables[0];
          done.push({ began, ended: ++clock, revision, kind: 'read', value: known?.value as number });
          began = ++clock;
          const value = (known?.value as number) + 1;
          const commit = await session
            .commit({ expect: { counter: known?.version ?? null }, set: { counter: value } })
            .catch((error: StateError) => {
              if (error.code !== 'conflict') throw error;
            });
          if (commit !== undefined)
            done.push({ began, ended: ++clock, revision: commit.revision, kind: 'commit', value });
        }
      };
      await Promise.all(Array.from({ length: 8 }, client));
      const commits = done.filter(({ kind }) => kind === 'commit').sort((a, b) => a.revision - b.revision);
      // Each adds one to what the one before it wrote: none was lost, none done twice.
      expect(commits.map(({ revision, value }) => [revision, value])).to.deep.equal(
        commits.map((_, i) => [i + 2, i + 1]),
      );
      expect(await held(session, 'counter')).to.equal(commits.length);
      for (const one of done) {
        if (one.kind === 'read') expect(one.value).to.equal(one.revision - 1);
        for (const other of done) {
          if (other.ended >= one.began) continue;
          expect(one.revision).to.be.at.least(other.revision + (one.kind === 'commit' ? 1 : 0));
        }
      }
    });

    it('have all their turn when they update the same variable, and none of it is lost', async () => {
      const session = await opened(book, { counter: integer() });
      const [clients, each] = [8, 25];
      const add = ({ variables }: Snapshot) => ({ set: { counter: (variables[0]?.value as number) + 1 } });
      const client = async () => {
        const own = await book.subject.provider.find(session.id);
        for (let n = 0; n < each; n += 1) await compareAndSet(own, ['counter'], add);
      };
      await Promise.all(Array.from({ length: clients }, client));
      expect(await held(session, 'counter')).to.equal(clients * each);
      expect((await session.read()).revision).to.equal(1 + clients * each);
    });
  });
}
