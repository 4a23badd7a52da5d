import { expect } from 'chai';
import { bridgedState } from '../../../actors/state/index.ts';
import { choice, declare, exitReason, float, integer, openContext, ophion, StateError } from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';

const declared = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  max_tokens: integer({ min: 1, default: 64 }),
  style: choice(['short', 'long'], { default: 'short' }),
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('a context on local state', () => {
  const system = useSystem(() => ophion());
  const open = () => openContext(system.current, { variables: declared });

  it('starts local, with the declared defaults', async () => {
    await using context = await open();
    expect(context.state).to.equal('local');
    expect(await context.variables.getAll()).to.deep.equal({ temperature: 0.7, max_tokens: 64, style: 'short' });
  });

  it('sets, and refuses what breaks a constraint, naming variable and constraint', async () => {
    await using context = await open();
    await context.variables.set('temperature', 0.9);
    expect(await context.variables.get('temperature')).to.equal(0.9);
    const error = await rejection(context.variables.set('temperature', 3));
    expect(error).to.be.instanceOf(StateError).with.property('code', 'invalid');
    expect((error as Error).message).to.match(/temperature.*3.*2/);
    expect(await context.variables.get('temperature')).to.equal(0.9);
  });

  it('answers not_found for an unknown variable, naming it', async () => {
    await using context = await open();
    const error = await rejection(context.variables.get('nope' as 'style'));
    expect(error).to.have.property('code', 'not_found');
    expect((error as Error).message).to.include('nope');
  });

  it('writes a batch whole or not at all', async () => {
    await using context = await open();
    await rejection(context.variables.batch({ temperature: 1, max_tokens: 0 }));
    expect(await context.variables.get('temperature')).to.equal(0.7);
    await context.variables.batch({ temperature: 1, max_tokens: 1 });
    expect(await context.variables.getAll(['temperature', 'max_tokens'])).to.deep.equal({
      temperature: 1,
      max_tokens: 1,
    });
  });

  it('writes what fits of a batch that is not to be whole, and tells of the rest', async () => {
    await using context = await open();
    const { variables } = context;
    const values = { temperature: 3, max_tokens: 1, style: 'long', nope: 1 } as const;
    const { set, failed } = await variables.batch(values, { atomic: false });
    expect(set).to.deep.equal(['max_tokens', 'style']);
    const codes = Object.entries(failed).map(([name, error]) => [name, error.code]);
    expect(codes).to.deep.equal([
      ['temperature', 'invalid'],
      ['nope', 'not_found'],
    ]);
    expect(await variables.getAll()).to.deep.equal({ temperature: 0.7, max_tokens: 1, style: 'long' });
    await context.close();
    expect(await rejection(variables.batch({ max_tokens: 2 }, { atomic: false }))).to.include({ code: 'not_found' });
  });

  it('answers the default for a variable that is not there, and for nothing else', async () => {
    const context = await open();
    const { variables } = context;
    expect(await variables.get('nope' as 'style', { default: 'short' })).to.equal('short');
    expect(await variables.get('style', { default: 'long' })).to.equal('short');
    expect([await variables.has('style'), await variables.has('nope')]).to.deep.equal([true, false]);
    await context.close();
    expect(await rejection(variables.get('nope' as 'style', { default: 'short' }))).to.include({ code: 'not_found' });
  });

  it('keeps metadata in its session, adds to it key by key, and tells of itself', async () => {
    await using context = await openContext(system.current, {
      id: 'told',
      variables: declared,
      metadata: { owner: 'a', ticket: 1 },
      ttlMs: 60_000,
    });
    await Promise.all([
      context.addMetadata({ ticket: undefined, team: ['x'] }),
      context.addMetadata({ reviewed: true }),
    ]);
    expect(await context.metadata()).to.deep.equal({ owner: 'a', team: ['x'], reviewed: true });
    await using lock = await context.lock('style');
    const { epoch, revision, openedAtMs, ...told } = await context.statistics();
    expect(told).to.deep.equal({
      ...{ id: 'told', state: 'local', moves: 0, variables: 3, locks: 1, tools: 0, ttlMs: 60_000 },
      inherits: undefined,
    });
    expect([lock.name, epoch > 0, revision, openedAtMs > 0]).to.deep.equal(['style', true, 4, true]);
  });

  it('is open once in a system: the second of its id is refused, and takes nothing from the first', async () => {
    await using first = await openContext(system.current, { id: 'once', state: bridgedState(), variables: declared });
    const again = openContext(system.current, { id: 'once', state: bridgedState() });
    expect(await rejection(again))
      .to.be.instanceOf(StateError)
      .and.include({ code: 'already_exists' });
    expect(await first.variables.get('style')).to.equal('short');
  });

  it('loses no update of concurrent writers', async () => {
    await using context = await open();
    await Promise.all(Array.from({ length: 20 }, () => context.variables.update('max_tokens', (n) => n + 1)));
    expect(await context.variables.get('max_tokens')).to.equal(84);
  });

  it('updates several at one revision, with a function that may take its time', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const { variables } = context;
    const grow = () =>
      variables.updateAll(['temperature', 'max_tokens'], async ({ temperature, max_tokens }) => {
        await Promise.resolve();
        return { temperature: temperature === 2 ? 0 : 2, max_tokens: max_tokens + 1 };
      });
    await Promise.all(Array.from({ length: 10 }, grow));
    expect(await variables.getAll(['temperature', 'max_tokens'])).to.deep.equal({ temperature: 0, max_tokens: 74 });
    expect(await rejection(variables.updateAll(['nope' as 'style'], (values) => values))).to.have.property(
      'code',
      'not_found',
    );
  });

  it('goes back to what it was, also after its move', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const { variables } = context;
    const { revision } = await variables.set('style', 'long');
    await variables.set('style', 'short');
    await context.ensureBridged();
    await variables.rollback(revision);
    expect(await variables.get('style')).to.equal('long');
    expect((await variables.history({ names: ['style'] })).commits.map((one) => one.revision)).to.deep.equal([
      1, 2, 3, 4,
    ]);
    expect(await variables.valuesAt(1)).to.deep.equal({ temperature: 0.7, max_tokens: 64, style: 'short' });
    expect((await variables.list('*t*')).map(({ name }) => name)).to.deep.equal(['temperature', 'max_tokens', 'style']);
  });

  it('runs a native program with its bound variables', async () => {
    await using context = await open();
    const shout = context.program('shout', {
      signature: 'text -> loud',
      bind: { style: 'style' },
      run: ({ text }, { parameters }) => ({ loud: `${text.toUpperCase()} (${String(parameters.style)})` }),
    });
    expect(await shout.run({ text: 'hi' })).to.deep.equal({ loud: 'HI (short)' });
    expect(context.state).to.equal('local');
  });

  it('refuses a program bound to an unknown variable, and wrong inputs, before anything runs', async () => {
    await using context = await open();
    const run = () => {
      throw new Error('it ran');
    };
    const unbound = context.program('p', { signature: 'a -> b', bind: { x: 'nope' as 'style' }, run });
    expect(await rejection(unbound.run({ a: '1' }))).to.have.property('code', 'not_found');
    const wrong = context.program('q', { signature: 'a: int -> b', run });
    expect(await rejection(wrong.run({ a: 'x' as unknown as number }))).to.have.property('code', 'invalid');
  });
});

