import { expect } from 'chai';
import {
  type ActorContext,
  type ActorRef,
  catchStrayErrors,
  type DownMessage,
  freezeDeep,
  nodeRuntime,
  noreply,
  type PendingRequest,
  RegistryRef,
  registry,
  reply,
  ServerRef,
  server,
  startSupervisor,
  startTask,
  sys,
  type TaskMessage,
  taskStream,
  taskSupervisor,
  via,
} from '../../index.ts';
import { endOf, probe, start, temporary } from '../actors/core/kernel-tree.ts';
import { usePrinted } from '../helpers/printed.ts';
import { rejection } from '../helpers/rejection.ts';

// The programs of docs/actors.md: actors with each other, and what an operator sees.

const lengthOf = async (text: string) => text.length;

// #region tasks
const reader = server({
  init: () => 0,
  call: {
    read: async (total, text: string, ctx) => {
      const task = startTask(ctx, () => lengthOf(text)); // the two end together
      const length = await task.await({ timeoutMs: 1_000 }); // meanwhile the mailbox waits
      return reply(length, total + length);
    },
    readAll: async (total, texts: readonly string[], ctx) => {
      let sum = 0;
      for await (const outcome of taskStream(ctx, texts, lengthOf, { maxConcurrency: 2 })) {
        if (outcome.type === 'ok') sum += outcome.value;
      }
      return reply(sum, total + sum);
    },
  },
});
// #endregion

// #region supervised tasks
const office = server({
  init: () => [] as string[],
  cast: {
    start: async (notes, work: () => string, ctx) => {
      const tasks = workers.refAt(ctx.system, 'app/workers');
      await tasks.asyncNolink(work, { caller: ctx, tag: 'work' }); // a crash harms nobody: it is the outcome
      return notes;
    },
  },
  info: (notes, message) => {
    const { tag, outcome } = message as TaskMessage<string>;
    return [...notes, `${tag}: ${outcome.type === 'ok' ? outcome.value : outcome.reason.kind}`];
  },
});
const workers = taskSupervisor({ maxChildren: 100 });
// #endregion

// #region registry
const rooms = registry<string>({ keys: 'unique' });
const room = server({
  init: (ctx: ActorContext<string>) => {
    rooms.refAt(ctx.system, 'app/rooms').register(ctx, ctx.input); // until this actor ends
    return [] as string[];
  },
  call: { said: (lines) => reply(lines, lines) },
  cast: { say: (lines, line: string) => [...lines, line] },
});
// #endregion

// #region monitors
const watcher = server({
  init: () => [] as string[],
  call: {
    watch: (seen, target: ActorRef, ctx) => {
      ctx.monitor(target); // one message when it ends, at once if it has
      return reply(undefined, seen);
    },
  },
  info: (seen, message) => {
    const { type, path, reason } = message as DownMessage;
    return type === 'down' ? [...seen, `${path}: ${reason.kind}`] : seen;
  },
});
// #endregion

// #region requests
const shopper = server({
  init: () => 0,
  call: {
    cheapest: async (asked, shops: readonly ActorRef[], ctx) => {
      const requests: PendingRequest<number>[] = shops.map((shop) => ctx.sendRequest(shop, 'price'));
      const outcomes = await Promise.all(requests.map((request) => request.receive({ timeoutMs: 500 })));
      const prices = outcomes.flatMap((outcome) => (outcome.type === 'reply' ? [outcome.value] : []));
      return reply(Math.min(...prices), asked + shops.length);
    },
  },
});
// #endregion

const shop = (price: number) => server({ init: () => price, call: { price: (state) => reply(state, state) } });

describe('docs/actors.md, actors together', () => {
  const printed = usePrinted();

  it('runs tasks of its own', async () => {
    await using app = await start({ children: { reader } });
    expect(await app.children.reader.call('read', 'four')).to.equal(4);
    expect(await app.children.reader.call('readAll', ['a', 'bb', 'ccc'])).to.equal(6);
  });

  it('runs tasks that somebody watches over', async () => {
    await using app = await start({ children: { workers, office } });
    app.children.office.cast('start', () => 'done');
    app.children.office.cast('start', () => {
      throw new Error('boom');
    });
    for (;;) {
      const notes = await sys.getState<string[]>(app.children.office);
      if (notes.length < 2) continue;
      expect(notes).to.have.members(['work: done', 'work: error']);
      break;
    }
    // #region stream
    const lengths: number[] = [];
    for await (const outcome of app.children.workers.streamNolink(['a', 'bb'], lengthOf, { timeoutMs: 1_000 })) {
      if (outcome.type === 'ok') lengths.push(outcome.value); // else: outcome.reason
    }
    // #endregion
    expect(lengths).to.deep.equal([1, 2]);
  });

  it('finds actors by a key', async () => {
    await using app = await start({
      children: { rooms, blue: { logic: room, input: 'blue', restart: 'temporary' } },
    });
    // #region via
    const blue = new ServerRef(app.system, via(app.children.rooms, 'blue'), room); // looked up at each use
    blue.cast('say', 'hello');
    console.log(await blue.call('said')); // [ 'hello' ]
    console.log(app.children.rooms.lookup('red')); // []
    // #endregion
    expect(printed()).to.deep.equal(["[ 'hello' ]", '[]']);
    expect(app.children.rooms).to.be.instanceOf(RegistryRef);
  });

  it('hears of an end', async () => {
    await using app = await start({ children: { watcher, other: temporary(probe()) } });
    await app.children.watcher.call('watch', app.children.other);
    app.children.other.exit();
    expect(await sys.getState(app.children.watcher)).to.deep.equal(['app/other: killed']);
  });

  it('asks several at once', async () => {
    const silent = server({ init: () => 0, call: { price: () => noreply<number, number>(0) } });
    await using app = await start({ children: { shopper, a: shop(5), b: shop(3), gone: temporary(silent) } });
    const { a, b, gone } = app.children;
    const answer = app.children.shopper.call('cheapest', [a, b, gone]);
    await sys.getState(gone);
    gone.exit();
    expect(await answer).to.equal(3);
  });
});

