import { expect } from 'chai';
import { ophion } from '../../../actors/context/index.ts';
import { type FaultPointName, faultPoint, nodeRuntime, reply, server } from '../../../actors/core/index.ts';
import { bridgedState } from '../../../actors/state/index.ts';
import { MemoryNetwork } from '../../../bridge/transport/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { faultDoors } from '../../../testing/faults/doors.ts';
import { activePlans, armFaults, stopAllFaults, withFaults } from '../../../testing/faults/with-faults.ts';
import { plan } from '../../../testing/plan/builder.ts';
import { PlanError } from '../../../testing/plan/check.ts';
import { faultPoints } from '../../../testing/plan/points.ts';
import { parsePlan } from '../../../testing/plan/short-form.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

declare global {
  interface OphionFaultPoints {
    'shop.before-payment': { readonly order: string };
  }
}

const shop = server({
  init: () => 0,
  call: {
    pay: async (sold: number, order: string, ctx) => {
      const given = await faultPoint(ctx, 'shop.before-payment', { order });
      if (given !== undefined) return reply(given, sold);
      return reply(sold + 1, sold + 1);
    },
  },
});

const start = (clock?: ManualClock) =>
  startSupervisor({
    runtime: nodeRuntime({ log: () => {}, ...(clock === undefined ? {} : { clock }) }),
    children: { shop },
  });

