import { expect } from 'chai';
import { exitReason, type Runtime, StartError, server } from '../../actors/core/index.ts';
import {
  ApplicationError,
  type ApplicationOptions,
  ApplicationStartError,
  type ApplicationsOptions,
  application,
  startApplications,
  supervisor,
} from '../../supervisors/index.ts';
import { VirtualRuntime } from '../conformance/virtual-runtime.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts } from './virtual-tree.ts';

/** Signals that a test sends. */
class FakeSignals {
  readonly heard = new Map<string, () => void>();
  readonly listen: NonNullable<Runtime['signals']>['listen'] = (signal, heard) => {
    this.heard.set(signal, heard);
    return () => void this.heard.delete(signal);
  };
}

class World {
  readonly parts = new Parts();
  readonly signals = new FakeSignals();
  readonly runtime = Object.assign(new VirtualRuntime(), { signals: this.signals });

  /** An application of one part, which notes what is done with it. */
  app(name: string, options: Partial<ApplicationOptions> & { slowMs?: number } = {}) {
    const { slowMs, ...rest } = options;
    const part = this.parts.part(name, slowMs === undefined ? {} : { slowMs });
    return application({
      name,
      tree: supervisor({ children: { part: { logic: part, shutdown: Number.POSITIVE_INFINITY } }, maxRestarts: 0 }),
      prepStop: () => void this.parts.log.push(`prepStop ${name}`),
      stop: () => void this.parts.log.push(`stopped ${name}`),
      ...rest,
    });
  }

  async now<T>(asked: Promise<T>): Promise<T> {
    asked.catch(() => {});
    await this.runtime.idle();
    return asked;
  }

  start(apps: readonly ReturnType<World['app']>[], options: ApplicationsOptions = {}) {
    return this.now(startApplications(apps, { runtime: this.runtime, ...options }));
  }
}

const stopsOf = (...names: string[]) =>
  names.flatMap((name) => [`prepStop ${name}`, `stop ${name} shutdown`, `stopped ${name}`]);

