import { create } from '@bufbuild/protobuf';
import { expect } from 'chai';
import { exitReason, nodeRuntime, type Pid, server } from '../../../actors/core/index.ts';
import { FrameSchema } from '../../../bridge/transport/gen/workers_pb.js';
import { type LinksOptions, links, MemoryNetwork, type StreamNotice } from '../../../bridge/transport/index.ts';
import { dynamicSupervisor, startSupervisor } from '../../../supervisors/index.ts';
import { consumer, Notes } from '../../helpers/consumer.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { Signal } from '../../helpers/signal.ts';
import { bytes, expectation, text, token, turns, WireWorker } from '../../helpers/wire-worker.ts';

/** A worker actor that only writes down what links tells it. */
const listener = (notices: StreamNotice[], changed: Signal) =>
  server({
    init: () => 0,
    cast: { end: () => ({}) as never },
    info: (state, message) => {
      notices.push(message as StreamNotice);
      changed.fire();
      return state;
    },
  });

async function start(options: LinksOptions = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork(turns);
  const notes = new Notes();
  const app = await startSupervisor({
    runtime: nodeRuntime({ clock, log: () => {} }),
    maxRestarts: 100,
    children: {
      workers: dynamicSupervisor(),
      links: { logic: links, input: { listen: network.listen, ...options } },
      bridge: consumer(notes, 'app/links'),
    },
  });
  const { links: ref, bridge } = app.children;
  /** A worker that links expects, and its actor. */
  const worker = async (id = 'w') => {
    const notices: StreamNotice[] = [];
    const changed = new Signal();
    const logic = listener(notices, changed);
    const pid = (await app.children.workers.startChild({ id, logic, restart: 'temporary' })) as Pid;
    ref.cast('expect', expectation(pid));
    await changed.until(() => notices.some(({ type }) => type === 'stream.expected'));
    const heard = async (type: StreamNotice['type']) => {
      await changed.until(() => notices.some((notice) => notice.type === type));
      return notices.find((notice) => notice.type === type) as StreamNotice;
    };
    return { pid, stream: String(pid), notices, heard, wire: new WireWorker(network, expectation(pid)) };
  };
  /** A worker that is up. */
  const upWorker = async (id = 'w') => {
    const one = await worker(id);
    one.wire.hello();
    one.wire.ready();
    await one.heard('stream.ready');
    return one;
  };
  const open = (stream: string, payload: string, context: object, more: object = {}) =>
    bridge.cast('open', { stream, payload: bytes(payload), context, ...more });
  return {
    app,
    clock,
    network,
    notes,
    links: ref,
    bridge,
    worker,
    upWorker,
    open,
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

describe('links', () => {
  it('welcomes a worker that proves its token, and tells consumer and worker actor when it is ready', async () => {
    await using t = await start();
    const { wire, heard, pid, stream } = await t.worker();
    wire.hello();
    await wire.until(() => wire.kinds.includes('welcome'));
    expect(wire.kinds).to.deep.equal(['welcome']);
    await heard('stream.hello');
    wire.ready('what it offers', 3);
    expect(await heard('stream.ready')).to.include({ capacity: 3 });
    const up = await t.notes.nth('stream.up');
    expect(up).to.include({ stream, worker: pid, pool: 'pool', capacity: 3 });
    expect(text(up.catalog)).to.equal('what it offers');
  });

  for (const [what, wrong, refusal] of [
    ['a wrong token', { token: '0'.repeat(32) }, 'unauthenticated'],
    ['a token of another length', { token: 'short' }, 'unauthenticated'],
    ['another incarnation', { incarnation: 7 }, 'unauthenticated'],
    ['another protocol version', { protocolVersion: 99 }, 'failed_precondition'],
    ['a number that was never sent', { resumeFrom: 5 }, 'failed_precondition'],
  ] as const) {
    it(`refuses ${what} and leaves the place for the right worker`, async () => {
      await using t = await start();
      const { wire, heard } = await t.worker();
      wire.hello(wrong);
      await wire.until(() => wire.closed !== undefined);
      expect(wire.carrier.refusal?.code).to.equal(refusal);
      expect(wire.carrier.refusal?.message).to.not.include(token);
      wire.redial();
      wire.hello();
      wire.ready();
      await heard('stream.ready');
    });
  }

  it('refuses a connection whose first frame is no Hello, and one that says nothing', async () => {
    await using t = await start({ helloTimeoutMs: 100 });
    const { wire } = await t.worker();
    wire.ready();
    await wire.until(() => wire.closed !== undefined);
    expect(wire.carrier.refusal?.code).to.equal('invalid_argument');
    wire.redial();
    await t.links.call('status');
    t.clock.advance(100);
    await wire.until(() => wire.closed !== undefined);
    expect(wire.carrier.refusal?.code).to.equal('unauthenticated');
  });

  it('carries messages in order, in as few batches as it can, numbered from 1', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    wire.batches.length = 0;
    for (let i = 0; i < 100; i += 1) t.open(stream, `message ${i}`, { i });
    await wire.until(() => wire.heard.length === 100);
    expect(wire.heard.map(({ payload }) => payload)).to.deep.equal(
      Array.from({ length: 100 }, (_, i) => `message ${i}`),
    );
    expect(wire.heard.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(wire.heard.map(({ exchange }) => exchange)).to.deep.equal(Array.from({ length: 100 }, (_, i) => 2 * i + 1));
    expect(wire.batches).to.have.length(1);
  });

  it('sends what is alone before the event loop turns, and what comes while that is on its way in one batch', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    wire.batches.length = 0;
    /** How much has arrived when the event loop takes its next turn. */
    const thisTurn = () => new Promise<number>((seen) => setImmediate(() => seen(wire.heard.length)));
    const alone = thisTurn();
    t.open(stream, 'first', {});
    t.open(stream, 'with it', {});
    expect(await alone).to.equal(2);
    const behind = thisTurn();
    t.open(stream, 'second', {});
    expect(await behind).to.equal(2);
    t.open(stream, 'third', {});
    await wire.until(() => wire.heard.length === 4);
    expect(wire.batches.map(({ frames }) => frames)).to.deep.equal([2, 2]);
    wire.grant(0);
    await t.links.call('status');
    const again = thisTurn();
    t.open(stream, 'alone again', {});
    expect(await again).to.equal(5);
  });

  it('keeps an exchange until the worker ends it, and hands its context back with every message', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    const context = { call: 1 };
    t.open(stream, 'question', context, { key: 'k' });
    await wire.until(() => wire.heard.length === 1);
    wire.say(1, 'item');
    wire.say(1, 'answer', { end: true });
    wire.say(1, 'too late');
    const first = await t.notes.nth('exchange.message', 1);
    const second = await t.notes.nth('exchange.message', 2);
    expect(first).to.include({ exchange: 1, end: false, opened: false, context });
    expect(second).to.include({ exchange: 1, end: true, context });
    expect(text(second.payload)).to.equal('answer');
    t.links.cast('write', { key: 'k', payload: bytes('to nobody') });
    t.links.cast('post', { stream, payload: bytes('one-way') });
    await wire.until(() => wire.heard.length === 2);
    expect(wire.heard[1]).to.include({ exchange: 0, payload: 'one-way' });
    expect(t.notes.of('exchange.message')).to.have.length(2);
  });

  it('lets the worker open exchanges, which end with the host', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    wire.say(2, 'call back');
    const opened = await t.notes.nth('exchange.message');
    expect(opened).to.include({ exchange: 2, opened: true, context: undefined });
    const context = { task: 1 };
    t.links.cast('adopt', { stream, exchange: 2, context, key: 'mine' });
    wire.say(2, 'more');
    expect(await t.notes.nth('exchange.message', 2)).to.include({ opened: false, context });
    t.links.cast('write', { key: 'mine', payload: bytes('done'), end: true });
    await wire.until(() => wire.heard.length === 1);
    expect(wire.heard[0]).to.include({ exchange: 2, payload: 'done', end: true });
    wire.say(2, 'late cancel');
    wire.say(0, 'one-way');
    await t.notes.nth('message');
    expect(t.notes.of('exchange.message')).to.have.length(2);
  });

  it('cuts what is larger than a frame, and puts together what comes in pieces', async () => {
    await using t = await start({ limits: { maxFrameBytes: 1024, maxMessageBytes: 10_000 } });
    const { wire, stream } = await t.upWorker();
    const long = 'x'.repeat(5_000);
    t.open(stream, long, {});
    t.open(stream, 'y', {});
    await wire.until(() => wire.heard.length === 7);
    expect(wire.heard.map(({ more }) => more)).to.deep.equal([true, true, true, true, true, false, false]);
    expect(
      wire.heard
        .slice(0, 6)
        .map(({ payload }) => payload)
        .join(''),
    ).to.equal(long);
    wire.say(1, 'a', { more: true });
    wire.say(3, 'between', { end: true });
    wire.say(1, 'b', { more: true });
    wire.say(1, 'c', { end: true });
    expect(text((await t.notes.nth('exchange.message', 1)).payload)).to.equal('between');
    expect(text((await t.notes.nth('exchange.message', 2)).payload)).to.equal('abc');
  });

  it('refuses to open what is above the limits, and says that nothing was started', async () => {
    await using t = await start({ limits: { maxMessageBytes: 100, maxExchanges: 2 } });
    const { stream } = await t.upWorker();
    t.open(stream, 'x'.repeat(101), { n: 1 });
    t.open(stream, 'a', { n: 2 });
    t.open(stream, 'b', { n: 3 });
    t.open(stream, 'c', { n: 4 });
    t.open('nobody#1', 'd', { n: 5 });
    await t.notes.nth('exchange.lost', 3);
    const lost = t.notes.of('exchange.lost');
    expect(lost.map(({ context, outcome }) => [(context as { n: number }).n, outcome])).to.deep.equal([
      [1, 'not_started'],
      [4, 'not_started'],
      [5, 'not_started'],
    ]);
    expect(lost[0]?.reason).to.have.nested.property('error.code', 'message_too_large');
    expect(lost[1]?.reason).to.have.nested.property('error.code', 'too_many_exchanges');
    t.links.cast('write', { stream, exchange: 1, payload: bytes('x'.repeat(101)) });
    expect(await t.notes.nth('write.refused')).to.include({ exchange: 1 });
  });

  for (const [what, wrong] of [
    ['a gap in its numbers', (wire: WireWorker) => wire.say(0, 'x', { sequence: 9 })],
    ['an answer to nothing', (wire: WireWorker) => wire.say(11, 'x')],
    ['a message above the limit', (wire: WireWorker) => wire.say(0, 'x'.repeat(2000))],
    ['a second Hello', (wire: WireWorker) => wire.hello()],
  ] as const) {
    it(`gives up a worker that sends ${what}`, async () => {
      await using t = await start({ limits: { maxMessageBytes: 1000 } });
      const { wire, stream, heard } = await t.upWorker();
      t.open(stream, 'x', { call: 1 });
      await wire.until(() => wire.heard.length === 1);
      wrong(wire);
      expect(await heard('stream.closed')).to.have.nested.property('reason.error.code', 'protocol');
      expect(await t.notes.nth('exchange.lost')).to.include({ outcome: 'unknown' });
      await wire.until(() => wire.closed !== undefined);
    });
  }
});

