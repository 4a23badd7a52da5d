/** What must be refused, on every backend: a named error each, nothing applied, nobody told, and the next commit works. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { StateError } from '../../../actors/core/index.ts';
import {
  bridgedState,
  type Commit,
  equalExports,
  integer,
  localState,
  type SessionExport,
  type StateProvider,
  type StateSession,
} from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { commitsOf, take } from '../../../testing/state-laws/subject.ts';
import { type BadCommit, badCommits, known } from '../../helpers/bad-commits.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

const limits = { variablesMax: 40, historyMax: 20 };

/** The error is the one that was told of. */
function isToldOf(error: unknown, { code, says, details = {} }: Omit<BadCommit, 'request' | 'what'>): void {
  expect(error).to.be.instanceOf(StateError);
  const { code: found, message, details: told } = error as StateError;
  expect(found).to.equal(code);
  expect(message).to.match(says);
  expect(told).to.deep.include(details);
}

for (const kind of ['local', 'bridged', 'durable'] as const) {
  describe(`bad input for ${kind} state`, () => {
    let path: string | undefined;
    let state: StateSystem;
    let provider: StateProvider;
    let session: StateSession;
    beforeEach(async () => {
      path = kind === 'durable' ? mkdtempSync(join(tmpdir(), 'vault-')) : undefined;
      const options = { limits, maxSessions: 2 };
      state = await startState(path === undefined ? options : { ...options, vault: { path } });
      provider = (kind === 'local' ? localState({ maxSessions: 2 }) : bridgedState()).connect(state.host);
      session = await provider.open('s');
      await session.commit({ declare: known });
    });
    afterEach(async () => {
      await state.stop();
      if (path !== undefined) rmSync(path, { recursive: true });
    });

    /** Does what is to be refused, and sees to it that nothing has come of it. */
    async function refuses(work: () => Promise<unknown>, told: Omit<BadCommit, 'request' | 'what'>): Promise<void> {
      const before = await session.export();
      const watch = session.watch({ from: before.revision });
      const first = take(watch, 1);
      isToldOf(await rejection(work()), told);
      expect(equalExports(await session.export(), before)).to.equal(true);
      const good: Commit = await session.commit({ set: { count: 3 } });
      expect(good.revision).to.equal(before.revision + 1);
      // Nothing came before it.
      expect(commitsOf(await first)).to.deep.equal([good]);
      await watch.return?.();
    }

    for (const bad of badCommits) {
      it(`is refused as ${bad.code}, and changes nothing: ${bad.what}`, () =>
        refuses(() => session.commit(bad.request), bad));
    }

    it('is refused as quota, and changes nothing: one more session, until one is closed', async () => {
      const other = await provider.open('other');
      await refuses(() => provider.open('third'), {
        code: 'quota',
        says: /'third'.*2 sessions.*close/,
        details: { max: 2 },
      });
      await other.close();
      expect((await (await provider.open('third')).read()).revision).to.equal(0);
    });

    it('is refused as quota, and changes nothing: one more variable, until one is removed', async () => {
      const names = Array.from({ length: 40 - Object.keys(known).length }, (_, at) => `more${at}`);
      await session.commit({ declare: Object.fromEntries(names.map((name) => [name, integer()])) });
      await refuses(() => session.commit({ set: { base: 77 }, declare: { one: integer() } }), {
        code: 'quota',
        says: /'s'.*40 variables.*remove/,
        details: { max: 40 },
      });
      await session.commit({ remove: ['more0'] });
      await session.commit({ declare: { one: integer() } });
    });

    it('is refused as locked, and changes nothing: a lock that another holds, until that is released', async () => {
      const lock = await session.acquire({ name: 'base', holder: 'one' });
      const request = { name: 'base', holder: 'two' };
      await refuses(() => session.acquire(request), {
        code: 'locked',
        says: /'base'.*'one' holds/,
        details: { variable: 'base', holder: 'one' },
      });
      await session.release('base', lock.fence);
      expect((await session.acquire(request)).fence).to.be.greaterThan(lock.fence);
    });

    it('is refused as not_found, and changes nothing: the lock of an unknown name', () =>
      refuses(() => session.acquire({ name: 'nobody', holder: 'one' }), {
        code: 'not_found',
        says: /no variable 'nobody'/,
      }));

    it('is refused as expired, and changes nothing: a commit to a session whose time is over, which can be opened anew', async () => {
      const mortal = await provider.open('mortal', { ttlMs: 1_000 });
      await mortal.commit({ declare: { a: integer() } });
      state.pass(1_000);
      await refuses(() => mortal.commit({ set: { a: 1 } }), { code: 'expired', says: /'mortal'.*open it anew/ });
      const again = await provider.open('mortal');
      expect((await again.commit({ declare: { a: integer() } })).revision).to.equal(1);
    });

    it('is refused as not_found, and changes nothing: a commit to a session that was closed', async () => {
      const other = await provider.open('other');
      await other.close();
      await refuses(() => other.commit({ declare: { a: integer() } }), {
        code: 'not_found',
        says: /'other'.*not open/,
      });
    });

    for (const [what, spoil, code, says] of [
      ['that is none', () => 'an export', 'invalid', /import|session/],
      ['of another format', (good) => ({ ...good, format: 9 }), 'invalid', /format 9 is not known/],
      ['of a value that does not fit', (good) => but(good, 'count', { value: 99 }), 'invalid', /'count'.*above max 10/],
      [
        'of a variable of the future',
        (good) => but(good, 'count', { version: 9 }),
        'invalid',
        /'count'.*above revision/,
      ],
      ['of an unknown type', (good) => but(good, 'count', { type: 'atom' }), 'invalid', /'count'.*"atom" is no type/],
      [
        'with a gap in its history',
        (good) => ({ ...good, history: [], revision: 1, outcomes: [{ key: 'k', revision: 1 }] }),
        'invalid',
        /outcome/,
      ],
      [
        'with commits of another session',
        (good) => ({ ...good, sessionId: 'copy' }),
        'invalid',
        /something else where revision 1/,
      ],
      [
        'of something that depends on nothing',
        (good) => ({ ...good, variables: good.variables.filter(({ name }) => name !== 'base') }),
        'invalid',
        /'base'/,
      ],
      [
        'with too many variables',
        (good) => ({
          ...good,
          variables: Array.from({ length: 41 }, (_, at) => ({ ...good.variables[1], name: `v${at}` })),
        }),
        'quota',
        /40 variables/,
      ],
      [
        'of a session that is open',
        (good) => ({ ...good, sessionId: 's', history: [] }),
        'already_exists',
        /'s'.*open already/,
      ],
    ] as readonly [string, (good: SessionExport) => unknown, string, RegExp][]) {
      it(`is refused as ${code}, and makes no session: an import ${what}`, async () => {
        const other = await provider.open('other');
        await other.commit({ declare: known });
        const good = await other.export();
        await other.close();
        await refuses(() => provider.import(spoil(good) as SessionExport), { code, says });
        expect((await provider.list()).sessionIds).to.deep.equal(['s']);
        expect((await (await provider.import(good)).read()).revision).to.equal(1);
      });
    }
  });
}

/** The export with one variable changed. */
function but(content: SessionExport, name: string, change: object): unknown {
  return {
    ...content,
    variables: content.variables.map((variable) => (variable.name === name ? { ...variable, ...change } : variable)),
  };
}