describe('applications', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it('start behind what they depend on, and each is told when it is up (S-207, S-254)', async () => {
    const told: string[] = [];
    const apps = await world.start(
      [world.app('web', { dependsOn: ['shop', 'log'] }), world.app('log'), world.app('shop', { dependsOn: ['log'] })],
      { onEvent: (event) => told.push(...('pid' in event ? [`${event.type} ${event.pid}`] : [])) },
    );
    expect(told.slice(0, 4)).to.deep.equal([
      'actor.started log/part#1',
      'actor.started log#1',
      'application.started log#1',
      'actor.started shop/part#1',
    ]);
    expect(world.parts.log).to.deep.equal(['start log', 'start shop', 'start web']);
    expect(apps.running).to.deep.equal(['log', 'shop', 'web']);
    await world.now(apps.stop());
  });

  it('do not start when a dependency is missing or they depend on each other: nothing is started (S-207)', async () => {
    const missing = await rejection(world.start([world.app('log'), world.app('web', { dependsOn: ['shop'] })]));
    expect(missing).to.be.instanceOf(ApplicationError).with.property('code', 'not_started');
    const round = [world.app('a', { dependsOn: ['b'] }), world.app('b', { dependsOn: ['c'] })];
    const cycle = await rejection(world.start([...round, world.app('c', { dependsOn: ['a'] })]));
    expect(cycle).to.have.property('code', 'cycle');
    expect((cycle as Error).message).to.contain('a -> b -> c -> a');
    expect(await rejection(world.start([world.app('a'), world.app('a')]))).to.have.property('code', 'already_started');
    expect(world.parts.log).to.deep.equal([]);
  });

  it('do not start on one that has ended meanwhile (S-207)', async () => {
    const gone = application({ name: 'gone', type: 'temporary', tree: server({ init: () => 0 }) });
    const slow = world.parts.part('slow');
    const kills = application({
      name: 'kills',
      tree: server({
        init: (ctx) => {
          ctx.system.lookup('gone')?.kill();
          return 0;
        },
      }),
    });
    const needs = application({ name: 'needs', dependsOn: ['gone'], tree: slow });
    const error = await rejection(world.now(startApplications([gone, kills, needs], { runtime: world.runtime })));
    expect(error).to.have.property('code', 'not_started');
    expect(world.parts.log).to.deep.equal([]);
  });

  it('that does not start has those before it stopped again, with the nested reason (S-208, S-019)', async () => {
    world.parts.failing.set('shop', 1);
    const error = await rejection(world.start([world.app('log'), world.app('shop'), world.app('web')]));
    expect(error).to.be.instanceOf(ApplicationStartError).and.instanceOf(StartError);
    expect(error).to.deep.include({ application: 'shop', started: ['log'] });
    expect((error as Error).message).to.equal(
      "shop: did not start: shutdown (child 'part' did not start: Error: shop cannot start)",
    );
    expect(world.parts.log).to.deep.equal(['start log', ...stopsOf('log')]);
  });

  it('stop in reverse order: prepStop, the tree from its top, stop; twice is once (S-209)', async () => {
    const apps = await world.start([world.app('log'), world.app('shop'), world.app('web')]);
    world.parts.log.length = 0;
    const first = apps.stop();
    expect(await world.now(apps.stop())).to.deep.equal({ cause: 'stopped', killed: [] });
    expect(await first).to.deep.equal(await apps.exited);
    expect(world.parts.log).to.deep.equal(stopsOf('web', 'shop', 'log'));
    expect([...apps.system.processes()]).to.deep.equal([]);
  });

  it('go on stopping when a callback throws, which is told (S-209)', async () => {
    const prepStop = () => {
      throw new Error('no');
    };
    const apps = await world.start([world.app('log'), world.app('web', { prepStop })]);
    const told: string[] = [];
    apps.events.on('application.callback_failed', (event) => told.push(`${event.application} ${event.callback}`));
    await world.now(apps.stop());
    expect(told).to.deep.equal(['web prepStop']);
    expect(world.parts.log.at(-1)).to.equal('stopped log');
  });

  it('that are permanent end everything when they end; it is said which and why (S-210)', async () => {
    const apps = await world.start([world.app('log'), world.app('shop'), world.app('web')]);
    world.parts.log.length = 0;
    apps.system.lookup('shop/part')?.kill();
    await world.runtime.idle();
    expect(await apps.exited).to.deep.equal({
      cause: 'application',
      application: 'shop',
      reason: exitReason.shutdown(),
      killed: [],
    });
    expect(world.parts.log.filter((line) => line.startsWith('stopped'))).to.deep.equal([
      'stopped shop',
      'stopped web',
      'stopped log',
    ]);
  });

  it('that are transient end everything only by an abnormal end, temporary ones never (S-210)', async () => {
    const apps = await world.start([
      world.app('transient', { type: 'transient' }),
      world.app('other', { type: 'transient' }),
      world.app('temporary', { type: 'temporary' }),
    ]);
    const told: string[] = [];
    apps.events.on('application.exited', (event) => told.push(event.application));
    // A top supervisor that gives up ends with shutdown.
    apps.system.lookup('other/part')?.kill();
    apps.system.lookup('temporary')?.kill();
    await world.runtime.idle();
    expect(told).to.deep.equal(['temporary', 'other']);
    expect(apps.running).to.deep.equal(['transient']);
    apps.system.lookup('transient')?.kill();
    await world.runtime.idle();
    expect(await apps.exited).to.include({ cause: 'application', application: 'transient' });
  });

  it('stop in order on a signal; the same one again is nothing, and then it has its old effect (S-211)', async () => {
    const apps = await world.start([world.app('log'), world.app('web', { slowMs: 2_000 })], { handleSignals: true });
    const interrupt = world.signals.heard.get('SIGINT');
    interrupt?.();
    await world.runtime.advance(499);
    interrupt?.();
    await world.runtime.advance(1_501);
    expect(await apps.exited).to.deep.equal({ cause: 'signal', signal: 'SIGINT', killed: [] });
    expect(world.parts.log.slice(2)).to.deep.equal(stopsOf('web', 'log'));
    expect([...world.signals.heard]).to.deep.equal([]);
    await world.runtime.idle();
    expect(apps.system.deadlines.size).to.equal(0);
  });

  it('are killed by a second signal, or when the deadline of the whole stop is over (S-211)', async () => {
    for (const how of ['signal', 'deadline']) {
      world = new World();
      const apps = await world.start([world.app('log'), world.app('web', { slowMs: 1e9 })], {
        handleSignals: true,
        deadlineMs: 3_000,
      });
      world.signals.heard.get('SIGTERM')?.();
      await world.runtime.advance(how === 'signal' ? 500 : 2_999);
      expect(apps.running).to.deep.equal(['log', 'web']);
      if (how === 'signal') world.signals.heard.get('SIGTERM')?.();
      else await world.runtime.advance(1);
      await world.runtime.idle();
      expect(await apps.exited).to.deep.equal({ cause: 'signal', signal: 'SIGTERM', killed: ['log', 'web'] });
      expect([...apps.system.processes()]).to.deep.equal([]);
    }
  });

  it('whose prepStop never ends hold nothing up beyond the deadline (S-211)', async () => {
    const apps = await world.start([world.app('web', { prepStop: () => new Promise(() => {}) })]);
    const stopped = apps.stop();
    await world.runtime.advance(10_000);
    expect(await stopped).to.deep.equal({ cause: 'stopped', killed: ['web'] });
  });

  it('may be stopped while they start, also when a start hangs (S-211)', async () => {
    const stopping = new AbortController();
    const hanging = application({ name: 'web', tree: server({ init: () => new Promise<number>(() => {}) }) });
    const started = startApplications([world.app('log'), hanging, world.app('never')], {
      runtime: world.runtime,
      signal: stopping.signal,
    });
    const error = rejection(started);
    await world.runtime.idle();
    stopping.abort();
    await world.runtime.advance(10_000);
    expect(await error).to.have.property('code', 'interrupted');
    expect(world.parts.log).to.deep.equal(['start log', 'stopped log']);
  });

  it('refuse options that are wrong before anything starts', async () => {
    for (const wrong of [{ name: 'a/b' }, { type: 'eternal' }, { tree: {} }, { dependsOn: 'log' }, { stop: 1 }]) {
      expect(() => application({ name: 'a', tree: world.parts.part('a'), ...wrong } as never)).to.throw('application');
    }
    const runtime = new VirtualRuntime();
    const error = await rejection(startApplications([], { runtime, handleSignals: true }));
    expect(error).to.have.property('rule').that.contains('no_signals');
  });
});
