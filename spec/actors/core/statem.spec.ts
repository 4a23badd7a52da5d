import { expect } from 'chai';
import {
  type ActorContext,
  ActorDownError,
  BadReturnError,
  type ExitReason,
  eventTimeout,
  exitReason,
  type From,
  internalEvent,
  keepAll,
  keepState,
  namedTimeout,
  nextState,
  postpone,
  repeatState,
  replyTo,
  type StatemEvent,
  setup,
  statem,
  stateTimeout,
  stop,
  stopAndReply,
  worker,
} from '../../../actors/core/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { endOf, eventsOf, start, temporary, virtual } from './kernel-tree.ts';

const code = '1234';

/** A door: what it is asked while it is closed it answers when it is open. */
const door = (log: string[] = []) =>
  statem({
    types: {} as { call: { unlock(code: string): boolean; enter(who: string): string }; cast: { lock(): void } },
    init: () => nextState('locked', { entered: [] as string[] }),
    enterCalls: true,
    states: {
      locked: (event, data) => {
        if (event.type === 'enter') {
          log.push(`locked from ${event.from}`);
          return keepAll();
        }
        if (event.type !== 'call' || event.name === 'enter') return keepAll(postpone());
        if (event.arg !== code) return keepAll(replyTo(event.from, false));
        return nextState('open', data, [replyTo(event.from, true), stateTimeout(1_000, 'too long')]);
      },
      open: (event, data) => {
        if (event.type === 'enter') log.push(`open from ${event.from}`);
        if (event.type === 'state_timeout') return nextState('locked', data);
        if (event.type !== 'call' || event.name !== 'enter') return keepAll();
        return keepState({ entered: [...data.entered, event.arg] }, replyTo(event.from, `welcome ${event.arg}`));
      },
    },
  });

