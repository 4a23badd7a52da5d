import { expect } from 'chai';
import {
  type ActorContext,
  ActorDownError,
  CallTimeoutError,
  type ExitMessage,
  exitReason,
  Pid,
  startTask,
  type TaskMessage,
  type TaskOutcome,
  taskStream,
} from '../../actors/core/index.ts';
import { taskSupervisor } from '../../supervisors/index.ts';
import { endOf, probe, start, temporary, virtual } from '../actors/core/kernel-tree.ts';
import { rejection } from '../helpers/rejection.ts';

type Ctx = ActorContext<never>;

const never = () => new Promise<never>(() => {});
const boom = (): never => {
  throw new Error('boom');
};
const lasting = (ms: number, value: string) => async (ctx: ActorContext) => {
  await ctx.sleep(ms);
  return value;
};
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const shown = (outcomes: readonly TaskOutcome[]) =>
  outcomes.map((outcome) => (outcome.type === 'ok' ? outcome.value : outcome.reason.kind));

describe('a task supervisor', () => {
  it('runs temporary children with 5 s to end, and refuses those above its limit (S-118)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor({ maxChildren: 1 }) } });
    const { tasks } = app.children;
    const pid = await tasks.start(never);
    expect(await tasks.childSpec(pid)).to.include({ restart: 'temporary', shutdown: 5_000 });
    expect(await rejection(tasks.async(never))).to.have.property('code', 'max_children');
    expect(await rejection(tasks.start(never))).to.have.property('code', 'max_children');
    await tasks.terminateChild(pid);
    expect(await (await tasks.async(() => 'free again')).await()).to.equal('free again');
    const failing = await tasks.start(boom);
    expect(failing.path.startsWith('app/tasks/')).to.equal(true);
    expect((await tasks.countChildren()).specs).to.equal(0);
  });
});

