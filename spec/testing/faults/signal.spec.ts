import { expect } from 'chai';
import {
  ActorDownError,
  type ActorRef,
  exitReason,
  type MonitorRef,
  type Pid,
  reply,
  server,
} from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { shows } from './shows.ts';

/** Watches, is linked, and notes what it hears. */
const watcher = server({
  trapExit: true,
  init: () => ({ heard: [] as readonly string[], monitor: undefined as MonitorRef | undefined }),
  call: {
    heard: (state) => reply(state.heard, state),
    watch: (state, target: ActorRef, ctx) => reply(undefined, { ...state, monitor: ctx.monitor(target) }),
    unwatch: (state, _: undefined, ctx) => {
      ctx.demonitor(state.monitor as MonitorRef);
      return reply(undefined, state);
    },
    link: (state, pid: Pid, ctx) => {
      ctx.link(pid);
      return reply(undefined, state);
    },
    unlink: (state, pid: Pid, ctx) => {
      ctx.unlink(pid);
      return reply(undefined, state);
    },
  },
  info: (state, message) => {
    const { type } = message as { readonly type?: string };
    return { ...state, heard: [...state.heard, type ?? String(message)] };
  },
});

/** Says something to somebody, and crashes when it is told to. */
const speaker = server({
  init: () => 0,
  call: {
    say: (said, [to, text]: readonly [ActorRef, string], ctx) => {
      ctx.send(to, text);
      return reply(undefined, said + 1);
    },
    ask: () => new Promise<never>(() => {}),
    value: (said) => reply(said, said),
  },
  cast: {
    crash: () => {
      throw new Error('crashed');
    },
  },
});

const lateMs = 10_000;