describe('a state machine', () => {
  it('keeps events that its state does not want, for the state that does, in their order (S-177)', async () => {
    const { app, idle } = await virtual({ children: { door: door() } });
    const answers = ['ann', 'bob'].map((who) => app.children.door.call('enter', who));
    await idle();
    expect(app.children.door.process?.behavior.inspect()).to.deep.equal(['locked', { entered: [] }]);
    const unlocked = app.children.door.call('unlock', code);
    await idle();
    expect(await unlocked).to.equal(true);
    expect(await Promise.all(answers)).to.deep.equal(['welcome ann', 'welcome bob']);
    expect(app.children.door.process?.behavior.inspect()).to.deep.equal(['open', { entered: ['ann', 'bob'] }]);
    void app.stop();
    await idle();
  });

  it('enters its states, the first one after the start, and leaves one by its timeout (S-179, S-180)', async () => {
    const log: string[] = [];
    const { app, advance, idle } = await virtual({ children: { door: door(log) } });
    void app.children.door.call('unlock', code);
    await advance(999);
    expect(log).to.deep.equal(['locked from locked', 'open from locked']);
    await advance(1);
    expect(log).to.deep.equal(['locked from locked', 'open from locked', 'locked from open']);
    void app.stop();
    await idle();
  });

  it('fails the calls that it holds when it ends, and answers none twice (S-154, S-186)', async () => {
    await using app = await start({ children: { door: temporary(door()) } });
    const waiting = rejection(app.children.door.call('enter', 'ann'));
    await app.children.door.call('unlock', 'wrong');
    app.children.door.exit(exitReason.exit('fire'));
    expect(await waiting).to.have.deep.property('reason', exitReason.exit('fire'));
  });

  it('with one function for all events has any value as a state; equal values are no change (S-173, S-177)', async () => {
    const seen: string[] = [];
    const machine = statem({
      init: () => nextState({ at: 0 }, 'data'),
      handleEvent: (event: StatemEvent<{ at: number }>, state, data) => {
        if (event.type !== 'info') return keepAll();
        seen.push(`${String(event.message)} at ${state.at}`);
        if (event.message === 'later') return state.at === 0 ? keepAll(postpone()) : keepAll();
        return nextState({ at: Number(event.message) }, data);
      },
    });
    const { app, idle } = await virtual({ children: { machine } });
    for (const message of ['later', '0', '1']) app.children.machine.send(message);
    await idle();
    expect(seen).to.deep.equal(['later at 0', '0 at 0', '1 at 0', 'later at 1']);
    void app.stop();
    await idle();
  });

  it('handles what it inserts before anything else, and timeouts of no time after that (S-178, S-183)', async () => {
    const seen: string[] = [];
    const machine = statem({
      init: () => nextState('only', 0),
      states: {
        only: (event: StatemEvent, data) => {
          if (event.type === 'cast') {
            return keepState(data, [namedTimeout('zero', 0, 'zero'), internalEvent('first'), internalEvent('second')]);
          }
          seen.push(String('content' in event ? event.content : (event as { message: string }).message));
          return keepAll();
        },
      },
    });
    const { app, idle } = await virtual({ children: { machine } });
    app.children.machine.cast('go');
    app.children.machine.send('queued');
    await idle();
    expect(seen).to.deep.equal(['first', 'second', 'zero', 'queued']);
    void app.stop();
    await idle();
  });

  it('sets, changes and cancels timeouts: the event’s with any event, named ones by name (S-181, S-182)', async () => {
    const seen: unknown[] = [];
    const machine = statem({
      init: () => nextState('only', 0),
      states: {
        only: (event: StatemEvent) => {
          if (event.type === 'timeout' || event.type === 'event_timeout') seen.push(event.content);
          if (event.type !== 'cast') return keepAll();
          if (event.name === 'set') {
            return keepAll([eventTimeout(100, 'event'), namedTimeout('a', 100, 'a'), namedTimeout('b', 100, 'b')]);
          }
          return keepAll([namedTimeout('a', 'update', 'changed'), namedTimeout('b', 'cancel')]);
        },
      },
    });
    const { app, advance, idle } = await virtual({ children: { machine } });
    app.children.machine.cast('set');
    await advance(200);
    // Started from the last to the first (S-176).
    expect(seen.splice(0)).to.deep.equal(['b', 'a']);
    app.children.machine.cast('set');
    app.children.machine.cast('change');
    await advance(200);
    expect(seen).to.deep.equal(['changed']);
    void app.stop();
    await idle();
  });

  it('can time by the clock instead of from now (S-184)', async () => {
    const machine = statem({
      init: () => nextState('early', 0, stateTimeout({ atMs: 500 }, 'x')),
      states: {
        early: (event) => (event.type === 'state_timeout' ? nextState('late', 1) : keepAll()),
        late: () => keepAll(),
      },
    });
    const { app, advance, idle } = await virtual({ children: { machine } });
    await advance(499);
    expect(app.children.machine.process?.behavior.inspect()).to.deep.equal(['early', 0]);
    await advance(1);
    expect(app.children.machine.process?.behavior.inspect()).to.deep.equal(['late', 1]);
    void app.stop();
    await idle();
  });

  it('enters its state again when it repeats it, which is no change of state (S-175, S-177)', async () => {
    const seen: string[] = [];
    const machine = statem({
      init: () => nextState('only', 0),
      enterCalls: true,
      states: {
        only: (event: StatemEvent, n) => {
          seen.push(event.type);
          if (event.type === 'cast') return repeatState(n + 1);
          return event.type === 'info' ? keepAll(postpone()) : keepAll();
        },
      },
    });
    const { app, idle } = await virtual({ children: { machine } });
    app.children.machine.send('waits');
    app.children.machine.cast('again');
    await idle();
    expect(seen).to.deep.equal(['enter', 'info', 'cast', 'enter']);
    void app.stop();
    await idle();
  });

  it('answers before terminate when it stops with replies, and tells terminate the bare error (S-186)', async () => {
    const order: string[] = [];
    const machine = () =>
      statem({
        init: () => nextState('only', 1),
        states: {
          only: (event: StatemEvent, n) => {
            if (event.type === 'call') return stopAndReply('done', replyTo(event.from, 'bye'), n + 1);
            throw new Error('boom');
          },
        },
        terminate: async (reason: ExitReason, state, data) => {
          await Promise.resolve();
          order.push(`terminate ${reason.kind} ${state} ${data}`);
        },
      });
    await using app = await start({ children: { a: temporary(machine()), b: temporary(machine()) } });
    const end = endOf(app.children.a);
    order.push(String(await app.children.a.call('end')));
    expect(await end).to.deep.equal(exitReason.exit('done'));
    const crash = endOf(app.children.b);
    app.children.b.cast('x');
    await crash;
    expect(order).to.deep.equal(['bye', 'terminate exit only 2', 'terminate error only 1']);
  });

  describe('crashes with the name of what was wrong', () => {
    const only = (handle: () => unknown, enterCalls = false) =>
      statem({
        init: () => nextState('only', 0),
        enterCalls,
        states: { only: handle as () => never, other: () => keepAll() },
      });
    const cases = {
      bad_return_from_state_function: only(() => 'nonsense'),
      bad_action_from_state_function: only(() => keepAll({ action: 'dance' } as never)),
      bad_state_enter_action_from_state_function: only(() => keepAll(postpone()), true),
      bad_state_enter_return_from_state_function: only(() => nextState('other', 0), true),
    };
    for (const [name, machine] of Object.entries(cases)) {
      it(`${name} (S-175, S-179)`, async () => {
        await using app = await start({ children: {} });
        const ended = new Promise<{ reason: ExitReason }>((resolve) => app.events.once('actor.exited', resolve));
        await app.startChild({ id: 'machine', ...temporary(machine) });
        machine.refAt(app.system, 'app/machine').send('x');
        const { reason } = await ended;
        expect(reason).to.have.property('error').that.is.instanceOf(BadReturnError);
        expect(reason).to.have.nested.property('error.code', name);
      });
    }
  });

  it('takes a failed init for a failed start, and ignore for nothing to run (S-150)', async () => {
    await using app = await start({ children: {} });
    const machine = statem({ init: () => stop('no'), states: { a: () => keepAll() } });
    expect(await rejection(app.startChild({ id: 'machine', logic: machine }))).to.have.deep.property(
      'reason',
      exitReason.exit('no'),
    );
  });

  it('hides in reports what its formatStatus takes out (S-172)', async () => {
    const machine = statem({
      init: () => nextState('only', { token: 'secret' }),
      states: {
        only: (): never => {
          throw new Error('boom');
        },
      },
      formatStatus: ({ state }) => ({ state, data: '…' }),
    });
    await using app = await start({ children: { machine: temporary(machine) } });
    const events = eventsOf(app);
    const end = endOf(app.children.machine);
    app.children.machine.send('x');
    await end;
    expect(events[0]).to.deep.include({ type: 'actor.failed', state: ['only', '…'] });
  });

  it('waits for an asynchronous state function, and does nothing more once it is killed meanwhile (S-275, S-271)', async () => {
    const seen: string[] = [];
    const machine = statem({
      init: () => nextState('only', 0),
      states: {
        only: async (event: StatemEvent, _n, ctx: ActorContext) => {
          seen.push(event.type);
          await ctx.sleep(100);
          seen.push('done');
          return keepAll(internalEvent('next'));
        },
      },
    });
    const { app, advance, idle } = await virtual({ children: { machine: temporary(machine) } });
    app.children.machine.cast('x');
    app.children.machine.send('waits');
    await advance(50);
    expect(seen).to.deep.equal(['cast']);
    app.children.machine.exit();
    await advance(500);
    expect(seen).to.deep.equal(['cast']);
    void app.stop();
    await idle();
  });
});