describe('a task', () => {
  it('that is linked takes its owner down with it, unless that one traps exits (S-119)', async () => {
    await using app = await start({
      children: { tasks: taskSupervisor(), plain: temporary(probe()), trapping: probe({ trapExit: true }) },
    });
    const { tasks, plain, trapping } = app.children;
    const end = endOf(plain);
    void rejection(
      plain.call('run', async (ctx: Ctx) => {
        await tasks.async(boom, { caller: ctx });
        await never();
      }),
    );
    expect(await end).to.have.nested.property('error.message', 'boom');
    const error = await trapping.call('run', async (ctx: Ctx) =>
      rejection((await tasks.async(boom, { caller: ctx })).await()),
    );
    expect(error).to.be.instanceOf(ActorDownError).with.nested.property('reason.error.message', 'boom');
    const [exit] = (await trapping.call('seen')) as ExitMessage[];
    expect(exit?.reason).to.have.nested.property('error.message', 'boom');
  });

  it('ends with its owner when it is linked, and not otherwise (S-119)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: temporary(probe()) } });
    const { tasks, owner } = app.children;
    await owner.call('run', async (ctx: Ctx) => {
      await tasks.async(never, { caller: ctx });
      await tasks.asyncNolink(never, { caller: ctx });
    });
    owner.exit();
    expect((await tasks.countChildren()).active).to.equal(1);
  });

  it('without a link only tells its owner, by a message if that was asked for (S-119)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: probe() } });
    const { tasks, owner } = app.children;
    const pids = (await owner.call('run', async (ctx: Ctx) => {
      const good = await tasks.asyncNolink(() => 'fine', { caller: ctx, tag: 'good' });
      const bad = await tasks.asyncNolink(boom, { caller: ctx, tag: 'bad' });
      return [good.pid, bad.pid];
    })) as Pid[];
    while (pids.some((pid) => pid.alive)) await tasks.countChildren();
    const told = (await owner.call('seen')) as TaskMessage[];
    expect(told.map(({ tag, outcome }) => [tag, outcome.type])).to.deep.equal([
      ['good', 'ok'],
      ['bad', 'exit'],
    ]);
  });

  it('is awaited by its owner alone, once; a timeout gives it up and drops its late result (S-120)', async () => {
    const { app, advance, idle } = await virtual({
      children: { tasks: taskSupervisor(), owner: probe(), other: probe() },
    });
    const { tasks, owner, other } = app.children;
    const outcome = owner.call('run', async (ctx: Ctx) => {
      const task = await tasks.asyncNolink(lasting(100, 'late'), { caller: ctx, tag: 'told' });
      const timeout = await rejection(task.await({ timeoutMs: 50 }));
      const again = await rejection(task.await());
      return [timeout, again];
    });
    await advance(500);
    const [timeout, again] = (await outcome) as Error[];
    expect(timeout).to.be.instanceOf(CallTimeoutError);
    expect(again).to.have.property('code', 'task_taken');
    const seen = owner.call('seen');
    await idle();
    expect(await seen).to.deep.equal([]);
    const theirs = owner.call('run', (ctx: Ctx) => tasks.asyncNolink(never, { caller: ctx }));
    await idle();
    const task = (await theirs) as { await(): Promise<unknown> };
    const refused = other.call('run', () => rejection(task.await()));
    await idle();
    expect(await refused).to.have.property('code', 'not_owner');
    void app.stop();
    await idle();
  });

  it('crashes its awaiting owner with its reason, also without a link (S-120)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: temporary(probe()) } });
    const end = endOf(app.children.owner);
    void rejection(
      app.children.owner.call('run', async (ctx: Ctx) =>
        (await app.children.tasks.asyncNolink(boom, { caller: ctx })).await(),
      ),
    );
    expect(await end).to.have.nested.property('error.reason.error.message', 'boom');
  });

  it('can be waited for again and again, until its outcome is there (S-121)', async () => {
    const { app, advance, idle } = await virtual({ children: { tasks: taskSupervisor(), owner: probe() } });
    const { tasks, owner } = app.children;
    const outcomes = owner.call('run', async (ctx: Ctx) => {
      const good = await tasks.asyncNolink(lasting(100, 'done'), { caller: ctx });
      const bad = await tasks.asyncNolink(boom, { caller: ctx });
      const first = await good.yield({ timeoutMs: 60 });
      return [first, await good.yield({ timeoutMs: 60 }), (await bad.yield())?.type];
    });
    await advance(500);
    expect(await outcomes).to.deep.equal([undefined, { type: 'ok', value: 'done' }, 'exit']);
    void app.stop();
    await idle();
  });

  it('that is shut down gives what it had, or nothing, and harms nobody; ignored it goes on (S-121)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: probe({ trapExit: true }) } });
    const { tasks, owner } = app.children;
    const outcomes = await owner.call('run', async (ctx: Ctx) => {
      const done = await tasks.async(() => 'had it', { caller: ctx });
      while (done.pid.alive) await ctx.yield();
      const running = await tasks.async(never, { caller: ctx });
      const killed = await tasks.async(never, { caller: ctx });
      const ignored = await tasks.async(never, { caller: ctx });
      return [
        await done.shutdown(),
        await running.shutdown(),
        await killed.shutdown({ timeoutMs: 'brutal_kill' }),
        ignored.ignore(),
        running.pid.alive || killed.pid.alive,
        ignored.pid.alive,
      ];
    });
    expect(outcomes).to.deep.equal([{ type: 'ok', value: 'had it' }, undefined, undefined, undefined, false, true]);
    const exits = (await owner.call('seen')) as ExitMessage[];
    expect(exits.map(({ reason }) => reason.kind)).to.deep.equal(['normal']);
  });

  it('knows its callers: its owner, and who owns that one if it is a task, too (S-124)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: probe() } });
    const { tasks, owner } = app.children;
    const [outer, inner, ancestors] = (await owner.call('run', async (ctx: Ctx) => {
      const task = await tasks.async(
        (outerCtx) => {
          const nested = Pid.processOf(startTask(outerCtx as unknown as Ctx, never).pid);
          const { callers } = (nested?.behavior.inspect() ?? { callers: [] }) as { callers: Pid[] };
          nested?.kill();
          return [String(outerCtx.self), callers.map(String)] as const;
        },
        { caller: ctx },
      );
      return [...(await task.await()), [String(ctx.self)]];
    })) as [string, string[], string[]];
    expect(inner).to.deep.equal([outer, ...ancestors]);
  });

  it('of an actor’s own needs no supervisor (S-119)', async () => {
    await using app = await start({ children: { owner: probe() } });
    expect(await app.children.owner.call('run', (ctx: Ctx) => startTask(ctx, () => 40 + 2).await())).to.equal(42);
  });

  it('may be started from outside any actor', async () => {
    await using app = await start({ children: { tasks: taskSupervisor() } });
    expect(await (await app.children.tasks.async(() => 'done')).await()).to.equal('done');
    expect(await rejection((await app.children.tasks.async(boom)).await())).to.be.instanceOf(ActorDownError);
  });
});

