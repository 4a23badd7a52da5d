import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import * as chai from 'chai';
import {
  bridgedState,
  declare,
  integer,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  reply,
  server,
  startSupervisor,
  supervisor,
  WorkerLostError,
} from '../../index.ts';
import {
  catalogue,
  checkLinearizability,
  fakeWorker,
  faultPoints,
  findRedis,
  History,
  nextRestart,
  OutcomeCheck,
  ophionChai,
  plan,
  probe,
  type RegisterOp,
  type RegisterResult,
  readySteps,
  recordedSession,
  registerModel,
  rejection,
  rules,
  SupervisionCheck,
  sandbox,
  simulate,
  startProxy,
  startRedis,
  useSystem,
  type VariablesOp,
  type VariablesResult,
  variablesModel,
  WatchCheck,
} from '../../testing/index.ts';
import { codePointTasks, pythonPointTasks } from '../../testing/plan/points.ts';
import { needs } from '../helpers/needs.ts';

// Programs of docs/testing.md: doubles of the outside, checkers, and what is for mocha and chai.

const { expect } = chai.use(ophionChai);
const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');

// #region stock
const stock = server({
  init: () => 0,
  call: {
    get: (count) => reply(count, count),
    set: (_count, to: number) => reply(undefined, to),
  },
  cast: {
    boom: () => {
      throw new Error('boom');
    },
  },
  // Whoever sends it a message is told how many there are.
  info: (count, message) => {
    (message as { send(count: number): void }).send(count);
    return count;
  },
});
// #endregion

describe('the programs of docs/testing.md: what stands for the outside', function () {
  this.timeout(30_000);

  it('proxy', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // #region proxy
    await using proxy = await startProxy({ upstream: { port } });
    const client = connect(proxy.address as { port: number; host: string });
    proxy.toClient.inject({ latencyMs: 20, truncate: { at: 1, bytes: 3 } }); // to the server all is well
    client.write('hello');
    const [first] = await once(client, 'data');
    expect(String(first)).to.equal('ho');
    proxy.reset();
    await once(client, 'error'); // ECONNRESET
    await proxy.refuse(); // from now on; until proxy.heal()
    // #endregion
    server.close();
  });

  it('redis', async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    // #region redis
    await using redis = await startRedis({ kind: 'replica-pair' });
    const { primary, replica } = redis;
    await primary.command('SET', 'stock', 3);
    await primary.pause(60_000, 'write'); // reads go on, writes wait
    expect(await primary.command('GET', 'stock')).to.equal('3');
    await redis.heal();
    await replica.kill(); // SIGKILL; replica.start() has its data again
    expect(await primary.command('INCR', 'stock')).to.equal(4);
    // #endregion
  });

  it('fake worker', async () => {
    // #region fake worker
    const dies = [...readySteps, { type: 'swallow', calls: 1 }, { type: 'signal', signal: 'SIGSEGV' }] as const;
    const answers = [...readySteps, { type: 'answer', value: 42 }] as const;
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { default: python({ ...fakeWorker(dies, answers), size: 1 }) } }) },
    });
    await using context = await openContext(app.children.ophion);
    const ask = pythonTool<{ question: string }, number>('ask');
    expect(await rejection(context.call(ask, { question: '?' }))).to.be.instanceOf(WorkerLostError);
    expect(await context.call(ask, { question: '?' })).to.equal(42); // its next life
    // #endregion
  });
});

