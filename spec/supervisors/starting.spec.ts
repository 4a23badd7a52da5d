import { expect } from 'chai';
import {
  type ActorContext,
  ActorRef,
  type CoreEvent,
  ignore,
  type Pid,
  server,
  startedWith,
  stop,
} from '../../actors/core/index.ts';
import { DynamicSupervisorRef, dynamicSupervisor, SupervisorRef, supervisor } from '../../supervisors/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

const plain = server({ init: () => 0 });

describe('starting a child', () => {
  it('does not keep the input of a temporary child that was added, which can never be needed again (S-013)', async () => {
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor() } });
    const input = { large: true };
    for (const restart of ['temporary', 'permanent'] as const) {
      await now(app.startChild({ id: restart, logic: plain, restart, input }));
      await now(app.children.jobs.startChild({ id: restart, logic: plain, restart, input }));
    }
    expect((await now(app.childSpec('temporary'))).input).to.equal(undefined);
    expect((await now(app.children.jobs.childSpec('temporary'))).input).to.equal(undefined);
    expect((await now(app.childSpec('permanent'))).input).to.equal(input);
    expect((await now(app.children.jobs.childSpec('permanent'))).input).to.equal(input);
  });

  const inits: [what: string, init: () => unknown, outcome: RegExp | undefined][] = [
    [
      'a throw',
      () => {
        throw new Error('no disk');
      },
      /no disk/,
    ],
    [
      'a thrown string',
      () => {
        throw 'no luck';
      },
      /no luck/,
    ],
    ['a rejected promise', () => Promise.reject(new Error('no net')), /no net/],
    ['stop with a reason', () => stop('broken'), /exit broken/],
    ['stop, which is no ignore (S-020)', () => stop('normal'), /normal/],
    ['ignore', () => ignore(), undefined],
  ];
  for (const [what, init, outcome] of inits) {
    it(`takes ${what} in init for ${outcome === undefined ? 'nothing to run' : 'a failed start'} (S-016)`, async () => {
      const { app, now } = await virtualTree({ children: {} });
      const starting = now(app.startChild({ id: 'one', logic: server({ init: init as () => number }) }));
      if (outcome === undefined) expect(await starting).to.equal(undefined);
      else expect(String(await rejection(starting))).to.match(outcome);
    });
  }

  it('answers with what its init told besides, at a start and at a restart that was asked for (S-016)', async () => {
    const logic = server({ init: () => startedWith(0, 'port 80') });
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor() } });
    expect(await now(app.startChildWithInfo({ id: 'one', logic }))).to.deep.include({ info: 'port 80' });
    await now(app.terminateChild('one'));
    expect(await now(app.restartChildWithInfo('one'))).to.deep.include({ info: 'port 80' });
    expect(await now(app.children.jobs.startChildWithInfo({ logic }))).to.deep.include({ info: 'port 80' });
    expect(await now(app.children.jobs.startChildWithInfo({ logic: plain }))).to.have.property('info', undefined);
  });

  it('is over when it has failed: the process is dead and its name is free (S-201)', async () => {
    const parts = new Parts();
    parts.failing.set('a', 1);
    const { app, now } = await virtualTree({ children: {} });
    let free = false;
    const failed = app.startChild({ id: 'a', logic: parts.part('a') }).catch(() => {
      free = app.system.lookup('app/a') === undefined;
    });
    await now(failed);
    expect(free).to.equal(true);
    expect(String(await now(app.startChild({ id: 'a', logic: parts.part('a') })))).to.equal('app/a#2');
  });

  it('may take its time: the next start waits for it, as do requests (S-276)', async () => {
    const log: string[] = [];
    const logic = (name: string, ms: number) =>
      server({
        init: async (ctx: ActorContext<unknown>) => {
          await new Promise<void>((resolve) => void ctx.runtime.clock.setTimer(ms, resolve));
          log.push(name);
          return 0;
        },
      });
    const { app, runtime } = await virtualTree({ children: {} });
    const children = { a: logic('a', 20), b: logic('b', 10) };
    const started = app.startChild({ id: 'inner', logic: supervisor({ children }) });
    const counted = app.countChildren().then(({ active }) => log.push(`${active} active`));
    await runtime.settle();
    await Promise.all([started, counted]);
    expect(log).to.deep.equal(['a', 'b', '1 active']);
  });

  it('tells of every start that worked, after its init, and of no other (S-025, S-254)', async () => {
    const parts = new Parts();
    const { app, now } = await virtualTree({ children: {} });
    app.events.on('actor.started', ({ pid }: Extract<CoreEvent, { type: 'actor.started' }>) =>
      parts.log.push(`told ${pid}`),
    );
    parts.failing.set('bad', 1);
    await now(app.startChild({ id: 'good', logic: parts.part('good') }));
    await rejection(now(app.startChild({ id: 'bad', logic: parts.part('bad') })));
    expect(parts.log).to.deep.equal(['start good', 'told app/good#1']);
  });

  it('gives each incarnation a pid of its own, also under a supervisor that was started anew', async () => {
    const inner = supervisor({ children: { one: plain, jobs: dynamicSupervisor() } });
    const { app, now } = await virtualTree({ children: { inner } });
    const seen = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const { one, jobs } = app.children.inner.children;
      for (const pid of [one.pid, await now(jobs.startChild({ id: 'x', logic: plain }))]) seen.add(String(pid));
      await now(jobs.terminateChild('x'));
      seen.add(String(await now(jobs.startChild({ id: 'x', logic: plain }))));
      app.children.inner.exit();
      await now(app.countChildren());
    }
    expect(seen.size).to.equal(9);
  });
});