describe('withFaults()', () => {
  it('arms a plan while the work runs, and disarms it whatever happens', async () => {
    await using app = await start();
    const { shop: ref } = app.children;
    const drops = plan().at('message.send', { path: 'app/shop' }).drop();
    await withFaults(app, drops, async (active) => {
      expect(activePlans(app)).to.deep.equal([active]);
      await rejection(ref.call('pay', 'a', { timeoutMs: 5 }));
    });
    expect(app.system.faults).to.equal(undefined);
    expect(await ref.call('pay', 'a')).to.equal(1);
    const error = await rejection(
      withFaults(app, drops, () => {
        throw new Error('the work failed');
      }),
    );
    expect((error as Error).message).to.equal('the work failed');
    expect(app.system.faults).to.equal(undefined);
  });

  it('refuses what this machine has no means for', async () => {
    await using app = await start();
    const { PATH } = process.env;
    process.env.PATH = '';
    try {
      const error = await rejection(withFaults(app, parsePlan('process.run=starve(memory)'), () => {}));
      expect(error).to.be.instanceOf(PlanError);
      expect(error).to.have.property('message').that.includes('needs Linux, and prlimit');
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('refuses a wrong plan before it arms anything', async () => {
    await using app = await start();
    const wrong = { rules: [{ point: 'actor.init', what: [{ do: 'dup' }] }] } as never;
    expect(await rejection(withFaults(app, wrong, () => {}))).to.be.instanceOf(PlanError);
    const unknown = plan().at('actor.init').while('nobody knows').throw();
    expect((await rejection(withFaults(app, unknown, () => {}))) as Error).to.have.property(
      'message',
      "rules[0].when.while: there is no condition 'nobody knows'",
    );
    expect(app.system.faults).to.equal(undefined);
  });

  it('decides the same again for the same seed', async () => {
    const decisions = async (seed: number) => {
      await using app = await start();
      const half = plan({ seed }).at('shop.before-payment').probability(0.5).return('refused');
      return await withFaults(app, half, async () => {
        const answers: unknown[] = [];
        for (let i = 0; i < 30; i += 1) answers.push((await app.children.shop.call('pay', 'a')) === 'refused');
        return answers;
      });
    };
    expect(await decisions(1)).to.deep.equal(await decisions(1));
    expect(await decisions(1)).to.not.deep.equal(await decisions(2));
  });

  it('ends a plan when its time is over, by the system’s clock', async () => {
    const clock = new ManualClock();
    await using app = await start(clock);
    const active = armFaults(app, plan({ expiresMs: 1_000 }).at('actor.receive', { path: 'app/shop' }).hang());
    const call = app.children.shop.call('pay', 'a', { timeoutMs: Number.POSITIVE_INFINITY });
    await new Promise(setImmediate);
    expect(active.status[0]).to.include({ held: 1 });
    clock.advance(1_000);
    expect(active.stopped).to.equal(true);
    expect(app.system.faults).to.equal(undefined);
    expect(await call).to.equal(1);
  });

  it('has all plans ended by anybody', async () => {
    await using app = await start();
    armFaults(app, plan().at('message.send').drop());
    armFaults(app, plan().at('actor.receive').throw());
    expect(activePlans(app)).to.have.length(2);
    stopAllFaults(app);
    expect(activePlans(app)).to.deep.equal([]);
    expect(await app.children.shop.call('pay', 'a')).to.equal(1);
  });

  it('applies rules only when and where they say, and heals them as they say', async () => {
    await using app = await start();
    const { shop: ref } = app.children;
    let open = false;
    const rules = plan({ scope: 'app/**' })
      .at('shop.before-payment', { path: 'other/*' })
      .return('never')
      .at('shop.before-payment')
      .between(2, 3)
      .return('refused')
      .at('shop.before-payment')
      .after(4)
      .every(2)
      .while('open')
      .return('closed')
      .until({ healedBy: 'test.point' });
    await withFaults(
      app,
      rules,
      async (active) => {
        const pay = () => ref.call('pay', 'a');
        expect([await pay(), await pay(), await pay(), await pay(), await pay(), await pay()]).to.deep.equal([
          1,
          'refused',
          'refused',
          2,
          3,
          4,
        ]);
        open = true;
        expect([await pay(), await pay()]).to.deep.equal([5, 'closed']);
        faultPoint(app, 'test.point');
        expect([await pay(), await pay()]).to.deep.equal([6, 7]);
        expect(active.status.map(({ hits, done, healed }) => ({ hits, done, healed }))).to.deep.equal([
          { hits: 0, done: 0, healed: false },
          { hits: 10, done: 2, healed: false },
          { hits: 8, done: 1, healed: true },
        ]);
      },
      { conditions: { open: () => open } },
    );
  });

  it('knows the layer of an actor, and the session that it serves', async () => {
    const { runtime } = faultDoors(nodeRuntime({ log: () => {} }));
    await using app = await startSupervisor({
      runtime,
      children: { ophion: ophion({ links: { listen: new MemoryNetwork(runtime.turns).listen } }) },
    });
    const state = bridgedState().connect({ system: app.system, root: 'app/ophion' });
    const [one, other] = [await state.open('one'), await state.open('other')];
    const slow = plan()
      .at('actor.receive', { layer: 'state', session: 'one' })
      .sleep(1)
      .at('actor.receive', { layer: 'infrastructure' })
      .sleep(1);
    await withFaults(app, slow, async (active) => {
      await other.commit({ remove: ['x'] }).catch(() => {});
      expect(active.status.map(({ done }) => done)).to.deep.equal([0, 0]);
      await one.commit({ remove: ['x'] }).catch(() => {});
      expect(active.status[0]?.done).to.be.above(0);
      expect(active.status[1]?.done).to.equal(0);
    });
  });

  it('takes the terms of a chain one after the other', async () => {
    await using app = await start();
    const chain = parsePlan('shop.before-payment=2*return(a)->1*throw(boom)->1*off->return({"b":1})');
    await withFaults(app, chain, async () => {
      const pay = () => app.children.shop.call('pay', 'x').catch((error: Error) => error.message);
      expect([await pay(), await pay()]).to.deep.equal(['a', 'a']);
      const restarted = nextRestart(app.children.shop);
      expect(await pay()).to.include('boom');
      await restarted;
      expect([await pay(), await pay(), await pay()]).to.deep.equal([1, { b: 1 }, { b: 1 }]);
    });
  });
});

describe('a fault point', () => {
  it('answers undefined while nothing is armed', async () => {
    await using app = await start();
    expect(faultPoint(app, 'test.point')).to.equal(undefined);
    expect(faultPoint(app.system, 'shop.before-payment', { order: 'a' })).to.equal(undefined);
  });

  it('is typed by its name', async () => {
    await using app = await start();
    const name: FaultPointName = 'shop.before-payment';
    expect(name).to.be.a('string');
    // @ts-expect-error: nobody has declared this name.
    faultPoint(app, 'shop.after-payment');
    // @ts-expect-error: it tells of an order.
    faultPoint(app, 'shop.before-payment');
    // @ts-expect-error: at this point nothing can be doubled.
    expect(() => plan().at('shop.before-payment').dup()).to.throw();
    expect(() => plan().at('python:shop.before-payment').kill()).not.to.throw();
    // @ts-expect-error: only a process of Python can be ended there.
    expect(() => plan().at('shop.before-payment').kill()).to.throw();
    // @ts-expect-error: the wall clock cannot hang.
    expect(() => plan().at('clock.wall').hang()).to.throw();
  });

  it('is listed with what can be done there', () => {
    const points = faultPoints();
    expect(points.map(({ point }) => point)).to.include.members(['actor.receive', 'message.send', 'wire.batch']);
    for (const { is, tasks } of points) {
      expect(is).to.not.equal('');
      expect(tasks).to.include('off');
    }
  });
});
