import { expect } from 'chai';
import {
  type ActorContext,
  ActorRef,
  call,
  type DownMessage,
  type ExitMessage,
  exitReason,
  LocalName,
  type NameSpace,
  named,
  Pid,
  reply,
  server,
  via,
} from '../../../actors/core/index.ts';
import { endOf, probe, start, temporary } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

const pong = server({ init: () => 0, call: { ping: (state) => reply('pong', state) }, cast: { hit: (n) => n + 1 } });

describe('a registered name', () => {
  it('is one actor’s, and an actor has one; both are refused otherwise, as are the dead and the unknown (S-137)', async () => {
    await using app = await start({ children: { a: temporary(pong), b: pong } });
    const { names } = app.system;
    const [a, b] = [app.children.a.pid as Pid, app.children.b.pid as Pid];
    names.register('x', a);
    for (const [name, pid] of [
      ['x', b],
      ['y', a],
    ] as const) {
      expect(() => names.register(name, pid))
        .to.throw()
        .with.property('code', 'bad_name');
    }
    names.unregister('x');
    expect(() => names.unregister('x'))
      .to.throw()
      .with.property('code', 'bad_name');
    names.register('y', a);
    app.children.a.exit();
    expect(names.whereis('y')).to.equal(undefined);
    expect(() => names.register('z', a))
      .to.throw()
      .with.property('code', 'bad_name');
  });

  it('is looked up at each use: a call finds who has it now, a pid from before is stale for ever (S-145)', async () => {
    await using app = await start({ children: { a: pong, b: pong } });
    const before = app.children.a.pid as Pid;
    app.system.names.register('x', before);
    const ref = new ActorRef(app.system, named('x'));
    expect(await call(ref, 'ping', undefined)).to.equal('pong');
    app.system.names.unregister('x');
    app.system.names.register('x', app.children.b.pid as Pid);
    expect(ref.pid).to.equal(app.children.b.pid);
    app.children.a.exit();
    expect(before.alive).to.equal(false);
    expect(ref.name).to.equal('name:x');
    expect(String(new LocalName('x'))).to.equal('name:x');
  });

  it('that nobody has throws in who sends, and loses a cast (S-126)', async () => {
    await using app = await start({ children: { probe: probe() } });
    const codes = await app.children.probe.call('run', (ctx: Ctx) => {
      ctx.cast(ctx.ref(named('nobody')), 'hit');
      try {
        ctx.send(ctx.ref(named('nobody')), 'x');
        return 'sent';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(codes).to.equal('unknown_name');
    expect(app.system.deadLetters.at(-1)).to.deep.equal({
      path: 'name:nobody',
      message: { cast: 'hit', arg: undefined },
    });
  });

  it('is what a monitor by name reports, and not the pid (S-145)', async () => {
    await using app = await start({ children: { probe: probe(), target: temporary(pong) } });
    app.system.names.register('x', app.children.target.pid as Pid);
    await app.children.probe.call('run', (ctx: Ctx) => {
      ctx.monitor(ctx.ref(named('x')));
      ctx.monitor(ctx.ref(named('nobody')));
    });
    app.children.target.exit();
    const downs = (await app.children.probe.call('seen')) as DownMessage[];
    expect(downs.map(({ path, pid, reason }) => [path, pid, reason.kind])).to.deep.equal([
      ['name:nobody', undefined, 'noproc'],
      ['name:x', undefined, 'killed'],
    ]);
  });

  it('may be kept in any name space (S-138)', async () => {
    const kept = new Map<string, Pid>();
    const space: NameSpace = {
      registerName: (name, pid) => !kept.has(name) && kept.set(name, pid) !== undefined,
      unregisterName: (name) => void kept.delete(name),
      whereisName: (name) => kept.get(name),
    };
    await using app = await start({ children: { probe: probe() } });
    const spawn = (ctx: Ctx) => ctx.spawn(pong, { name: via(space, 'k') });
    const first = (await app.children.probe.call('run', spawn)) as { type: string };
    const second = (await app.children.probe.call('run', spawn)) as { reason: { value: unknown } };
    expect(first.type).to.equal('started');
    expect(second.reason.value).to.deep.equal({ alreadyStarted: kept.get('k') });
    const answer = await app.children.probe.call('run', (ctx: Ctx) =>
      call(ctx.ref(via(space, 'k')), 'ping', undefined),
    );
    expect(answer).to.equal('pong');
    const failing = server({ init: () => Promise.reject(new Error('no')) });
    await app.children.probe.call('run', (ctx: Ctx) => {
      ctx.trapExit = true;
      return ctx.spawn(failing, { name: via(space, 'other') });
    });
    expect(kept.has('other')).to.equal(false);
  });
});

describe('links', () => {
  it('with an ended actor: a message for one that traps exits, an error in one that does not (S-132)', async () => {
    await using app = await start({ children: { plain: probe(), trapping: probe({ trapExit: true }) } });
    const gone = new Pid('gone', 1);
    const error = await app.children.plain.call('run', (ctx: Ctx) => {
      try {
        ctx.link(gone);
        return 'linked';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    });
    expect(error).to.equal('noproc');
    await app.children.trapping.call('run', (ctx: Ctx) => ctx.link(gone));
    const [exit] = (await app.children.trapping.call('seen')) as ExitMessage[];
    expect(exit).to.deep.equal({ type: 'exit', from: gone, reason: exitReason.noproc });
  });

  it('carry the reason kill as a reason like any other; only the signal kill kills who traps exits (S-127, S-129)', async () => {
    await using app = await start({ children: { a: temporary(probe()), trapping: probe({ trapExit: true }) } });
    const pid = app.children.a.pid as Pid;
    await app.children.trapping.call('run', (ctx: Ctx) => {
      ctx.link(pid);
      ctx.exit(ctx.self, exitReason.killed);
    });
    app.children.a.exit(exitReason.exit('other'));
    const exits = (await app.children.trapping.call('seen')) as ExitMessage[];
    expect(exits.map(({ reason }) => reason)).to.deep.equal([exitReason.killed, exitReason.exit('other')]);
    const end = endOf(app.children.trapping);
    app.children.trapping.exit(exitReason.kill);
    expect(await end).to.deep.equal(exitReason.killed);
  });

  it('that fall one after the other are no chain of calls, however long it is (S-131)', async () => {
    await using app = await start({ children: { first: temporary(probe()) } });
    const count = 20_000;
    let previous = app.children.first.pid as Pid;
    for (let n = 0; n < count; n += 1) {
      const started = await app.system.spawn({ path: `chain-${n}`, logic: probe() });
      if (started.type !== 'started') throw new Error('not started');
      started.process.context.link(previous);
      previous = started.process.pid;
    }
    app.children.first.exit(exitReason.exit('all'));
    expect(previous.alive).to.equal(false);
  });

  it('do not interrupt a handler that ends its own partner (S-125)', async () => {
    await using app = await start({ children: { a: temporary(probe()), b: temporary(probe()) } });
    const end = endOf(app.children.a);
    const order: string[] = [];
    void app.children.a
      .call('run', (ctx: Ctx) => {
        ctx.link(app.children.b.pid as Pid);
        ctx.exit(app.children.b, exitReason.exit('x'));
        order.push(`alive: ${ctx.self.alive}`);
      })
      .catch(() => order.push('failed'));
    expect(await end).to.deep.equal(exitReason.exit('x'));
    await app.countChildren();
    expect(order).to.deep.equal(['alive: true', 'failed']);
  });
});

describe('demonitor', () => {
  it('leaves a down that came already, unless it flushes (S-133)', async () => {
    await using app = await start({ children: { watcher: probe(), a: temporary(probe()), b: temporary(probe()) } });
    const { watcher, a, b } = app.children;
    await watcher.call('run', (ctx: Ctx) => {
      const [kept, flushed] = [ctx.monitor(a), ctx.monitor(b)];
      a.exit();
      b.exit();
      ctx.demonitor(kept);
      ctx.demonitor(flushed, { flush: true });
    });
    const downs = (await watcher.call('seen')) as DownMessage[];
    expect(downs.map(({ path }) => path)).to.deep.equal(['app/a']);
  });

  it('that a name space refuses, or throws for, is a failed start, and leaves nothing behind (S-138)', async () => {
    const space = (registerName: () => boolean): NameSpace => ({
      registerName,
      unregisterName: () => {},
      whereisName: () => undefined,
    });
    const full = () => {
      throw new Error('full');
    };
    await using app = await start({ children: { owner: probe() } });
    for (const register of [() => false, full]) {
      const name = via(space(register), 'x');
      const spawn = (ctx: Ctx) => ctx.spawn(pong, { id: 'pong', name });
      const result = (await app.children.owner.call('run', spawn)) as { readonly type: string };
      expect(result.type).to.equal('failed');
      expect(app.system.lookup('app/owner/pong')).to.equal(undefined);
    }
    expect(app.children.owner.pid?.incarnation).to.equal(1);
  });

  it('of a start that failed stays with who has it meanwhile', async () => {
    const named = new Map<string, Pid>();
    const space: NameSpace = {
      registerName: (name, pid) => named.set(name, pid) === named,
      unregisterName: (name) => void named.delete(name),
      whereisName: (name) => (named.get(name)?.alive ? named.get(name) : undefined),
    };
    const failing = server({ init: () => Promise.reject(new Error('no')) });
    await using app = await start({ children: { owner: probe() } });
    const both = async (ctx: Ctx) => {
      const name = via(space, 'x');
      const failed = Promise.resolve(ctx.spawn(failing, { name, link: false }));
      await Promise.resolve();
      while (space.whereisName('x') !== undefined) await Promise.resolve();
      const next = await ctx.spawn(pong, { name, link: false });
      return [(await failed).type, next.type, named.has('x')];
    };
    expect(await app.children.owner.call('run', both)).to.deep.equal(['failed', 'started', true]);
    for (const process of [...app.system.processes()]) if (process.pid === named.get('x')) process.kill();
  });
});