describe('docs/actors.md, looking inside', () => {
  const printed = usePrinted();

  it('asks an actor for its state, and makes it wait', async () => {
    await using app = await start({ children: { shop: shop(5) } });
    const ref = app.children.shop;
    // #region sys
    await sys.suspend(ref); // messages wait; system messages do not
    await sys.replaceState(ref, (price: number) => price + 1);
    await sys.resume(ref);
    console.log(await sys.getState(ref)); // 6
    console.log((await sys.getStatus(ref)).mailboxLength); // 0
    // #endregion
    expect(printed()).to.deep.equal(['6', '0']);
  });

  it('counts and shows what nobody received', async () => {
    await using app = await start({ children: { shop: shop(5) } });
    // #region dead letters
    app.events.on('dead_letter', ({ path, message }) => console.log(path, message));
    app.children.shop.send('hello'); // it has no `info`
    await app.children.shop.call('price');
    console.log(app.system.deadLetterCount, app.system.deadLetters.length); // the last hundred are kept
    // #endregion
    expect(printed()).to.deep.equal(['app/shop hello', '1 1']);
  });

  it('has a bound for each mailbox', async () => {
    // #region mailbox
    const latest = server({
      mailboxMax: 2,
      mailboxPolicy: 'drop_oldest', // default `reject`: the sender gets a MailboxFullError
      init: () => [] as number[],
      info: (seen, reading) => [...seen, reading as number],
    });
    // #endregion
    await using app = await start({ children: { latest } });
    for (const reading of [1, 2, 3]) app.children.latest.send(reading);
    await app.countChildren();
    expect(await sys.getState(app.children.latest)).to.deep.equal([2, 3]);
    expect(app.system.deadLetterCount).to.equal(1);
  });

  it('names who keeps the event loop busy, and who changes what it was sent', async () => {
    const lines: string[] = [];
    const log = (_level: string, line: string) => void lines.push(line);
    const children = {
      busy: probe(),
      vandal: temporary(server({ init: () => 0, cast: { take: (_state, list: number[]) => list.push(1) } })),
    };
    // #region development
    const runtime = nodeRuntime({
      log,
      schedule: { stallMs: 20 }, // a turn that is longer is told as `actor.stalled`, or else logged
      passMessage: freezeDeep, // whoever changes a message throws where it does
    });
    await using app = await startSupervisor({ runtime, children });
    // #endregion
    const end = endOf(app.children.vandal);
    app.children.vandal.cast('take', [0]);
    expect(await end)
      .to.have.nested.property('error')
      .that.is.instanceOf(TypeError);
    await app.children.busy.call('run', () => {
      const until = performance.now() + 30;
      while (performance.now() < until);
    });
    await app.children.busy.call('seen');
    expect(lines.join('\n')).to.match(/app\/busy#1 kept the event loop busy for \d+ ms/);
  });

  it('gives stray errors an owner', async () => {
    const kinds = ['uncaughtException', 'unhandledRejection'] as const;
    const heard = kinds.map((kind) => [kind, process.listeners(kind as never)] as const);
    for (const kind of kinds) process.removeAllListeners(kind); // mocha's own
    try {
      await using app = await start({ children: { careless: temporary(probe()) } });
      // #region stray
      const stopCatching = catchStrayErrors(app.system);
      // #endregion
      const end = endOf(app.children.careless);
      void rejection(app.children.careless.call('run', () => void Promise.reject(new Error('nobody awaits'))));
      expect(await end).to.have.nested.property('error.message', 'nobody awaits');
      stopCatching();
    } finally {
      for (const [kind, listeners] of heard) for (const listener of listeners) process.on(kind, listener as never);
    }
  });
});
