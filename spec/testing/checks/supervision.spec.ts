import { expect } from 'chai';
import { dynamicSupervisor, exitReason, server, supervisor } from '../../../index.ts';
import { SupervisionCheck } from '../../../testing/checks/supervision.ts';
import { nextRestart, useSystem } from '../../../testing/index.ts';

const part = server({
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