describe('an xstate machine under worker()', () => {
  it('can postpone events until its state value has changed, also when it changes by itself (S-177)', async () => {
    const seen: string[] = [];
    const machine = setup({
      actions: { note: ({ event }: { event: { type: string } }) => void seen.push(event.type) },
    }).createMachine({
      initial: 'busy',
      states: {
        busy: { after: { 100: 'ready' } },
        ready: { on: { job: { actions: 'note' }, rest: { target: 'busy', actions: 'note' } } },
      },
    });
    const logic = worker(machine, {
      postpone: (snapshot, event) => snapshot.value === 'busy' && event.type !== 'hurry',
    });
    const { app, advance, idle } = await virtual({ children: { machine: logic } });
    for (const type of ['job', 'rest', 'job']) app.children.machine.send({ type });
    await advance(50);
    expect(seen).to.deep.equal([]);
    await advance(50);
    expect(seen).to.deep.equal(['job', 'rest']);
    await advance(100);
    expect(seen).to.deep.equal(['job', 'rest', 'job']);
    void app.stop();
    await idle();
  });

  it('is called by an event that has somebody to answer to, and fails the call when it ends', async () => {
    const machine = setup({
      types: { events: {} as { type: 'double' | 'boom'; arg: number; from: From } },
    }).createMachine({
      on: {
        double: { actions: ({ event }) => event.from.reply(2 * event.arg) },
        boom: {
          actions: () => {
            throw new Error('boom');
          },
        },
      },
    });
    const { app, idle } = await virtual({ children: { machine: worker(machine) } });
    const { machine: ref } = app.children;
    const [doubled, failed] = [ref.call('double', 21), rejection(ref.call('boom', 0))];
    await idle();
    expect(await doubled).to.equal(42);
    expect(await failed).to.be.instanceOf(ActorDownError);
    void app.stop();
    await idle();
  });
});
