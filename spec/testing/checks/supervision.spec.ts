import { expect } from 'chai';
import { dynamicSupervisor, exitReason, server, supervisor } from '../../../index.ts';
import { RestartIntensity } from '../../../supervisors/restart-intensity.ts';
import { SupervisionCheck } from '../../../testing/checks/supervision.ts';
import { nextRestart, type Plan, plan, simulate, useSystem } from '../../../testing/index.ts';

const part = server({
  init: () => 0,
  cast: {
    boom: () => {
      throw new Error('boom');
    },
  },
});

/** As `part`; asked to end, it does so in its own time. */
const trapping = server({
  trapExit: true,
  init: () => 0,
  cast: {
    boom: () => {
      throw new Error('boom');
    },
  },
});

// That it finds what is wrong is shown on random trees, in spec/supervisors/invariants.spec.ts.
describe('SupervisionCheck', () => {
  const system = useSystem(() =>
    supervisor({
      children: {
        all: supervisor({ strategy: 'one_for_all', maxRestarts: 1, children: { a: part, b: part } }),
        rest: supervisor({
          strategy: 'rest_for_one',
          children: { a: part, b: { logic: part, restart: 'transient' }, c: part },
        }),
        any: dynamicSupervisor(),
      },
    }),
  );

  /** Three deaths within the window, in a supervisor that tolerates two of them, under these faults. */
  const deaths = (
    faults: Plan,
    apartMs: number,
    options: { readonly backoff?: { initialMs: number; maxMs: number } } = {},
  ) =>
    simulate({ seed: 1, plan: faults }, async (sim) => {
      const app = await sim.start({ children: {} });
      const check = new SupervisionCheck(app.system, { nobodyTerminates: true });
      const children = { a: trapping, b: trapping };
      const logic = supervisor({ strategy: 'one_for_all', maxRestarts: 2, periodMs: 400, children, ...options });
      await app.startChild({ id: 'all', logic, restart: 'temporary' });
      for (let i = 0; i < 3; i += 1) {
        app.system.lookup('app/all/a')?.deliver({ kind: 'cast', name: 'boom', arg: undefined });
        await sim.advance(apartMs);
      }
      sim.heal();
      await sim.advance(1_000);
      return { violations: check.violations, gaveUp: check.trace.some(({ what }) => what === 'gave up') };
    });

  it('counts a restart when it was decided, so that slow stops and inits are no offence', async () => {
    // A crash takes 40 ms, and a restart as long again, the first one 80: what is seen is not when it counts.
    const slow = plan()
      .at('actor.terminate', { path: 'app/all/*' })
      .sleep(40)
      .at('actor.init', { path: 'app/all/a' })
      .nth(2)
      .sleep(40);
    for (const apartMs of [130, 190, 200, 210, 450]) {
      const { violations } = await deaths(slow, apartMs);
      expect(violations, `${apartMs} ms apart`).to.deep.equal([]);
    }
    expect((await deaths(slow, 130)).gaveUp).to.equal(true);
    expect((await deaths(slow, 450)).gaveUp).to.equal(false);
  });

  it('has nothing against restarts that wait', async () => {
    const { violations } = await deaths(plan(), 30, { backoff: { initialMs: 20, maxMs: 50 } });
    expect(violations).to.deep.equal([]);
  });

  it('tells restarts over the budget, and giving up under it, also among slow ones', async () => {
    const slow = plan().at('actor.terminate', { path: 'app/all/*' }).sleep(40);
    const { allows } = RestartIntensity.prototype;
    try {
      RestartIntensity.prototype.allows = () => true;
      expect((await deaths(slow, 130)).violations.join()).to.match(/app\/all#1 restarted once more than 2 times/);
      RestartIntensity.prototype.allows = () => false;
      expect((await deaths(slow, 130)).violations.join()).to.match(/app\/all#1 gave up before its budget was used/);
    } finally {
      RestartIntensity.prototype.allows = allows;
    }
  });

  it('has nothing against what supervisors do, nor against what is done by hand', async () => {
    const check = new SupervisionCheck(system.system);
    const { all, rest, any } = system.current.children;
    // Supervisors that ran before are not judged: started again, they are.
    for (const ref of [all, rest]) {
      const again = nextRestart(ref);
      ref.exit(exitReason.kill);
      await again;
    }
    const b = nextRestart(all.children.b);
    all.children.a.cast('boom');
    await b;
    await rest.terminateChild('b');
    await rest.restartChild('b');
    await rest.startChild({ id: 'd', logic: part });
    const c = nextRestart(rest.children.c);
    rest.children.a.cast('boom');
    await c;
    const pid = await any.startChild(part);
    if (pid !== undefined) await any.terminateChild(pid);
    expect(check.violations).to.deep.equal([]);
    // Over its budget it gives up, and its own supervisor starts it again.
    const up = nextRestart(all);
    all.children.a.cast('boom');
    await up;
    expect(check.violations).to.deep.equal([]);
    check.stop();
    expect(check.trace.map(({ what }) => what)).to.include.members(['begins', 'restarted', 'gave up']);
  });
});
