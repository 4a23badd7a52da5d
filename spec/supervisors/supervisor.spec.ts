import { expect } from 'chai';
import {
  ActorDownError,
  CallTimeoutError,
  type ExitReason,
  ignore,
  nodeRuntime,
  reply,
  server,
  stop,
} from '../../actors/core/index.ts';
import {
  type Children,
  dynamicSupervisor,
  type StartOptions,
  startSupervisor,
  supervisor,
} from '../../supervisors/index.ts';

const quiet = nodeRuntime({ log: () => {} });
const start = <const C extends Children>(options: StartOptions<C>) => startSupervisor({ runtime: quiet, ...options });

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
  },
  cast: {
    reset: () => 0,
    boom: () => {
      throw new Error('boom');
    },
    end: (_count, reason: unknown) => stop(reason),
  },
});

/** Notes starts and ends by name. */
function recorder() {
  const log: string[] = [];
  const part = (name: string, options: { trapExit?: boolean; failStarts?: () => boolean } = {}) =>
    server({
      trapExit: options.trapExit ?? true,
      init: (ctx) => {
        if (options.failStarts?.()) throw new Error(`${name} cannot start`);
        log.push(`start ${name}`);
        return ctx.self.incarnation;
      },
      call: { incarnation: (n) => reply(n, n) },
      cast: {
        boom: () => {
          throw new Error('boom');
        },
        end: (_n, reason: unknown) => stop(reason),
      },
      terminate: (_n, reason) => void log.push(`stop ${name} ${reason.kind}`),
    });
  return { log, part };
}

describe('startSupervisor', () => {
  it('starts the children in order and stops them in reverse order', async () => {
    const { log, part } = recorder();
    const app = await start({ children: { a: part('a'), b: part('b'), c: part('c') } });
    await app.stop();
    expect(log).to.deep.equal([
      'start a',
      'start b',
      'start c',
      'stop c shutdown',
      'stop b shutdown',
      'stop a shutdown',
    ]);
    expect(await app.exited).to.deep.equal({ kind: 'shutdown' });
  });

  it('waits for an init that is asynchronous before it starts the next child', async () => {
    const log: string[] = [];
    const slow = server({
      init: async () => {
        await Promise.resolve();
        log.push('slow');
        return 0;
      },
    });
    const quick = server({ init: () => log.push('quick') });
    await using _app = await start({ children: { slow, quick } });
    expect(log).to.deep.equal(['slow', 'quick']);
  });

  it('names the child that did not start, stops those that had, and starts nothing after it', async () => {
    const { log, part } = recorder();
    const broken = server({
      init: () => {
        throw new Error('no disk');
      },
    });
    const error = await start({
      children: { a: part('a'), inner: supervisor({ children: { broken } }), c: part('c') },
    }).catch((e: unknown) => e as Error);
    expect(String(error)).to.match(/StartError: app: did not start.*inner.*broken.*no disk/);
    expect((error as Error).cause).to.have.property('message', 'no disk');
    expect(log).to.deep.equal(['start a', 'stop a shutdown']);
  });

  for (const [what, spec, rule] of [
    ['restart', { logic: counter, restart: 'sometimes' }, 'invalid_restart_type'],
    ['shutdown', { logic: counter, shutdown: -1 }, 'invalid_shutdown'],
    ['significance', { logic: counter, significant: true, restart: 'transient' }, 'bad_combination'],
    ['logic', { logic: undefined }, 'missing_start'],
    ['type', { logic: counter, type: 'boss' }, 'invalid_child_type'],
  ] as const) {
    it(`refuses a wrong ${what} before anything starts`, async () => {
      const { log, part } = recorder();
      const error = await start({ children: { a: part('a'), wrong: spec as never } }).catch((e: unknown) => e as Error);
      expect(error).to.have.property('rule', rule);
      expect(log).to.deep.equal([]);
    });
  }

  it('stops when its signal aborts', async () => {
    const controller = new AbortController();
    const app = await start({ children: { counter }, signal: controller.signal });
    controller.abort();
    expect((await app.exited).kind).to.equal('shutdown');
  });

  it('stops what it has started, and does not start, when its signal aborts meanwhile', async () => {
    const controller = new AbortController();
    let ended = false;
    const aborting = server({
      init: () => {
        controller.abort(new Error('changed my mind'));
        return 0;
      },
      trapExit: true,
      terminate: () => {
        ended = true;
      },
    });
    const failed = await start({ children: { aborting }, signal: controller.signal }).catch((e: unknown) => e);
    expect(failed).to.have.property('message', 'changed my mind');
    expect(ended).to.equal(true);
  });
});

