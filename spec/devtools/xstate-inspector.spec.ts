import { expect } from 'chai';
import { assign, createActor, fromPromise, setup } from 'xstate';
import { xstateInspector } from '../../devtools/adapters/xstate.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const light = setup({
  types: { context: {} as { count: number; apiKey: string }, events: {} as { type: 'NEXT' } | { type: 'LOAD' } },
  actors: { load: fromPromise(async () => 'loaded') },
}).createMachine({
  id: 'light',
  initial: 'red',
  context: { count: 0, apiKey: 'sk-1234' },
  states: {
    red: { on: { NEXT: { target: 'green', actions: assign({ count: ({ context }) => context.count + 1 }) } } },
    green: { on: { LOAD: 'loading', NEXT: 'red' } },
    loading: { invoke: { id: 'loader', src: 'load', onDone: 'red' } },
  },
});

describe('xstateInspector', () => {
  it('shows a plain xstate actor: its state, the events that it got, its statechart', () => {
    const inspect = xstateInspector();
    const actor = createActor(light, { inspect }).start();
    actor.send({ type: 'NEXT' });
    const { source } = inspect;
    expect(source.rows().map(({ path, status, handled }) => [path, status, handled])).to.deep.equal([
      ['xstate/light', 'running', 1],
    ]);
    const detail = source.detail('xstate/light');
    expect(detail?.at).to.equal('green');
    expect(detail?.chart?.states.filter(({ active }) => active).map(({ id }) => id)).to.deep.equal(['light.green']);
    expect(detail?.state).to.have.deep.property('entries', [
      ['count', 1],
      ['apiKey', { $: 'masked' }],
    ]);
    expect(source.messages('xstate/light').map(({ name, from }) => [name, from])).to.deep.equal([
      ['NEXT', 'outside'],
      ['xstate.init', 'outside'],
    ]);
    expect(source.history('xstate/light').map(({ label, changed }) => [label, changed])).to.deep.equal([
      ['NEXT', ['count']],
      ['xstate.init', []],
    ]);
    actor.stop();
    expect(source.rows()[0]).to.include({ status: 'down', pid: null });
  });

  it('shows children below their parents, and whom an event came from', async () => {
    const inspect = xstateInspector();
    const actor = createActor(light, { inspect }).start();
    actor.send({ type: 'NEXT' });
    actor.send({ type: 'LOAD' });
    const { source } = inspect;
    expect(source.rows().map(({ path, children }) => [path, children])).to.deep.equal([
      ['xstate/light', 1],
      ['xstate/light/loader', 0],
    ]);
    await new Promise<void>((resolve) => {
      actor.subscribe(({ value }) => {
        if (value === 'red') resolve();
      });
    });
    const done = source.messages('xstate/light').find(({ name }) => name.startsWith('xstate.done'));
    expect(done?.from).to.equal('xstate/light/loader#1');
    expect(source.detail('xstate/light/loader')).to.deep.include({
      status: 'down',
      parent: 'xstate/light',
      chart: null,
    });
    actor.stop();
  });

  it('gives two that live at once two paths, and the next life of an ended one the same', () => {
    const inspect = xstateInspector();
    const first = createActor(light, { inspect }).start();
    const second = createActor(light, { inspect }).start();
    const paths = () => inspect.source.rows().map(({ path, pid }) => [path, pid]);
    expect(paths()).to.deep.equal([
      ['xstate/light', 'xstate/light#1'],
      ['xstate/light~2', 'xstate/light~2#1'],
    ]);
    first.stop();
    createActor(light, { inspect, id: 'a/b' }).start();
    createActor(light, { inspect }).start();
    expect(paths()).to.deep.equal([
      ['xstate/a%2Fb', 'xstate/a%2Fb#1'],
      ['xstate/light', 'xstate/light#2'],
      ['xstate/light~2', 'xstate/light~2#1'],
    ]);
    second.stop();
  });

  it('keeps the last of all, and counts what it drops', () => {
    const clock = new ManualClock();
    const inspect = xstateInspector({ clock, kept: 3, maxPerSecond: 10, maxActors: 2 });
    const actor = createActor(light, { inspect }).start();
    for (let n = 0; n < 20; n += 1) actor.send({ type: 'NEXT' });
    const { source } = inspect;
    expect(source.messages()).to.have.length(3);
    expect(source.rows()[0]).to.include({ handled: 20 });
    // An event and a state for the start and each of twenty, less the ten of this second.
    expect(source.dropped).to.equal(32);
    expect(source.detail('xstate/light')?.state).to.have.deep.nested.property('entries[0]', ['count', 10]);
    clock.advance(1_000);
    actor.send({ type: 'NEXT' });
    expect(source.messages()[0]).to.include({ atMs: 1_000 });
    actor.stop();
    createActor(light, { inspect, id: 'b' }).start();
    createActor(light, { inspect, id: 'c' }).start();
    expect(source.rows().map(({ path }) => path)).to.deep.equal(['xstate/b', 'xstate/c']);
  });

  it('never throws into xstate, which would lose the event', () => {
    const inspect = xstateInspector();
    const actor = createActor(light, { inspect }).start();
    inspect.source.onChange(() => {
      throw new Error('a viewer that is broken');
    });
    actor.send({ type: 'NEXT' });
    expect(actor.getSnapshot().value).to.equal('green');
    expect(inspect.source.dropped).to.be.above(0);
    const hostile = Object.defineProperty({ type: '@xstate.actor' }, 'actorRef', {
      get: () => {
        throw new Error('do not look');
      },
    });
    inspect(hostile as never);
    actor.stop();
  });

  it('looks at no value before it is asked, and calls no getter then', () => {
    const inspect = xstateInspector();
    let read = 0;
    const context = Object.defineProperty({ count: 0 }, 'expensive', {
      enumerable: true,
      get: () => {
        read += 1;
        return read;
      },
    });
    const machine = setup({ types: { context: {} as { count: number } } }).createMachine({ id: 'm', context });
    const actor = createActor(machine, { inspect }).start();
    for (let n = 0; n < 5; n += 1) actor.send({ type: 'X' });
    expect(inspect.source.detail('xstate/m')?.state).to.have.deep.nested.property('entries[1]', [
      'expensive',
      { $: 'getter' },
    ]);
    expect(read).to.equal(0);
    actor.stop();
  });

  it('tells those who listen, until they do not any more', () => {
    const inspect = xstateInspector();
    let changes = 0;
    const stop = inspect.source.onChange(() => {
      changes += 1;
    });
    const actor = createActor(light, { inspect }).start();
    expect(changes).to.be.above(0);
    stop();
    changes = 0;
    actor.send({ type: 'NEXT' });
    expect(changes).to.equal(0);
    actor.stop();
  });
});
