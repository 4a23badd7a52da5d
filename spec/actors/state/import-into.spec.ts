import { expect } from 'chai';
import type { StateError } from '../../../actors/core/index.ts';
import {
  type Declarations,
  float,
  type ImportStrategy,
  importInto,
  integer,
  localState,
  type SessionExport,
  type StateProvider,
  type StateSession,
  string,
} from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('an export that comes into a session that is there', () => {
  let state: StateSystem;
  let provider: StateProvider;
  let session: StateSession;
  beforeEach(async () => {
    state = await startState({ functions: { double: ({ a }: { a: number }) => a * 2 } });
    provider = localState().connect(state.host);
    session = await made({ a: integer({ default: 1 }), b: string({ default: 'mine' }), own: float() });
  });
  afterEach(() => state.stop());

  const made = async (declare: Declarations) => {
    const one = await provider.open();
    await one.commit({ declare });
    return one;
  };
  const exported = async (declare: Declarations) => (await made(declare)).export();
  const valuesOf = async () =>
    Object.fromEntries((await session.read()).variables.map(({ name, value }) => [name, value]));
  /** `a` has another value there, `b` another type. */
  const theirs = { a: integer({ default: 2 }), b: float({ default: 0.5 }), more: string({ default: 'new' }) };

  for (const [strategy, values] of [
    ['replace', { a: 2, b: 0.5, more: 'new' }],
    ['merge', { a: 2, b: 0.5, own: 0, more: 'new' }],
    ['keep', { a: 1, b: 'mine', own: 0, more: 'new' }],
  ] as [ImportStrategy, object][]) {
    it(`${strategy}s, in one commit, and not twice`, async () => {
      const content = await exported(theirs);
      const commit = await importInto(session, content, { strategy, writer: 'importer' });
      expect(commit).to.include({ revision: 2, writer: 'importer' });
      expect(await valuesOf()).to.deep.equal(values);
      expect((await importInto(session, content, { strategy })).revision).to.equal(2);
      expect((await session.history()).commits.length).to.equal(2);
    });
  }

  it('concerns the named variables alone', async () => {
    const content = await exported(theirs);
    await importInto(session, content, { strategy: 'replace', names: ['a', 'own'] });
    expect(await valuesOf()).to.deep.equal({ a: 2, b: 'mine' });
    await importInto(session, content, { strategy: 'merge', names: ['b', 'nobody'] });
    expect(await valuesOf()).to.deep.equal({ a: 2, b: 0.5 });
  });

  it('has what is computed computed anew, from what is there then', async () => {
    const twice = float({ dependsOn: ['a'], computedBy: 'double' });
    const content = await exported({ a: integer({ default: 2 }), twice });
    await importInto(session, content, { strategy: 'keep' });
    expect(await valuesOf()).to.include({ a: 1, twice: 2 });
    await importInto(session, content, { strategy: 'merge' });
    expect(await valuesOf()).to.include({ a: 2, twice: 4 });
    await importInto(session, content, { strategy: 'replace' });
    expect(await valuesOf()).to.deep.equal({ a: 2, twice: 4 });
  });

  it('loses nobody’s write that comes between, and none of it is there when it is refused', async () => {
    const content = await exported({ a: integer({ default: 2 }), z: integer({ default: 9 }) });
    const { commit } = session;
    session.commit = async (...args) => {
      session.commit = commit;
      await session.commit({ declare: { z: integer({ default: 5 }) } });
      return session.commit(...args);
    };
    await importInto(session, content, { strategy: 'keep' });
    expect(await valuesOf()).to.include({ a: 1, z: 5 });

    const before = await session.read();
    await session.commit({ declare: { needs: float({ dependsOn: ['own'] }) } });
    const refused = importInto(session, content, { strategy: 'replace', names: ['own', 'a'] });
    expect(await rejection(refused)).to.include({ code: 'not_found' });
    expect((await session.read(['a', 'own'])).variables).to.deep.equal(
      before.variables.filter(({ name }) => name === 'a' || name === 'own'),
    );
  });

  it('is refused when it is no export, or the strategy is none', async () => {
    const content = await exported(theirs);
    const variables = content.variables.map((one) => ({ ...one, value: one.name === 'a' ? 'x' : one.value }));
    for (const [given, strategy] of [
      [content, 'overwrite'],
      [{ ...content, format: 2 }, 'merge'],
      [{ ...content, variables }, 'merge'],
      [{ ...content, variables: [...content.variables, ...content.variables] }, 'keep'],
      [undefined, 'keep'],
    ] as [SessionExport, ImportStrategy][]) {
      const error = (await rejection(importInto(session, given, { strategy }))) as StateError;
      expect(error).to.include({ code: 'invalid' });
    }
    expect((await session.read()).revision).to.equal(1);
  });
});
