import { expect } from 'chai';
import { ActorDownError, type Pid, StartError, server } from '../../actors/core/index.ts';
import { type ChildError, dynamicSupervisor, SupervisorRef } from '../../supervisors/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts, type VirtualTree, virtualTree } from './virtual-tree.ts';

const plain = server({ init: () => 0 });

type State = 'absent' | 'running' | 'undefined' | 'restarting';

/** A tree whose child `a` is in some state; what is asked then finds it so. */
async function treeWith(state: State): Promise<{ tree: VirtualTree<never>; ref: SupervisorRef<never> }> {
  const parts = new Parts();
  const tree = await virtualTree({ maxRestarts: 1_000, children: {} });
  const { app, now } = tree;
  if (state !== 'absent') await now(app.startChild({ id: 'a', logic: parts.part('a') }));
  if (state === 'undefined') await now(app.terminateChild('a'));
  if (state === 'restarting') {
    parts.failing.set('a', 1);
    app.system.lookup('app/a')?.deliver({ kind: 'cast', name: 'boom', arg: undefined });
    app.system.lookup('app/a')?.run(1);
  }
  return { tree: tree as never, ref: app as never };
}

const requests = {
  startChild: (ref: SupervisorRef<never>) => ref.startChild({ id: 'a', logic: plain }),
  terminateChild: (ref: SupervisorRef<never>) => ref.terminateChild('a'),
  restartChild: (ref: SupervisorRef<never>) => ref.restartChild('a'),
  deleteChild: (ref: SupervisorRef<never>) => ref.deleteChild('a'),
  childSpec: (ref: SupervisorRef<never>) => ref.childSpec('a'),
};

const table: [rule: string, request: keyof typeof requests, answers: Record<State, string>][] = [
  [
    'S-088',
    'startChild',
    { absent: 'pid', running: 'already_started', undefined: 'already_present', restarting: 'already_present' },
  ],
  ['S-089', 'terminateChild', { absent: 'not_found', running: 'ok', undefined: 'ok', restarting: 'ok' }],
  ['S-090', 'restartChild', { absent: 'not_found', running: 'running', undefined: 'pid', restarting: 'restarting' }],
  ['S-091', 'deleteChild', { absent: 'not_found', running: 'running', undefined: 'ok', restarting: 'restarting' }],
  ['S-092', 'childSpec', { absent: 'not_found', running: 'spec', undefined: 'spec', restarting: 'spec' }],
];

describe('a request to a supervisor', () => {
  for (const [rule, request, answers] of table) {
    for (const [state, expected] of Object.entries(answers)) {
      it(`${request} of a child that is ${state} answers ${expected} (${rule})`, async () => {
        const { tree, ref } = await treeWith(state as State);
        const answer = await tree.now(
          (requests[request](ref) as Promise<unknown>).then(
            (value) =>
              value === undefined ? 'ok' : typeof value === 'object' && 'logic' in (value as object) ? 'spec' : 'pid',
            (error: unknown) => (error as ChildError).code,
          ),
        );
        expect(answer).to.equal(expected);
      });
    }
  }

  it('that starts what runs already names who it is (S-088)', async () => {
    const { app, now } = await virtualTree({ children: { a: plain } });
    const error = (await rejection(now(app.startChild({ id: 'a', logic: plain })))) as ChildError;
    expect(error.pid).to.equal(app.children.a.pid);
  });

  it('to start a child that does not start discards its spec, and reports and counts nothing (S-093)', async () => {
    const parts = new Parts();
    parts.failing.set('a', 10);
    const { app, now, reports } = await virtualTree({ maxRestarts: 0, children: {} });
    for (let i = 0; i < 3; i += 1) {
      const error = await rejection(now(app.startChild({ id: 'a', logic: parts.part('a') })));
      expect(error).to.be.instanceOf(StartError);
    }
    expect(reports).to.deep.equal([]);
    expect(await now(app.whichChildren())).to.deep.equal([]);
  });

  it('that takes an id takes no pid (S-097)', async () => {
    const { app, now } = await virtualTree({ children: { a: plain } });
    const asked = app.terminateChild(app.children.a.pid as unknown as string);
    expect(await rejection(now(asked))).to.have.property('code', 'not_found');
  });

  it('waits without a limit for a supervisor that is busy (S-101)', async () => {
    const parts = new Parts();
    const slow = { logic: parts.part('slow', { slowMs: 60_000 }), shutdown: Number.POSITIVE_INFINITY };
    const { app, runtime } = await virtualTree({ children: { slow } });
    const terminated = app.terminateChild('slow');
    const asked = app.countChildren().then(({ active }) => void parts.log.push(`${active} active`));
    await runtime.advance(59_999);
    expect(parts.log.at(-1)).to.equal('stop slow shutdown');
    await runtime.settle();
    await Promise.all([terminated, asked]);
    expect(parts.log.at(-1)).to.equal('0 active');
  });

  it('fails with the reason of a supervisor that dies with the request still in its mailbox (S-101)', async () => {
    const { app, runtime } = await virtualTree({ children: { jobs: dynamicSupervisor() } });
    const asked = rejection(app.children.jobs.countChildren());
    app.children.jobs.exit();
    await runtime.idle();
    expect(await asked)
      .to.be.instanceOf(ActorDownError)
      .with.nested.property('reason.kind', 'killed');
  });

  it('to one that is not there fails with noproc (S-101)', async () => {
    const { app, now } = await virtualTree({ children: {} });
    const asked = new SupervisorRef(app.system, 'app/nobody').countChildren();
    expect(await rejection(now(asked))).to.have.nested.property('reason.kind', 'noproc');
  });
});