describe('a supervisor', () => {
  it('traps exits: a signal from a stranger is nothing to it (S-024, S-032)', async () => {
    const { app, runtime, now } = await virtualTree({ children: { inner: supervisor({ children: {} }) } });
    const pid = app.children.inner.pid as Pid;
    app.children.inner.exit({ kind: 'exit', value: 'boom' });
    app.children.inner.exit({ kind: 'shutdown' });
    await runtime.idle();
    expect(app.children.inner.pid).to.equal(pid);
    expect(await now(app.countChildren())).to.deep.include({ active: 1 });
  });

  it('drops a message that it does not expect, and tells of it (S-032)', async () => {
    const { app, runtime } = await virtualTree({ children: { inner: supervisor({ children: {} }) } });
    app.children.inner.send('hello');
    app.send('hello');
    await runtime.idle();
    expect(app.system.deadLetters.map(({ path, message }) => [path, message])).to.have.deep.members([
      ['app/inner', 'hello'],
      ['app', 'hello'],
    ]);
    expect(app.pid).to.not.equal(undefined);
  });

  it('fails calls that it does not know, and goes on', async () => {
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor() } });
    const error = await rejection(now(new SupervisorRef(app.system, 'app/jobs').restartChild('x')));
    expect(error).to.have.property('code', 'simple_one_for_one');
    expect((await now(app.countChildren())).active).to.equal(1);
  });

  for (const [when, code] of [
    ['init', 'deadlock'],
    ['terminate', 'deadlock'],
  ] as const) {
    it(`refuses a call of a child whose ${when} it waits for: no answer could ever come (S-103)`, async () => {
      const errors: unknown[] = [];
      const call = async (ctx: ActorContext<unknown>) => {
        await new SupervisorRef(ctx.system, 'app').countChildren().catch((error: unknown) => errors.push(error));
      };
      const asking = server({
        trapExit: true,
        init: async (ctx: ActorContext<unknown>) => {
          if (when === 'init') await call(ctx);
          return 0;
        },
        terminate: (_state, _reason, ctx) => (when === 'terminate' ? call(ctx) : undefined),
      });
      const { app, now } = await virtualTree({ children: { asking } });
      await now(app.terminateChild('asking'));
      expect(errors).to.have.length(1);
      expect(errors[0]).to.have.property('code', code);
    });
  }

  it('serves a child that asks while it ends by itself', async () => {
    let active = -1;
    const asking = server({
      init: () => 0,
      cast: { end: (state) => stop('normal', state) },
      terminate: async (_state, _reason, ctx) => {
        active = (await new DynamicSupervisorRef(ctx.system, 'app/jobs').countChildren()).active;
      },
    });
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor() } });
    const pid = (await now(app.children.jobs.startChild({ logic: asking, restart: 'temporary' }))) as Pid;
    new ActorRef(app.system, pid.path).process?.deliver({ kind: 'cast', name: 'end', arg: undefined });
    await now(app.countChildren());
    expect(active).to.equal(1);
  });
});
