import { expect } from 'chai';
import {
  type ActorContext,
  AlreadyRegisteredError,
  call,
  named,
  type Pid,
  type RegistryMessage,
  registry,
  reply,
  server,
  via,
} from '../../../actors/core/index.ts';
import { endOf, probe, start, temporary } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

const unique = () => registry<string, number>({ keys: 'unique' });
const duplicate = () => registry<string, number>({ keys: 'duplicate' });

describe('a registry', () => {
  it('with unique keys has one entry per key, whose owner a second one learns (S-139)', async () => {
    await using app = await start({ children: { names: unique(), a: probe(), b: probe() } });
    const { names, a, b } = app.children;
    await a.call('run', (ctx: Ctx) => names.register(ctx, 'k', 1));
    const error = await b.call('run', (ctx: Ctx) => {
      try {
        names.register(ctx, 'k', 2);
        return undefined;
      } catch (thrown) {
        return thrown;
      }
    });
    expect(error).to.be.instanceOf(AlreadyRegisteredError).with.property('pid', a.pid);
    expect(names.lookup('k')).to.deep.equal([{ pid: a.pid, value: 1 }]);
    expect(names.lookup('other')).to.deep.equal([]);
    expect(names.count()).to.equal(1);
  });

  it('with duplicate keys has any number of them, also of one actor; keys compare strictly (S-139)', async () => {
    const any = registry<unknown, number>({ keys: 'duplicate' });
    await using app = await start({ children: { topics: any, a: probe(), b: probe() } });
    const { topics, a, b } = app.children;
    await a.call('run', (ctx: Ctx) => {
      topics.register(ctx, 1, 1);
      topics.register(ctx, 1, 2);
      topics.register(ctx, '1', 3);
    });
    await b.call('run', (ctx: Ctx) => topics.register(ctx, 1, 4));
    expect(topics.lookup(1).map(({ value }) => value)).to.deep.equal([1, 2, 4]);
    expect(topics.lookup('1').map(({ value }) => value)).to.deep.equal([3]);
    expect(topics.keys(a.pid as Pid)).to.deep.equal([1, 1, '1']);
    expect(topics.select((_key, pid, value) => pid === a.pid && value > 1)).to.deep.equal([
      [1, a.pid, 2],
      ['1', a.pid, 3],
    ]);
  });

  it('never shows an actor that has ended, and gives its key away at once (S-140)', async () => {
    await using app = await start({ children: { names: unique(), a: temporary(probe()), b: probe() } });
    const { names, a, b } = app.children;
    await a.call('run', (ctx: Ctx) => names.register(ctx, 'k', 1));
    a.exit();
    expect(names.lookup('k')).to.deep.equal([]);
    await b.call('run', (ctx: Ctx) => names.register(ctx, 'k', 2));
    await app.countChildren();
    expect(names.lookup('k')).to.deep.equal([{ pid: b.pid, value: 2 }]);
    expect(names.count()).to.equal(1);
  });

  it('is linked with the owners of entries while they have some: it falls, and they fall (S-140)', async () => {
    await using app = await start({
      maxRestarts: 5,
      children: { names: temporary(unique()), a: temporary(probe()), b: temporary(probe()) },
    });
    const { names, a, b } = app.children;
    await a.call('run', (ctx: Ctx) => names.register(ctx, 'a', 1));
    await b.call('run', (ctx: Ctx) => {
      names.register(ctx, 'b', 1);
      names.unregister(ctx, 'b');
    });
    const end = endOf(a);
    names.exit();
    expect((await end).kind).to.equal('killed');
    expect(b.pid?.alive).to.equal(true);
    expect(() => names.lookup('a'))
      .to.throw()
      .with.property('code', 'actor_down');
  });

  it('lets the owner alone change the value of a unique key, and take back entries by value (S-141)', async () => {
    await using app = await start({ children: { names: unique(), topics: duplicate(), a: probe(), b: probe() } });
    const { names, topics, a, b } = app.children;
    const codeOf = (act: () => unknown) => {
      try {
        return act();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    await a.call('run', (ctx: Ctx) => {
      names.register(ctx, 'k', 1);
      for (const value of [1, 2, 3]) topics.register(ctx, 't', value);
    });
    expect(await a.call('run', (ctx: Ctx) => names.updateValue(ctx, 'k', (value) => value + 1))).to.equal(2);
    expect(await b.call('run', (ctx: Ctx) => codeOf(() => names.updateValue(ctx, 'k', () => 9)))).to.equal(
      'not_registered',
    );
    expect(await a.call('run', (ctx: Ctx) => codeOf(() => topics.updateValue(ctx, 't', () => 9)))).to.equal(
      'not_unique',
    );
    await a.call('run', (ctx: Ctx) => topics.unregister(ctx, 't', (value) => value === 2));
    expect(topics.lookup('t').map(({ value }) => value)).to.deep.equal([1, 3]);
    await b.call('run', (ctx: Ctx) => topics.unregister(ctx, 't'));
    expect(topics.lookup('t')).to.have.length(2);
  });

  it('dispatches in the caller, with all entries at once, and not at all when there are none (S-142)', async () => {
    await using app = await start({ children: { topics: duplicate(), a: probe(), b: probe() } });
    const { topics, a, b } = app.children;
    for (const ref of [a, b]) await ref.call('run', (ctx: Ctx) => topics.register(ctx, 't', 1));
    const calls: number[] = [];
    topics.dispatch('t', (entries) => calls.push(entries.length));
    topics.dispatch('nobody', () => calls.push(-1));
    expect(calls).to.deep.equal([2]);
    expect(() =>
      topics.dispatch('t', () => {
        throw new Error('mine');
      }),
    ).to.throw('mine');
    expect(topics.pid?.alive).to.equal(true);
  });

  it('tells its listeners of entries that come and go, but not of those whose owner ended (S-143)', async () => {
    const told = registry<string, number>({ keys: 'unique', listeners: ['app/listener', named('nobody')] });
    await using app = await start({ children: { listener: probe(), told, a: temporary(probe()) } });
    const { listener, told: names, a } = app.children;
    const pid = a.pid;
    await a.call('run', (ctx: Ctx) => {
      names.register(ctx, 'x', 1);
      names.register(ctx, 'y', 2);
      names.unregister(ctx, 'x');
    });
    a.exit();
    await app.countChildren();
    expect((await listener.call('seen')) as RegistryMessage[]).to.deep.equal([
      { type: 'register', registry: 'app/told', key: 'x', pid, value: 1 },
      { type: 'register', registry: 'app/told', key: 'y', pid, value: 2 },
      { type: 'unregister', registry: 'app/told', key: 'x', pid },
    ]);
  });

  it('is a name space when its keys are unique, and refuses to be one otherwise (S-138, S-144)', async () => {
    const pong = server({ init: () => 0, call: { ping: (state) => reply('pong', state) } });
    await using app = await start({ children: { names: unique(), topics: duplicate(), a: probe() } });
    const { names, topics, a } = app.children;
    const answer = await a.call('run', async (ctx: Ctx) => {
      await ctx.spawn(pong, { name: via(names, 'ponger') });
      return call(ctx.ref(via(names, 'ponger')), 'ping', undefined);
    });
    expect(answer).to.equal('pong');
    const second = (await a.call('run', (ctx: Ctx) => ctx.spawn(pong, { name: via(names, 'ponger') }))) as {
      type: string;
    };
    expect(second.type).to.equal('failed');
    expect(() => topics.whereisName('k'))
      .to.throw()
      .with.property('code', 'not_unique');
    expect(() => topics.registerName('k', a.pid as Pid))
      .to.throw()
      .with.property('code', 'not_unique');
    names.unregisterName('ponger');
    expect(names.whereisName('ponger')).to.equal(undefined);
  });
});
