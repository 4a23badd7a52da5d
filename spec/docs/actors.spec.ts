import { expect } from 'chai';
import { assign, createActor, setup } from 'xstate';
import {
  type From,
  keepAll,
  next,
  nextState,
  noreply,
  postpone,
  reply,
  replyTo,
  server,
  statem,
  stateTimeout,
  stop,
  type TimeoutMessage,
  worker,
} from '../../index.ts';
import { start, temporary, virtual } from '../actors/core/kernel-tree.ts';
import { usePrinted } from '../helpers/printed.ts';

// The programs of docs/actors.md: one actor and what it answers.

// #region server
const account = server({
  init: () => 0,
  call: {
    balance: (balance) => reply(balance, balance),
    withdraw: (balance, amount: number) =>
      amount > balance ? reply('too little', balance) : reply('done', balance - amount),
  },
  cast: {
    deposit: (balance, amount: number) => balance + amount,
    close: () => stop('shutdown'),
  },
  info: (balance, message) => (message === 'interest' ? balance * 2 : balance),
});
// #endregion

// #region results
interface Desk {
  readonly waiting: readonly From[];
  readonly served: readonly string[];
}

const desk = server({
  init: () => next<Desk>({ waiting: [], served: [] }, { continue: 'open' }), // `continue` runs before any message
  continue: (state, what: string) => ({ ...state, served: [what] }),
  call: {
    // Answered later by `serve`. If the actor ends before, the call rejects with ActorDownError.
    wait: (state, _ticket: number, ctx) => noreply<string, Desk>({ ...state, waiting: [...state.waiting, ctx.from] }),
  },
  cast: {
    serve: (state, what: string, ctx) => {
      for (const from of state.waiting) ctx.reply(from, what);
      // When nothing comes for a minute, `info` gets { type: 'timeout' }.
      return next({ waiting: [], served: [...state.served, what] }, { timeoutMs: 60_000 });
    },
  },
  info: (state, message) => ((message as TimeoutMessage).type === 'timeout' ? stop('shutdown', state) : state),
  trapExit: true, // or terminate would not run when the supervisor ends it
  terminate: (state, reason) => console.log(`${reason.kind} after ${state.served.join(', ')}`),
});
// #endregion

// #region machine
const printer = setup({
  types: {
    context: {} as { printed: string[] },
    events: {} as { type: 'warm' } | { type: 'print'; page: string },
  },
}).createMachine({
  context: { printed: [] },
  initial: 'cold',
  states: {
    cold: { on: { warm: 'ready' } },
    ready: {
      on: { print: { actions: assign({ printed: ({ context, event }) => [...context.printed, event.page] }) } },
    },
  },
});

// The chart alone would drop what is printed too early.
const patientPrinter = worker(printer, {
  postpone: (snapshot, event) => snapshot.value === 'cold' && event.type === 'print',
});
// #endregion

// #region statem
const door = statem({
  types: {} as { call: { unlock(code: string): boolean }; cast: { push(): void } },
  init: () => nextState('locked', { code: '1234', pushed: 0 }),
  states: {
    locked: (event, data) => {
      if (event.type !== 'call') return keepAll(postpone()); // a push waits until the door is open
      if (event.arg !== data.code) return keepAll(replyTo(event.from, false));
      return nextState('open', data, [replyTo(event.from, true), stateTimeout(5_000)]);
    },
    open: (event, data) => {
      if (event.type === 'state_timeout') return nextState('locked', data);
      if (event.type === 'cast') return nextState('open', { ...data, pushed: data.pushed + 1 });
      return keepAll(postpone());
    },
  },
});
// #endregion

describe('docs/actors.md, one actor', () => {
  const printed = usePrinted();

  it('calls, casts and sends', async () => {
    await using app = await start({ children: { account } });
    // #region uses
    const ref = app.children.account; // a name for the place: valid over restarts
    ref.cast('deposit', 10); // no answer, no failure
    ref.send('interest'); // to `info`
    console.log(await ref.call('withdraw', 3, { timeoutMs: 100 })); // 'done'
    // #endregion
    expect(printed()).to.deep.equal(['done']);
    expect(await ref.call('balance')).to.equal(17);
    expect(await ref.call('withdraw', 18)).to.equal('too little');
    const down = ref.monitor();
    ref.cast('close');
    expect((await down).reason).to.deep.equal({ kind: 'shutdown' });
  });

  it('answers later, continues, times out and terminates', async () => {
    const { app, advance, idle } = await virtual({ children: { desk: temporary(desk) } });
    const answer = app.children.desk.call('wait', 1);
    app.children.desk.cast('serve', 'soup');
    await idle();
    expect(await answer).to.equal('soup');
    await advance(60_000);
    expect(app.children.desk.pid).to.equal(undefined);
    expect(printed()).to.deep.equal(['shutdown after open, soup']);
    void app.stop();
    await idle();
  });

  it('keeps for a machine what comes too early', async () => {
    await using app = await start({ children: { patientPrinter } });
    const { patientPrinter: ref } = app.children;
    for (const page of ['first', 'second']) {
      ref.send({ type: 'print', page });
      if (page === 'first') ref.send({ type: 'warm' });
    }
    await app.countChildren();
    expect(ref.getSnapshot()).to.have.deep.nested.property('context.printed', ['first', 'second']);
  });

  it('has a state machine that postpones and times', async () => {
    const { app, advance, idle } = await virtual({ children: { door } });
    app.children.door.cast('push');
    const answers = Promise.all([app.children.door.call('unlock', '0000'), app.children.door.call('unlock', '1234')]);
    await idle();
    expect(await answers).to.deep.equal([false, true]);
    const shown = () => app.children.door.process?.behavior.inspect();
    expect(shown()).to.deep.equal(['open', { code: '1234', pushed: 1 }]);
    await advance(5_000);
    expect(shown()).to.have.property('0', 'locked');
    void app.stop();
    await idle();
  });

  it('runs a server in plain xstate', async () => {
    // #region xstate
    const actor = createActor(account).start(); // or invoke: { src: account }, or spawnChild(account)
    actor.send({ type: 'deposit', arg: 10 }); // a cast
    const answer = await new Promise<string>((reply, fail) => {
      actor.send({ type: 'withdraw', arg: 3, reply, fail }); // a call
    });
    console.log(answer, actor.getSnapshot().context); // 'done' 7
    // #endregion
    expect(printed()).to.deep.equal(['done 7']);
    actor.stop();
  });
});