describe('a server under a supervisor', () => {
  it('answers calls in order with the casts of the same sender', async () => {
    await using app = await start({ children: { counter } });
    const ref = app.children.counter;
    expect(await ref.call('add', 2)).to.equal(2);
    ref.cast('reset');
    expect(await ref.call('add', 3, { timeoutMs: 1000 })).to.equal(3);
    expect(await ref.call('value', { timeoutMs: 1000 })).to.equal(3);
  });

  it('starts from init again after a crash, under the same ref and a new pid', async () => {
    await using app = await start({ children: { counter } });
    const ref = app.children.counter;
    await ref.call('add', 2);
    const before = ref.pid;
    const down = ref.monitor();
    ref.cast('boom');
    expect((await down).reason.kind).to.equal('error');
    expect(await ref.call('value')).to.equal(0);
    expect(String(ref.pid)).to.equal('app/counter#2');
    expect(ref.pid).to.not.equal(before);
  });

  it('fails the calls that wait when it crashes, and those that find nobody', async () => {
    await using app = await start({ children: { counter: { logic: counter, restart: 'temporary' } } });
    const ref = app.children.counter;
    ref.cast('boom');
    const waiting = ref.call('value').catch((e: unknown) => e);
    expect(await waiting).to.be.instanceOf(ActorDownError);
    const late = await ref.call('value').catch((e: unknown) => e);
    expect(late).to.be.instanceOf(ActorDownError).with.nested.property('reason.kind', 'noproc');
  });

  it('drops a reply that comes after the call has timed out', async () => {
    let release: () => void = () => {};
    const slow = server({
      init: () => 0,
      call: {
        wait: async (state) => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return reply(1, state + 1);
        },
        count: (state) => reply(state, state),
      },
    });
    await using app = await start({ children: { slow } });
    const error = await app.children.slow.call('wait', { timeoutMs: 1 }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(CallTimeoutError).with.property('timeoutMs', 1);
    release();
    // The server was not told and went on.
    expect(await app.children.slow.call('count')).to.equal(1);
  });
});