describe('a supervisor of instances of a template', () => {
  const template = { id: 't', logic: plain, restart: 'transient' } as const;

  it('starts an instance with an input of its own, and again with the same (S-042, S-094)', async () => {
    const inputs: unknown[] = [];
    const logic = server({ init: (ctx) => void inputs.push(ctx.input) });
    const jobs = dynamicSupervisor({ template: { id: 't', logic, input: 'default' } });
    const { app, now, runtime } = await virtualTree({ children: { jobs } });
    await now(app.children.jobs.startInstance());
    const pid = (await now(app.children.jobs.startInstance({ input: 'own' }))) as Pid;
    app.system.lookup(pid.path)?.kill();
    await runtime.idle();
    expect(inputs).to.deep.equal(['default', 'own', 'own']);
  });

  it('knows its children by pid alone (S-089 to S-092, S-097)', async () => {
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor({ template }) } });
    const { jobs } = app.children;
    const pid = (await now(jobs.startInstance({ id: 'i' }))) as Pid;
    const code = async (asked: Promise<unknown>) =>
      now(
        asked.then(
          () => 'ok',
          (error: ChildError) => error.code,
        ),
      );
    expect(await code(jobs.terminateChild('i'))).to.equal('simple_one_for_one');
    expect(await code(new SupervisorRef(app.system, 'app/jobs').restartChild('t'))).to.equal('simple_one_for_one');
    expect(await code(new SupervisorRef(app.system, 'app/jobs').deleteChild('t'))).to.equal('simple_one_for_one');
    expect(await code(jobs.terminateChild(app.pid as Pid))).to.equal('not_found');
    expect((await now(jobs.childSpec(pid))).id).to.equal('t');
    expect((await now(jobs.childSpec('t'))).id).to.equal('t');
    expect(await code(jobs.childSpec('i'))).to.equal('not_found');
    expect(await code(jobs.terminateChild(pid))).to.equal('ok');
    expect(await code(jobs.terminateChild(pid))).to.equal('ok');
    expect(await now(jobs.countChildren())).to.deep.equal({ specs: 1, active: 0, supervisors: 0, workers: 0 });
  });

  it('takes no other spec than its template', async () => {
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor({ template }) } });
    expect(await rejection(now(app.children.jobs.startChild(plain)))).to.have.property('code', 'bad_spec');
    expect(await rejection(now(app.children.jobs.startInstance({ id: 'a/b' })))).to.have.property('code', 'bad_spec');
  });
});