describe('the programs of docs/testing.md: checkers', () => {
  it('history', async () => {
    // #region history
    const history = new History<RegisterOp<number>, RegisterResult<number>>();
    const faults = plan().at('message.send', { path: 'app/stock' }).probability(0.2).delay(30);
    await simulate({ seed: 7, plan: faults, twice: false }, async (sim) => {
      const { stock: ref } = (await sim.start({ children: { stock } })).children;
      const client = async (name: string, own: number) => {
        for (let value = own; value < own + 5; value += 1) {
          const set = () => ref.call('set', value, { timeoutMs: 20 });
          await history.run(name, { type: 'write', value }, set).catch(() => {}); // late: may have happened
          await history.run(name, { type: 'read' }, () => ref.call('get'));
        }
      };
      await Promise.all([client('a', 10), client('b', 20), client('c', 30)]);
    });
    expect(history).to.be.linearizable(registerModel(0));
    // #endregion
    expect(history.operations.some(({ outcome }) => outcome === 'unknown')).to.equal(true);
  });

  it('shows a violation as the page does', () => {
    const history = new History<RegisterOp<number>, RegisterResult<number>>();
    const write = history.invoke('a', { type: 'write', value: 5 });
    history.invoke('b', { type: 'read' }).ok(5);
    write.ok(undefined);
    history.invoke('b', { type: 'read' }).ok(0);
    const verdict = checkLinearizability(history, registerModel(0));
    expect(page).to.include((verdict as { text: string }).text);
  });

  it('session', async () => {
    // #region session
    const faults = plan().at('store.reply', { message: 'commit' }).probability(0.3).throw('unavailable');
    await simulate({ seed: 3, plan: faults }, async (sim) => {
      const app = await sim.start({ children: { ophion: ophion() } });
      const provider = bridgedState().connect({ system: app.system, root: 'app/ophion' });
      const session = await provider.open('s');
      const check = new WatchCheck();
      const watching = new AbortController();
      const watched = (async () => {
        for await (const event of session.watch({ signal: watching.signal })) check.see(event);
      })().catch(() => {});

      const history = new History<VariablesOp, VariablesResult>();
      await recordedSession(history, 'test', session).commit({ declare: declare({ n: integer() }) });
      // As a client that may lose the reply to a commit.
      const cut = await sim.store(provider).find('s');
      const client = async (name: string) => {
        const own = recordedSession(history, name, cut);
        for (let n = 0; n < 5; n += 1) {
          await own.commit({ set: { n } }).catch(() => {});
          await own.read();
        }
      };
      await Promise.all([client('a'), client('b')]);
      await sim.settle();
      expect(history).to.be.linearizable(variablesModel());
      expect(check.compare(await session.read())).to.deep.equal([]); // and no gap, no double, no wrong order
      watching.abort();
      await watched;
    });
    // #endregion
  });

  it('what if', async () => {
    // #region sandbox
    await using app = await startSupervisor({ runtime: nodeRuntime({ log: () => {} }), children: { stock } });
    await app.children.stock.call('set', 5);
    const { actors, replies, notes } = await sandbox(app, {
      plan: rules(catalogue.actor.throwOnNth({ path: 'app/stock', nth: 2 })),
      send: [
        { to: 'app/stock', message: 6, as: { kind: 'call', name: 'set' } },
        { to: 'app/stock', message: undefined, as: { kind: 'call', name: 'get' }, atMs: 100 },
      ],
    });
    expect(actors).to.deep.equal([{ path: 'app/stock', before: 5, after: 0, restarts: 1, ended: undefined }]);
    expect(replies[1]).to.have.property('error'); // the second message was its end
    expect(notes).to.deep.equal([]); // what is other in the sandbox than it was
    expect(await app.children.stock.call('get')).to.equal(5);
    // #endregion
  });

  it('checks', async () => {
    // #region checks
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: {} });
      const supervision = new SupervisionCheck(app.system); // before what is to be judged
      const outcomes = new OutcomeCheck();
      await app.startChild({ id: 'shop', logic: supervisor({ strategy: 'one_for_all', children: { stock } }) });
      const ref = app.system.lookup('app/shop/stock');
      ref?.deliver({ kind: 'cast', name: 'boom', arg: undefined });
      await outcomes.call('a pause', () => sim.advance(10));
      expect(supervision.violations).to.deep.equal([]); // budgets, order, who is touched, DOWNs, orphans
      expect(outcomes.finish()).to.deep.equal([]); // each call ended once, no stream had a gap
    });
    // #endregion
  });
});

describe('the programs of docs/testing.md: mocha and chai', () => {
  // #region system
  const system = useSystem(() => supervisor({ children: { stock } })); // a tree for each test, stopped after it

  it('has a new stock after a crash', async () => {
    const { stock: ref } = system.current.children;
    await ref.call('set', 5);
    const restart = nextRestart(ref); // asked for before it is caused
    ref.cast('boom');
    const { before, after } = await restart;
    expect(before).to.have.exited({ reason: 'error' });
    expect(after).to.be.alive;
    expect(ref).to.have.restarted(1, { within: 5_000 });
    expect(system.current).to.have.childrenInOrder(['stock']);
    await expect(() => ref.call('get')).to.eventually.equal(0);
  });

  it('tells who asks how many there are', async () => {
    const asker = probe(system);
    system.current.children.stock.send(asker.ref);
    expect(await asker.next()).to.equal(0);
    asker.monitor(system.current.children.stock);
    system.current.children.stock.exit();
    expect(await asker.next((message: { type?: string }) => message.type === 'down')).to.have.property('pid');
  });
  // #endregion
});

const listed = (tasks: readonly string[]): string =>
  tasks
    .filter((task) => task !== 'off')
    .map((task) => `\`${task}\``)
    .join(' ');

describe('docs/testing.md', () => {
  it('names every point and all that can be done there', () => {
    const ofCode = [
      { point: '`faultPoint` of yours', tasks: codePointTasks },
      { point: '`fault_point` in Python', tasks: pythonPointTasks },
    ];
    for (const { point, tasks } of ofCode) expect(page).to.match(new RegExp(`${point} \\| ${listed(tasks)} \\|`));
    for (const { point, tasks } of faultPoints()) {
      expect(page).to.include(`| \`${point}\` | ${listed(tasks)} |`);
    }
  });

  it('names every entry of the catalogue', () => {
    for (const [layer, entries] of Object.entries(catalogue)) {
      const names = Object.keys(entries).map((name) => `\`${name}\``);
      expect(page).to.include(`| \`${layer}\` | ${names.join(' ')} |`);
    }
  });
});