describe('a context that needs Python', () => {
  const system = useSystem(() => ophion());

  it('moves itself to bridged state and keeps values, versions and history', async () => {
    await using context = await openContext(system.current, { variables: declared });
    await context.variables.set('temperature', 1.5);
    const before = await context.variables.snapshot();
    await context.ensureBridged();
    expect(context.state).to.equal('bridged');
    expect(await context.variables.snapshot()).to.deep.equal(before);
    expect(system.events.map((event) => event.type)).to.include('context.moved');
  });

  it('moves once, however many ask for it', async () => {
    await using context = await openContext(system.current, { variables: declared });
    await Promise.all([context.ensureBridged(), context.ensureBridged(), context.expose({ x: () => 1 })]);
    expect(system.events.filter((event) => event.type === 'context.moved')).to.have.length(1);
  });

  it('stays on its old state, intact, when the move fails', async () => {
    await using context = await openContext(system.current, { id: 'same', variables: declared });
    await using other = await openContext(system.current, { id: 'other', variables: declared });
    await other.ensureBridged();
    // Somebody else has a bridged session of this id.
    await system.current.state.store.call('open', { id: 'same' });
    const error = await rejection(context.ensureBridged());
    expect(error).to.have.property('code', 'already_exists');
    expect(context.state).to.equal('local');
    await context.variables.set('temperature', 2);
    expect(await context.variables.get('temperature')).to.equal(2);
  });

  it('is watched without gap across the move', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const watcher = context.variables.watch({ names: ['max_tokens'] });
    expect((await watcher.next()).value).to.have.nested.property('values.max_tokens', 64);
    await context.variables.set('max_tokens', 1);
    await context.ensureBridged();
    await context.variables.set('max_tokens', 2);
    expect((await watcher.next()).value).to.have.nested.property('values.max_tokens', 1);
    expect((await watcher.next()).value).to.have.nested.property('values.max_tokens', 2);
    await watcher.return();
  });

  it('keeps derived variables computed, each behind what it depends on, also across the move', async () => {
    const order = declare({
      net: float({ default: 100 }),
      rate: float({ default: 0.2 }),
      tax: float({ dependsOn: ['net', 'rate'] }),
      total: float({ dependsOn: ['tax', 'net'] }),
    });
    await using context = await openContext(system.current, { variables: order });
    const { variables } = context;
    expect(await variables.dependents('rate')).to.deep.equal(['tax', 'total']);
    expect(await variables.dependents('total')).to.deep.equal([]);
    const seen = variables.watch({ names: ['net', 'tax', 'total'] });
    await seen.next();
    await using derived = variables.derive({
      total: ({ net, tax }) => net + tax,
      tax: async ({ net, rate }) => net * rate,
    });
    expect((await seen.next()).value)
      .to.include({ revision: 2 })
      .and.deep.include({ values: { tax: 20, total: 120 } });
    await variables.set('net', 200);
    await seen.next();
    expect((await seen.next()).value?.values).to.deep.equal({ tax: 40, total: 240 });
    await context.ensureBridged();
    await variables.set('net', 10);
    await seen.next();
    expect((await seen.next()).value?.values).to.deep.equal({ tax: 2, total: 12 });
    // What follows already is not written again.
    await variables.set('rate', 0.2);
    await variables.set('net', 10);
    expect((await seen.next()).value?.values).to.deep.equal({ net: 10 });
    await derived.stop();
    expect((await variables.snapshot()).revision).to.equal(8);
  });

  it('tells what a function of a derived variable throws', async () => {
    const order = declare({ net: float(), total: float({ max: 5, dependsOn: ['net'] }) });
    await using context = await openContext(system.current, { variables: order });
    const { variables } = context;
    const boom = new Error('boom');
    const throws = variables.derive({
      total: () => {
        throw boom;
      },
    });
    expect(await rejection(throws.ended)).to.equal(boom);
    const wide = variables.derive({ total: ({ net }) => net + 6 });
    expect(await rejection(wide.ended)).to.have.property('code', 'invalid');
    const unknown = variables.derive({ nope: () => 1 } as never);
    expect(await rejection(unknown.ended)).to.have.property('code', 'not_found');
  });

  it('is locked for one holder at a time, also across the move, and written under the lock alone', async () => {
    await using context = await openContext(system.current, { variables: declared });
    await using lock = await context.lock('style', { holder: 'one' });
    await context.ensureBridged();
    const mine = context.variables.under(lock);
    await mine.set('style', 'long');
    await mine.update('max_tokens', (tokens) => tokens + 1);
    expect(await rejection(context.lock('style', { policy: 'abort' }))).to.have.property('code', 'locked');
    expect((await context.locks()).map(({ name, holder }) => [name, holder])).to.deep.equal([['style', 'one']]);
    await using _other = await context.lock('style', { policy: 'preempt' });
    for (const write of [
      mine.set('style', 'short'),
      mine.batch({ max_tokens: 1 }),
      mine.update('style', () => 'short'),
      mine.rollback(1),
      mine.declare({ more: integer() }),
      mine.remove('style'),
    ])
      expect(await rejection(write)).to.have.property('code', 'locked');
    expect(await mine.getAll()).to.deep.equal({ temperature: 0.7, max_tokens: 65, style: 'long' });
    await context.variables.set('style', 'short');
    const watching = mine.watch();
    expect((await watching.next()).value).to.have.nested.property('values.style', 'short');
    await context.close();
    expect((await watching.next()).done).to.equal(true);
  });

  it('calls back for each change, one after the other, across the move', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const { variables } = context;
    const seen: unknown[] = [];
    let running = 0;
    const begun = withResolvers();
    const told = withResolvers();
    const subscription = variables.onChange(
      async ({ values, compacted, folded }) => {
        running += 1;
        expect(running).to.equal(1);
        await Promise.resolve();
        running -= 1;
        seen.push([values.max_tokens, compacted, folded]);
        begun.resolve();
        if (values.max_tokens === 3) told.resolve();
      },
      { match: 'max_*' },
    );
    await begun.promise;
    for (const value of [1, 2]) await variables.set('max_tokens', value);
    await context.ensureBridged();
    await variables.batch({ max_tokens: 3, style: 'long' });
    await told.promise;
    await subscription.stop();
    await subscription.ended;
    await variables.set('max_tokens', 4);
    expect(seen).to.deep.equal([64, 1, 2, 3].map((value) => [value, false, false]));
  });

  it('tells what a callback throws, and goes on when that is handled', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const { variables } = context;
    const boom = new Error('boom');
    const ends = variables.onChange(() => {
      throw boom;
    });
    expect(await rejection(ends.ended)).to.equal(boom);
    await ends.stop();
    const errors: unknown[] = [];
    const failed = withResolvers();
    const third = withResolvers();
    const goesOn = variables.onChange(
      ({ values }) => {
        if (values.max_tokens === 3) third.resolve();
        else throw boom;
      },
      {
        onError: (error) => {
          errors.push(error);
          failed.resolve();
        },
      },
    );
    await failed.promise;
    await variables.set('max_tokens', 2);
    await variables.set('max_tokens', 3);
    await third.promise;
    expect(errors).to.deep.equal([boom, boom]);
    const controller = new AbortController();
    const withSignal = variables.onChange(() => {}, { signal: controller.signal });
    controller.abort();
    await withSignal.ended;
    await context.close();
    await goesOn.ended;
  });

  for (const name of ['Session', 'SessionStore', 'ObserverManager', 'bridge'] as const) {
    it(`loses nothing when ${name} crashes`, async () => {
      await using context = await openContext(system.current, { variables: declared });
      await context.ensureBridged();
      const watcher = context.variables.watch({ names: ['max_tokens'] });
      await watcher.next();
      for (let value = 1; value <= 5; value += 1) {
        system.current.stateActors(context.id)[name].exit(exitReason.error(new Error('injected')));
        await context.variables.set('max_tokens', value);
        expect((await watcher.next()).value).to.have.nested.property('values.max_tokens', value);
        expect(await context.variables.get('max_tokens')).to.equal(value);
      }
      await watcher.return();
    });
  }

  it('frees its session when it is closed', async () => {
    const context = await openContext(system.current, { variables: declared });
    await context.ensureBridged();
    await context.close();
    await context.close();
    const { system: actors, path: root } = system.current;
    expect((await bridgedState().connect({ system: actors, root }).list()).sessionIds).to.deep.equal([]);
    expect(await rejection(context.variables.get('style'))).to.have.property('code', 'not_found');
  });
});