describe('a stream of tasks', () => {
  it('gives results in the order of the items, or as they come (S-122)', async () => {
    const { app, advance, idle } = await virtual({ children: { tasks: taskSupervisor() } });
    const { tasks } = app.children;
    const run = async (ordered: boolean) => {
      const work = (ms: number, ctx: ActorContext) => lasting(ms, `${ms}`)(ctx);
      const results = all(tasks.streamNolink([30, 10, 20], work, { ordered }));
      await advance(100);
      return shown(await results);
    };
    expect(await run(true)).to.deep.equal(['30', '10', '20']);
    expect(await run(false)).to.deep.equal(['10', '20', '30']);
    void app.stop();
    await idle();
  });

  it('starts an item only when a slot is free and somebody asks; leaving early ends what runs (S-122)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor() } });
    const { tasks } = app.children;
    const started: number[] = [];
    const items = function* () {
      for (let n = 0; ; n += 1) {
        started.push(n);
        yield n;
      }
    };
    const stream = tasks.streamNolink(items(), (n) => (n < 2 ? n : never()), { maxConcurrency: 2 });
    expect(started).to.deep.equal([]);
    expect((await stream.next()).value).to.deep.equal({ type: 'ok', value: 0 });
    expect(started).to.deep.equal([0, 1]);
    expect((await stream.next()).value).to.deep.equal({ type: 'ok', value: 1 });
    expect(started).to.deep.equal([0, 1, 2]);
    await stream.return();
    expect((await tasks.countChildren()).active).to.equal(0);
  });

  it('limits each item: its timeout is a rejection, or an outcome and the task is killed (S-122)', async () => {
    const { app, advance, idle } = await virtual({ children: { tasks: taskSupervisor() } });
    const { tasks } = app.children;
    const work = (ms: number, ctx: ActorContext) => lasting(ms, 'done')(ctx);
    const given = all(tasks.streamNolink([10, 100], work, { timeoutMs: 50, onTimeout: 'kill_task' }));
    const rejected = rejection(all(tasks.streamNolink([100], work, { timeoutMs: 50 })));
    await advance(60);
    expect(await given).to.deep.equal([
      { type: 'ok', value: 'done' },
      { type: 'exit', reason: exitReason.timeout },
    ]);
    expect(await rejected).to.be.instanceOf(CallTimeoutError);
    const counts = tasks.countChildren();
    await idle();
    expect((await counts).active).to.equal(0);
    void app.stop();
    await idle();
  });

  it('without links gives a crash as an outcome and goes on; linked it takes the owner down (S-123)', async () => {
    await using app = await start({ children: { tasks: taskSupervisor(), owner: temporary(probe()) } });
    const { tasks, owner } = app.children;
    const work = (n: number) => (n === 2 ? boom() : n);
    expect(shown(await all(tasks.streamNolink([1, 2, 3], work)))).to.deep.equal([1, 'error', 3]);
    expect(await rejection(all(tasks.stream([1, 2, 3], work)))).to.be.instanceOf(ActorDownError);
    const end = endOf(owner);
    void rejection(owner.call('run', (ctx: Ctx) => all(taskStream(ctx, [1, 2, 3], work))));
    expect(await end).to.have.nested.property('error.message', 'boom');
  });

  it('may be waited for twice at a time: both hear of the one outcome', async () => {
    await using app = await start({ children: { owner: probe() } });
    const twice = async (ctx: Ctx) => {
      const task = startTask(ctx, () => 'done');
      return Promise.all([task.yield(), task.yield()]);
    };
    const outcome = { type: 'ok', value: 'done' };
    expect(await app.children.owner.call('run', twice)).to.deep.equal([outcome, outcome]);
  });
});