describe('a frame of a kind that is not known', () => {
  it('is ignored and told, and the stream goes on', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    const told = new Promise<unknown>((resolve) => t.app.system.events.emitter.once('stream.unknown_frame', resolve));
    wire.send(create(FrameSchema));
    expect(await told).to.include({ type: 'stream.unknown_frame', stream });
    t.open(stream, 'one', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
  });
});

describe('a stream whose connection is lost', () => {
  it('goes on where it was when the worker dials again within the grace: nothing twice, nothing missing', async () => {
    await using t = await start();
    const { wire, stream, heard } = await t.upWorker();
    t.open(stream, 'one', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    wire.say(1, 'first');
    await t.notes.nth('exchange.message');
    wire.carrier.cut();
    await heard('stream.lost');
    t.open(stream, 'two', { n: 2 });
    t.clock.advance(1_999);
    wire.redial();
    // The worker does not know whether the host has its first frame: it says it again.
    wire.hello();
    wire.say(1, 'first', { sequence: 1 });
    wire.say(1, 'second', { end: true });
    await heard('stream.resumed');
    await wire.until(() => wire.heard.length === 2);
    expect(wire.heard.map(({ payload, sequence }) => [payload, sequence])).to.deep.equal([
      ['one', 1],
      ['two', 2],
    ]);
    await t.notes.nth('exchange.message', 2);
    t.clock.advance(10_000);
    wire.say(3, 'third', { end: true });
    await t.notes.nth('exchange.message', 3);
    expect(t.notes.of('exchange.message').map(({ payload }) => text(payload))).to.deep.equal([
      'first',
      'second',
      'third',
    ]);
    expect(t.notes.of('stream.down')).to.deep.equal([]);
  });

  it('sends again what the worker had not taken', async () => {
    await using t = await start();
    const { wire, stream, heard } = await t.upWorker();
    t.open(stream, 'one', {});
    t.open(stream, 'two', {});
    await wire.until(() => wire.heard.length === 2);
    wire.carrier.cut();
    await heard('stream.lost');
    wire.redial();
    wire.hello({ resumeFrom: 1 });
    await wire.until(() => wire.heard.length === 3);
    expect(wire.heard[2]).to.include({ sequence: 2, payload: 'two' });
  });

  it('replaces a connection that the host still takes for alive', async () => {
    await using t = await start();
    const { wire, stream, notices } = await t.upWorker();
    const old = wire.carrier;
    wire.redial();
    wire.hello();
    await wire.until(() => wire.kinds.filter((kind) => kind === 'welcome').length === 2);
    old.send({ frames: [], acknowledged: 0 });
    t.open(stream, 'x', {});
    await wire.until(() => wire.heard.length === 1);
    expect(notices.map(({ type }) => type)).to.not.include('stream.lost');
  });

  it('is given up after the grace: each exchange has its outcome before the stream is down', async () => {
    await using t = await start();
    const { wire, stream, heard, pid } = await t.upWorker();
    t.open(stream, 'sent', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    wire.carrier.cut();
    await heard('stream.lost');
    t.open(stream, 'never sent', { n: 2 });
    await t.links.call('status');
    t.clock.advance(2_000);
    await heard('stream.closed');
    await t.notes.nth('stream.down');
    const rows = t.notes.deliveries
      .slice(-3)
      .map((one) => [one.type, 'outcome' in one ? one.outcome : String((one as { worker: Pid }).worker)]);
    expect(rows).to.deep.equal([
      ['exchange.lost', 'unknown'],
      ['exchange.lost', 'not_started'],
      ['stream.down', String(pid)],
    ]);
    wire.redial();
    wire.hello();
    await wire.until(() => wire.closed !== undefined);
    expect(wire.carrier.refusal?.code).to.equal('unauthenticated');
  });
});

describe('a worker that is gone', () => {
  it('loses its exchanges with its reason and its last output, and whatever still comes from it is dropped', async () => {
    await using t = await start();
    const { wire, stream, pid } = await t.upWorker();
    t.open(stream, 'x', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    wire.say(1, 'an answer that is too late', { end: true });
    t.links.cast('forget', { worker: pid, reason: exitReason.osSignal('SIGSEGV'), lastOutput: 'segfault' });
    const lost = await t.notes.nth('exchange.lost');
    expect(lost).to.include({ outcome: 'unknown', lastOutput: 'segfault', by: 'host' });
    expect(lost.reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGSEGV' });
    await t.notes.nth('stream.down');
    await wire.until(() => wire.closed !== undefined);
    expect(t.notes.of('exchange.message')).to.deep.equal([]);
  });

  it('is gone when its actor is, however that ended', async () => {
    await using t = await start();
    const { pid } = await t.upWorker();
    await t.app.children.workers.terminateChild(pid);
    expect(await t.notes.nth('stream.down')).to.include({ worker: pid });
    expect((await t.links.call('status')).streams).to.deep.equal([]);
  });

  it('says Goodbye and may then leave: its connection ends in order and is no loss', async () => {
    await using t = await start();
    const { wire, heard, notices, pid } = await t.upWorker();
    t.links.cast('drain', { worker: pid });
    await wire.until(() => wire.kinds.includes('drain'));
    wire.say(0, 'last words');
    wire.control('goodbye', { $typeName: 'ophion.v1.Goodbye', reason: 'drained' });
    wire.carrier.end();
    expect(await heard('stream.goodbye')).to.include({ reason: 'drained' });
    await wire.until(() => wire.batches.at(-1)?.acknowledged === 1);
    wire.carrier.abort();
    await wire.until(() => wire.closed !== undefined);
    await t.links.call('status');
    expect(notices.map(({ type }) => type)).to.not.include('stream.lost');
  });
});

describe('an exchange with a time limit', () => {
  it('is lost when the worker has not ended it by then, and its late messages are dropped', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    t.open(stream, 'x', { n: 1 }, { timeoutMs: 500 });
    t.open(stream, 'y', { n: 2 }, { timeoutMs: 500 });
    await wire.until(() => wire.heard.length === 2);
    wire.say(3, 'in time', { end: true });
    await t.notes.nth('exchange.message');
    t.clock.advance(500);
    const lost = await t.notes.nth('exchange.lost');
    expect(lost).to.deep.include({ outcome: 'unknown', context: { n: 1 } });
    expect(lost.reason).to.have.nested.property('error.code', 'call_timeout');
    wire.say(1, 'late', { end: true });
    wire.say(0, 'one-way');
    await t.notes.nth('message');
    expect(t.notes.of('exchange.message')).to.have.length(1);
    expect(t.notes.of('exchange.lost')).to.have.length(1);
  });
});

describe('the consumer of links', () => {
  it('gets again, in order, what it had not acknowledged when it crashed, with the context', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    t.open(stream, 'x', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    t.notes.onDelivery = (delivery) => {
      if (delivery.type === 'exchange.message' && t.notes.starts === 1) throw new Error('before it acknowledged');
    };
    wire.say(1, 'one');
    wire.say(1, 'two', { end: true });
    await t.notes.nth('exchange.message', 3);
    expect(t.notes.starts).to.equal(2);
    const seen = t.notes
      .of('exchange.message')
      .map(({ payload, context, delivery }) => [text(payload), context, delivery]);
    expect(seen).to.deep.equal([
      ['one', { n: 1 }, 2],
      ['one', { n: 1 }, 2],
      ['two', { n: 1 }, 3],
    ]);
  });

  it('is told after a restart which streams are up, before anything else', async () => {
    await using t = await start();
    const { stream } = await t.upWorker();
    await t.notes.nth('stream.up');
    t.bridge.cast('crash');
    const again = await t.notes.nth('stream.up', 2);
    expect(again.stream).to.equal(stream);
    await t.links.call('status');
    expect(t.notes.of('stream.up')).to.have.length(2);
  });

  it('misses nothing that happened while it was away', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    t.open(stream, 'x', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    t.bridge.cast('crash');
    wire.say(1, 'meanwhile', { end: true });
    expect(await t.notes.nth('exchange.message')).to.deep.include({ context: { n: 1 } });
  });

  it('holds the workers back when it owes too much, without calling them stuck', async () => {
    await using t = await start({ maxDeliveries: 10 });
    const { wire, notices, heard } = await t.upWorker();
    t.notes.acknowledges = false;
    for (let i = 0; i < 50; i += 1) wire.say(0, `m${i}`);
    await heard('stream.paused');
    const { unacknowledged, paused } = await t.links.call('status');
    expect(paused).to.equal(true);
    expect(unacknowledged).to.be.lessThan(20 + 16);
    t.notes.acknowledges = true;
    t.links.cast('acknowledge', { delivery: unacknowledged });
    await t.notes.nth('message', 50);
    expect(t.notes.of('message').map(({ payload }) => text(payload))).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => `m${i}`),
    );
    expect(notices.map(({ type }) => type)).to.include('stream.unpaused');
  });
});

describe('a crash of links itself', () => {
  it('tells the consumer every exchange and stream that it lost, also those it had not taken yet', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    t.open(stream, 'x', { n: 1 });
    await wire.until(() => wire.heard.length === 1);
    // A message that it does not know ends it; what stands behind it in the mailbox is lost with it.
    t.links.send({ type: 'nonsense' });
    t.open(stream, 'y', { n: 2 });
    await t.notes.nth('exchange.lost', 2);
    const lost = t.notes.of('exchange.lost').map(({ context, outcome }) => [(context as { n: number }).n, outcome]);
    expect(lost).to.deep.equal([
      [1, 'unknown'],
      [2, 'not_started'],
    ]);
    expect(t.notes.of('stream.down')).to.have.length(1);
    await wire.until(() => wire.closed !== undefined);
  });
});
