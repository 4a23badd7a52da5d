import { expect } from 'chai';
import { WebSocket } from 'ws';
import { nextEvent } from '../../../devtools/index.ts';
import { type Delta, Replica, type TreeRow } from '../../../devtools/protocol/index.ts';
import { dynamicSupervisor, reply, type ServerRef, server } from '../../../index.ts';
import { until, useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({
  init: () => 0,
  call: { value: (count) => reply(count, count) },
  cast: {
    add: (count, by: number) => count + by,
    pass: (count, to: ServerRef<unknown>) => {
      (to as ServerRef<typeof counter>).cast('add', 1);
      return count;
    },
    boom: (): never => {
      throw new Error('boom');
    },
  },
});

interface Frame {
  readonly n: number;
  readonly delta?: Delta<'tree'>;
}

const shown = (rows: readonly TreeRow[]): string[] => rows.map(({ path, pid, status }) => `${path} ${pid} ${status}`);

describe('a watched view', () => {
  const test = useDevtools(() => ({ counter, many: dynamicSupervisor() }), { actions: true });

  it('begins with a snapshot, and is what a new snapshot is after a storm of short-lived actors', async function () {
    this.timeout(60_000);
    const query = { view: 'tree', open: 'all', limit: 1_000 } as const;
    const connection = await test.connect();
    const replica = new Replica<'tree'>();
    const watch = connection.viewer.watch<'tree'>(query, () => {});
    const { many } = test.app.children;
    for (let round = 0; round < 100; round += 1) {
      const pids = await Promise.all(
        Array.from({ length: 100 }, (_, nth) => many.startChild({ id: `s${round}-${nth}`, logic: counter })),
      );
      await Promise.all(pids.slice(1).map((pid) => many.terminateChild(pid as never)));
    }
    const fresh = await connection.viewer.get<'tree'>(query);
    replica.snapshot(1, fresh);
    await until<'tree'>(await test.connect(), query, ({ total }) => total === fresh.total);
    const same = await until<'tree'>(connection, query, (one) => one.total === fresh.total);
    expect(shown(same.list())).to.deep.equal(shown(replica.list()));
    expect(shown(watch.replica.list())).to.deep.equal(shown(replica.list()));
    expect(fresh.total).to.equal(103);
    watch.stop();
  });

  /** A viewer without any help: its texts, one by one. */
  async function bare() {
    const { target } = await test.connect();
    const socket = new WebSocket(`ws+unix://${target.socket}:/ws`, {
      headers: { authorization: `Bearer ${test.devtools.token}` },
    });
    const texts: string[] = [];
    let wake = () => {};
    socket.on('message', (data) => {
      texts.push(String(data));
      wake();
    });
    const next = async (kind: string): Promise<Frame> => {
      for (;;) {
        const at = texts.findIndex((text) => text.includes(`"${kind}"`));
        if (at >= 0) return JSON.parse(texts.splice(at, 1)[0] as string) as Frame;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    await next('hello');
    return { socket, texts, next, send: (message: object) => socket.send(JSON.stringify(message)) };
  }

  it('costs a viewer that takes nothing one difference, however much happens meanwhile', async () => {
    const connection = await test.connect();
    const slow = await bare();
    slow.send({ id: 1, watch: { view: 'tree', open: 'all' }, credit: 1 });
    await slow.next('snapshot');
    for (let nth = 0; nth < 5; nth += 1) {
      await test.app.children.many.startChild({ id: `n${nth}`, logic: counter });
      await until<'tree'>(connection, { view: 'tree', open: 'all' }, ({ total }) => total === nth + 4);
    }
    expect(slow.texts).to.deep.equal([]);
    slow.send({ id: 1, grant: 1 });
    const { delta } = await slow.next('delta');
    expect(delta?.keys).to.have.length(8);
    expect(delta?.folded).to.be.greaterThan(0);
    slow.socket.close();
  });

  it('goes on from its number on the next connection, without a snapshot', async () => {
    const first = await bare();
    first.send({ id: 1, watch: { view: 'tree', open: 'all' } });
    const { n } = await first.next('snapshot');
    first.socket.close();
    await test.app.children.many.startChild({ id: 'late', logic: counter });
    const second = await bare();
    second.send({ id: 1, watch: { view: 'tree', open: 'all' }, after: n });
    const { delta } = await second.next('delta');
    expect(delta?.from).to.equal(n);
    expect(delta?.keys).to.include('app/many/late');
    expect(second.texts).to.deep.equal([]);
    second.socket.close();
  });

  it('is told anew to who has a gap', async () => {
    const viewer = await bare();
    viewer.send({ id: 1, watch: { view: 'tree', open: 'all' } });
    const { n } = await viewer.next('snapshot');
    viewer.send({ id: 1, resync: true });
    expect((await viewer.next('snapshot')).n).to.be.at.least(n);
    viewer.socket.close();
  });

  it('is refused by name when there is none, and a text that is no message ends the connection', async () => {
    const viewer = await bare();
    viewer.send({ id: 7, watch: { view: 'nothing' } });
    expect((await viewer.next('error')) as unknown).to.deep.include({ id: 7 });
    const closed = new Promise<number>((resolve) => viewer.socket.once('close', resolve));
    viewer.socket.send('nonsense');
    expect(await closed).to.equal(1007);
  });

  it('ends with an error by name when what it shows is not there', async () => {
    const connection = await test.connect();
    const failed = await new Promise<string>((resolve) => {
      connection.viewer.watch(
        { view: 'actor', path: 'app/nobody' },
        () => {},
        ({ code }) => resolve(code),
      );
    });
    expect(failed).to.equal('not_found');
  });

  it('ends so too when that is known at the first look', async () => {
    const connection = await test.connect();
    const failed = await new Promise<string>((resolve) => {
      connection.viewer.watch(
        { view: 'crash', id: 1 },
        () => {},
        ({ code }) => resolve(code),
      );
    });
    expect(failed).to.equal('not_found');
  });

  it('puts no message into any mailbox', async () => {
    const connection = await test.connect();
    await test.app.children.counter.call('value');
    const { head } = await connection.viewer.get({ view: 'actor', path: 'app/counter' });
    await connection.viewer.get({ view: 'actor', path: 'app/counter' });
    expect(head.handled).to.equal(1);
    expect(test.app.children.counter.process?.handled).to.equal(1);
  });

  it('shows an actor that is stuck as it is', async () => {
    const connection = await test.connect();
    await connection.viewer.act({ do: 'suspend', path: 'app/counter' });
    test.app.children.counter.cast('add', 1);
    const { head } = await connection.viewer.get({ view: 'actor', path: 'app/counter' });
    expect(head).to.deep.include({ status: 'suspended', mailbox: 1 });
    await connection.viewer.act({ do: 'resume', path: 'app/counter' });
    expect(await test.app.children.counter.call('value')).to.equal(1);
  });
});

describe('a viewer', () => {
  const test = useDevtools(() => ({ counter }), { actions: true });

  it('has so many questions open at a time, and the next ones are refused by name', async () => {
    const [asking, other] = [await test.connect(), await test.connect()];
    await other.viewer.act({ do: 'suspend', path: 'app/counter' });
    const value = { do: 'send', path: 'app/counter', message: null, as: { kind: 'call', name: 'value' } } as const;
    const asked = Array.from({ length: 70 }, () => asking.viewer.act(value));
    const codes = await Promise.all(asked.slice(64).map((one) => one.catch(({ code }) => code)));
    expect(codes).to.deep.equal(codes.map(() => 'too_many'));
    await other.viewer.act({ do: 'resume', path: 'app/counter' });
    expect(await Promise.all(asked.slice(0, 64))).to.deep.equal(asked.slice(0, 64).map(() => 0));
    expect(await asking.viewer.act(value)).to.equal(0);
  });

  it('gets an export in pieces, and has it whole', async () => {
    const { viewer, target } = await test.connect();
    await viewer.act({ do: 'traceStart' });
    for (let nth = 0; nth < 500; nth += 1) test.app.children.counter.cast('add', 1);
    await test.app.children.counter.call('value');
    const socket = new WebSocket(`ws+unix://${target.socket}:/ws`, {
      headers: { authorization: `Bearer ${test.devtools.token}` },
    });
    let pieces = 0;
    await new Promise<void>((resolve) => {
      socket.on('open', () => socket.send(JSON.stringify({ id: 1, act: { do: 'export' } })));
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as { readonly part?: string; readonly result?: null };
        if (message.part !== undefined) pieces += 1;
        if (message.result === null) resolve();
      });
    });
    socket.close();
    expect(pieces).to.be.greaterThan(1);
    const lines = String(await viewer.act({ do: 'export' }))
      .trimEnd()
      .split('\n');
    const kinds = lines.map((text) => (JSON.parse(text) as { readonly record?: string }).record);
    expect(kinds.filter((kind) => kind === 'message')).to.have.length(501);
  });
});

describe('a message trace', () => {
  const test = useDevtools(() => ({ counter, other: counter }), { actions: true });

  it('has each message from its sending to its end, and what it led to', async () => {
    const { viewer } = await test.connect();
    const { counter: one, other } = test.app.children;
    await viewer.act({ do: 'traceStart', filter: { path: 'app/*' } });
    one.cast('pass', other as never);
    await one.call('value');
    await other.call('value');
    const { rows, head } = await viewer.get({ view: 'messages' });
    const passed = rows.map(([, row]) => row).find(({ name }) => name === 'add');
    expect(passed).to.deep.include({ from: 'app/counter#1', to: 'app/other#1', kind: 'cast', outcome: 'handled' });
    expect(passed?.tookMs).to.be.a('number');
    const cause = await viewer.get({ view: 'message', seq: passed?.cause as number });
    expect(cause.head).to.deep.include({ name: 'pass', from: 'outside' });
    expect(cause.rows.map(([, { name }]) => name)).to.deep.equal(['pass', 'add']);
    expect(head).to.deep.include({ running: true, dropped: 0 });
  });

  it('keeps what fits the filter alone, and finds failures', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'traceStart', filter: { path: 'app/other' } });
    const restarted = nextEvent(test.app as never, 'child.restarted');
    test.app.children.counter.cast('boom');
    test.app.children.other.cast('boom');
    await restarted;
    await test.app.children.other.call('value').catch(() => {});
    const { rows } = await viewer.get({ view: 'messages', filter: { failures: true } });
    expect(rows.map(([, { to, outcome, error }]) => [to, outcome, error])).to.deep.equal([
      ['app/other#1', 'crashed', 'Error: boom'],
    ]);
  });

  it('stops by itself at its limit, and says why', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'traceStart', max: 3 });
    for (let by = 0; by < 10; by += 1) test.app.children.counter.cast('add', by);
    await test.app.children.counter.call('value');
    const { head, total } = await viewer.get({ view: 'messages' });
    expect(head).to.deep.include({ running: false, stopped: 'count', recorded: 3 });
    expect(total).to.equal(3);
    expect(test.app.system.tracer).to.equal(undefined);
  });

  it('follows what waits when it has all that it was to record, then it is over', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'suspend', path: 'app/counter' });
    await viewer.act({ do: 'traceStart', max: 2 });
    test.app.children.counter.cast('add', 1);
    test.app.children.other.cast('add', 1);
    test.app.children.other.cast('add', 1);
    const waiting = await viewer.get({ view: 'messages' });
    expect(waiting.head).to.deep.include({ running: true, stopped: 'count', recorded: 2 });
    expect(waiting.rows.map(([, { outcome }]) => outcome)).to.deep.equal(['handled', 'waiting']);
    await viewer.act({ do: 'resume', path: 'app/counter' });
    await test.app.children.counter.call('value');
    const { head, rows } = await viewer.get({ view: 'messages' });
    expect(head).to.deep.include({ running: false, stopped: 'count', recorded: 2 });
    expect(rows.map(([, { outcome }]) => outcome)).to.deep.equal(['handled', 'handled']);
    expect(test.app.system.tracer).to.equal(undefined);
  });

  it('says of what it could not follow to its end that this is not known', async () => {
    const { viewer } = await test.connect();
    const outcomes = async () => {
      const { rows } = await viewer.get({ view: 'messages' });
      return rows.map(([, { outcome }]) => outcome);
    };
    await viewer.act({ do: 'suspend', path: 'app/counter' });
    await viewer.act({ do: 'traceStart' });
    test.app.children.counter.cast('add', 1);
    await viewer.act({ do: 'traceStop' });
    expect(await outcomes()).to.deep.equal(['unknown']);
    expect(test.app.system.tracer).to.equal(undefined);
    const connection = await test.connect();
    await viewer.act({ do: 'traceStart', max: 1 });
    test.app.children.counter.cast('add', 1);
    await until<'messages'>(connection, { view: 'messages' }, ({ head }) => head?.running === false);
    expect(await outcomes()).to.deep.equal(['unknown']);
    await viewer.act({ do: 'resume', path: 'app/counter' });
    await test.app.children.counter.call('value');
    expect(await outcomes()).to.deep.equal(['unknown']);
    expect(test.app.system.tracer).to.equal(undefined);
  });

  it('of states has what each message changed', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'record', path: 'app/counter', on: true });
    test.app.children.counter.cast('add', 5);
    await test.app.children.counter.call('value');
    const { rows, head } = await viewer.get({ view: 'history', path: 'app/counter' });
    expect(rows.map(([, { label, state }]) => [label, state])).to.deep.equal([
      ['cast add', 5],
      ['as it was', 0],
    ]);
    expect(head.recording).to.equal(true);
    await viewer.act({ do: 'record', path: 'app/counter', on: false });
    expect(test.app.system.tracer).to.equal(undefined);
  });
});
