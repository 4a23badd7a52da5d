import { expect } from 'chai';
import type { ActorRef, Logic } from '../../actors/core/index.ts';
import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

/** As sys does it: a supervisor's is done at once. */
const change = (ref: ActorRef, logic: Logic<never>): void =>
  void ref.process?.behavior.sys?.changeCode({ from: undefined, extra: undefined, logic });

describe('a change of code of a supervisor', () => {
  it('replaces flags and specs; children run on, new ones are not started, vanished ones are kept (S-261)', async () => {
    const parts = new Parts();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => parts.part(name));
    if (a === undefined || b === undefined || c === undefined) throw new Error('unreachable');
    const { app, now, runtime } = await virtualTree({
      children: { inner: { logic: supervisor({ children: { a, b } }), restart: 'temporary' } },
    });
    const { inner } = app.children;
    const newB = { logic: b, restart: 'transient' } as const;
    change(inner, supervisor({ strategy: 'one_for_all', maxRestarts: 0, children: { c, b: newB } }));
    const rows = (await now(inner.whichChildren())).map(({ id, pid }) => `${id} ${pid}`);
    expect(rows).to.deep.equal(['a app/inner/a#1', 'b app/inner/b#1', 'c undefined']);
    expect(await now(inner.childSpec('b'))).to.include({ restart: 'transient' });
    expect(await now(inner.countChildren())).to.include({ specs: 3, active: 2 });
    inner.children.a.cast('boom');
    await runtime.idle();
    expect(inner.pid).to.equal(undefined);
    expect(parts.log.slice(2)).to.deep.equal(['stop a error', 'stop b shutdown']);
  });

  it('keeps the restarts that count, and gives instances the new template (S-261)', async () => {
    const parts = new Parts();
    const jobs = (maxRestarts: number, restart: 'permanent' | 'temporary') =>
      dynamicSupervisor({ maxRestarts, template: { id: 't', logic: parts.part('t'), restart } });
    const { app, now, runtime } = await virtualTree({
      children: { jobs: { logic: jobs(3, 'permanent'), restart: 'temporary' } },
    });
    const { jobs: ref } = app.children;
    const crash = async () => {
      app.system.lookup('app/jobs/i')?.kill();
      await runtime.idle();
    };
    await now(ref.startInstance({ id: 'i' }));
    await crash();
    change(ref, jobs(1, 'permanent'));
    await crash();
    expect(ref.pid).to.equal(undefined);
  });

  it('changes nothing when the new code is of another kind, or its specs are wrong', async () => {
    const parts = new Parts();
    const { app, now } = await virtualTree({ children: { inner: supervisor({ children: { a: parts.part('a') } }) } });
    const { inner } = app.children;
    expect(() => change(inner, dynamicSupervisor())).to.throw('not a supervisor()');
    expect(() =>
      change(
        inner,
        supervisor(() => ({ children: {}, maxRestarts: -1 })),
      ),
    ).to.throw('invalid_intensity');
    expect((await now(inner.whichChildren())).map(({ id }) => id)).to.deep.equal(['a']);
  });
});