describe('faults of signals', () => {
  shows(catalogue.message.lateDown, 'a monitor that hears late of an end hears of it, and once', async (world) => {
    const app = await world.start({ children: { watcher, speaker } });
    const { watcher: who, speaker: target } = app.children;
    await who.call('watch', target);
    const active = world.arm(app, rules(catalogue.message.lateDown({ path: 'app/watcher', ms: lateMs })));
    const restart = nextRestart(target);
    target.exit();
    await restart;
    expect(await who.call('heard')).to.deep.equal([]);
    expect(active.status[0]).to.include({ done: 1, held: 1 });
    active.heal();
    expect(await who.call('heard')).to.deep.equal(['down']);
  });

  shows(catalogue.message.lateDown, 'one that has come late comes by itself', async (world) => {
    const app = await world.start({ children: { watcher, speaker } });
    const { watcher: who, speaker: target } = app.children;
    await who.call('watch', target);
    const active = world.arm(app, rules(catalogue.message.lateDown({ path: 'app/watcher', ms: 20 })));
    target.exit();
    await world.until(app, () => active.status[0]?.done === 1 && active.status[0].held === 0);
    expect(await who.call('heard')).to.deep.equal(['down']);
  });

  shows(catalogue.message.lateDown, 'a monitor that is taken away meanwhile hears nothing', async (world) => {
    const app = await world.start({ children: { watcher, speaker } });
    const { watcher: who, speaker: target } = app.children;
    await who.call('watch', target);
    const active = world.arm(app, rules(catalogue.message.lateDown({ path: 'app/watcher', ms: lateMs })));
    target.exit();
    expect(active.status[0]?.held).to.equal(1);
    await who.call('unwatch', undefined);
    active.heal();
    expect(await who.call('heard')).to.deep.equal([]);
  });

  shows(catalogue.message.lateDown, 'a caller hears late that nobody will answer', async (world) => {
    const app = await world.start({ children: { speaker } });
    const ref = app.children.speaker;
    const active = world.arm(app, rules(catalogue.message.lateDown({ path: 'outside', ms: lateMs })));
    const asked = rejection(ref.call('ask', { timeoutMs: 60_000 }));
    const restart = nextRestart(ref);
    await world.until(app, () => ref.process?.current?.kind === 'call');
    ref.exit();
    await restart;
    expect(active.status[0]?.held).to.equal(1);
    active.heal();
    expect(await asked).to.be.instanceOf(ActorDownError);
    expect(await ref.call('value')).to.equal(0);
  });

  shows(
    [catalogue.message.lateDown, catalogue.message.delay],
    'the news of an end never overtakes what was sent before it, however late that is',
    async (world) => {
      const app = await world.start({ children: { watcher, speaker } });
      const { watcher: who, speaker: target } = app.children;
      await who.call('watch', target);
      const plan = rules(
        catalogue.message.delay({ path: 'app/watcher', message: 'last', ms: lateMs }),
        catalogue.message.lateDown({ path: 'app/watcher', ms: 1 }),
      );
      const active = world.arm(app, plan);
      await target.call('say', [who, 'last']);
      target.exit();
      await world.until(app, () => active.status[1]?.done === 1 && active.status[1].held === 0);
      expect(await who.call('heard')).to.deep.equal([]);
      active.heal();
      expect(await who.call('heard')).to.deep.equal(['last', 'down']);
    },
  );

  shows(catalogue.message.lateExit, 'a supervisor that hears late of an end restarts late, and once', async (world) => {
    const app = await world.start({ children: { speaker } });
    const ref = app.children.speaker;
    const active = world.arm(app, rules(catalogue.message.lateExit({ path: 'app', ms: lateMs })));
    const restart = nextRestart(ref);
    ref.cast('crash');
    await world.until(app, () => active.status[0]?.held === 1);
    expect(await rejection(ref.call('value'))).to.be.instanceOf(ActorDownError);
    active.heal();
    expect((await restart).after.incarnation).to.equal(2);
    expect(await ref.call('value')).to.equal(0);
  });

  shows(
    catalogue.message.lateExit,
    'a late end of a former child is nobody’s of the one that is there',
    async (world) => {
      const app = await world.start({ strategy: 'one_for_all', children: { speaker, other: speaker } });
      const { speaker: first, other } = app.children;
      const active = world.arm(app, rules(catalogue.message.lateExit({ path: 'app', ms: lateMs, when: { nth: 1 } })));
      first.cast('crash');
      await world.until(app, () => active.status[0]?.held === 1);
      const restart = nextRestart(other);
      other.cast('crash');
      await restart;
      await first.call('value');
      active.heal();
      await first.call('value');
      expect([first.pid?.incarnation, other.pid?.incarnation]).to.deep.equal([2, 2]);
    },
  );

  shows(catalogue.message.lateExit, 'an exit signal over a link that is cut meanwhile ends nobody', async (world) => {
    const app = await world.start({ children: { watcher, speaker } });
    const { watcher: who, speaker: target } = app.children;
    const pid = target.pid as Pid;
    await who.call('link', pid);
    const active = world.arm(app, rules(catalogue.message.lateExit({ path: 'app/watcher', ms: lateMs })));
    target.exit();
    await world.until(app, () => active.status[0]?.held === 1);
    await who.call('unlink', pid);
    active.heal();
    expect(await who.call('heard')).to.deep.equal([]);
    // And over one that is not, it comes.
    const next = target.pid as Pid;
    await who.call('link', next);
    target.exit();
    expect(await who.call('heard')).to.deep.equal(['exit']);
  });

  shows(catalogue.message.lateExit, 'a child that is told late to shut down is killed at its limit', async (world) => {
    const app = await world.start({ children: { watcher: { logic: watcher, shutdown: 30 } } });
    const active = world.arm(app, rules(catalogue.message.lateExit({ path: 'app/watcher', ms: lateMs })));
    const down = app.children.watcher.monitor();
    await app.terminateChild('watcher');
    expect((await down).reason).to.deep.equal(exitReason.killed);
    active.heal();
    await app.restartChild('watcher');
    expect(await app.children.watcher.call('heard')).to.deep.equal([]);
  });
});