describe('restart', () => {
  const table: [restart: 'permanent' | 'transient' | 'temporary', reason: unknown, again: boolean][] = [
    ['permanent', 'normal', true],
    ['permanent', 'shutdown', true],
    ['permanent', new Error('x'), true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', { kind: 'shutdown', detail: 1 }, false],
    ['transient', 'other', true],
    ['transient', new Error('x'), true],
    ['temporary', 'normal', false],
    ['temporary', new Error('x'), false],
  ];
  for (const [restart, reason, again] of table) {
    it(`starts a ${restart} child ${again ? 'again' : 'not again'} after ${reason instanceof Error ? 'an error' : JSON.stringify(reason)}`, async () => {
      await using app = await start({ children: { child: { logic: counter, restart } } });
      const ref = app.children.child;
      const down = ref.monitor();
      ref.cast('end', reason);
      await down;
      await app.countChildren();
      expect(ref.pid !== undefined).to.equal(again);
    });
  }

  const strategies: ['one_for_one' | 'one_for_all' | 'rest_for_one', string[]][] = [
    ['one_for_one', ['start b']],
    ['one_for_all', ['stop c shutdown', 'stop a shutdown', 'start a', 'start b', 'start c']],
    ['rest_for_one', ['stop c shutdown', 'start b', 'start c']],
  ];
  for (const [strategy, expected] of strategies) {
    it(`under ${strategy} touches exactly the right siblings in the right order`, async () => {
      const { log, part } = recorder();
      await using app = await start({ strategy, children: { a: part('a'), b: part('b'), c: part('c') } });
      log.length = 0;
      app.children.b.cast('boom');
      await app.children.b.monitor();
      await app.countChildren();
      expect(log).to.deep.equal(['stop b error', ...expected]);
      log.length = 0;
    });
  }

  it('tolerates maxRestarts restarts and gives up with the next, with reason shutdown', async () => {
    const app = await start({ maxRestarts: 2, children: { counter } });
    for (let i = 0; i < 3; i += 1) {
      const down = app.children.counter.monitor();
      app.children.counter.cast('boom');
      await down;
      if (i < 2) await app.countChildren();
    }
    expect(await app.exited).to.deep.equal({ kind: 'shutdown' } satisfies ExitReason);
  });

  it('tries a failed restart again until it works, counting each try', async () => {
    let failures = 0;
    const { log, part } = recorder();
    const flaky = part('flaky', { failStarts: () => failures-- > 0 });
    await using app = await start({ maxRestarts: 5, children: { flaky } });
    failures = 2;
    app.children.flaky.cast('boom');
    await app.children.flaky.monitor();
    while (app.children.flaky.pid === undefined) await app.countChildren();
    expect(await app.children.flaky.call('incarnation')).to.equal(4);
    expect(log.filter((line) => line === 'start flaky')).to.have.length(2);
  });
});

describe('shutdown', () => {
  it('kills a child that does not end within its time', async () => {
    const stubborn = server({ trapExit: true, init: () => 0, terminate: () => new Promise<void>(() => {}) });
    const app = await start({ children: { stubborn: { logic: stubborn, shutdown: 1 } } });
    const down = app.children.stubborn.monitor();
    await app.stop();
    expect((await down).reason.kind).to.equal('killed');
  });

  it('never runs terminate of a child that is brutally killed', async () => {
    const { log, part } = recorder();
    const app = await start({ children: { a: { logic: part('a'), shutdown: 'brutal_kill' } } });
    await app.stop();
    expect(log).to.deep.equal(['start a']);
  });
});

describe('dynamicSupervisor', () => {
  it('starts, lists and ends children at run time', async () => {
    await using app = await start({ children: { jobs: dynamicSupervisor() } });
    const { jobs } = app.children;
    const pid = await jobs.startChild({ id: 'one', logic: counter });
    await jobs.startChild(counter);
    expect(String(pid)).to.equal('app/jobs/one#1');
    expect(await jobs.countChildren()).to.deep.equal({ specs: 2, active: 2, supervisors: 0, workers: 2 });
    await jobs.terminateChild('one');
    expect((await jobs.whichChildren()).map((row) => row.id)).to.deep.equal(['2']);
  });

  it('refuses an id that is taken and a child above its limit', async () => {
    await using app = await start({ children: { jobs: dynamicSupervisor({ maxChildren: 1 }) } });
    const { jobs } = app.children;
    await jobs.startChild({ id: 'one', logic: counter });
    expect(await jobs.startChild({ id: 'two', logic: counter }).catch((e: unknown) => e)).to.have.property(
      'code',
      'max_children',
    );
  });

  it('gives up one child alone when budgets are per child', async () => {
    await using app = await start({ children: { jobs: dynamicSupervisor({ maxRestarts: 1, perChildBudget: true }) } });
    const { jobs } = app.children;
    const gaveUp = new Promise<string>((resolve) => app.events.on('child.gave_up', (event) => resolve(event.path)));
    const crashing = server({
      init: (ctx) => {
        ctx.send(ctx.self, 'boom');
        return 0;
      },
      info: () => {
        throw new Error('boom');
      },
    });
    const good = await jobs.startChild({ id: 'good', logic: counter });
    await jobs.startChild({ id: 'bad', logic: crashing });
    expect(await gaveUp).to.equal('app/jobs/bad');
    expect((await jobs.whichChildren()).map((row) => row.pid)).to.deep.equal([good]);
  });

  it('forgets a child whose init has nothing to run', async () => {
    await using app = await start({ children: { jobs: dynamicSupervisor() } });
    expect(await app.children.jobs.startChild(server({ init: () => ignore() }))).to.equal(undefined);
    expect((await app.children.jobs.countChildren()).active).to.equal(0);
  });
});
