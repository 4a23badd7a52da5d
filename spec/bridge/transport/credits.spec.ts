import { expect } from 'chai';
import { nodeRuntime, type Pid, SpecError, server } from '../../../actors/core/index.ts';
import type { Liveness } from '../../../bridge/transport/gen/workers_pb.js';
import { type Limits, limitsOf, links, MemoryNetwork, type StreamNotice } from '../../../bridge/transport/index.ts';
import { dynamicSupervisor, startSupervisor } from '../../../supervisors/index.ts';
import { consumer, Notes } from '../../helpers/consumer.ts';
import { Signal } from '../../helpers/signal.ts';
import { bytes, expectation, turns, WireWorker } from '../../helpers/wire-worker.ts';

/** Small enough to reach, and four frames, as the least window is. */
const limits: Partial<Limits> = { maxFrameBytes: 1_024, maxMessageBytes: 10_000, windowBytes: 4_096 };
/** What an envelope counts besides its payload. */
const each = 64;

async function start(over: Partial<Limits> = {}) {
  const network = new MemoryNetwork(turns);
  const notes = new Notes();
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      workers: dynamicSupervisor(),
      links: { logic: links, input: { listen: network.listen, limits: { ...limits, ...over } } },
      bridge: consumer(notes, 'app/links'),
    },
  });
  const { links: ref, bridge } = app.children;
  const upWorker = async (id = 'w') => {
    const notices: StreamNotice[] = [];
    const changed = new Signal();
    const logic = server({
      init: () => 0,
      info: (state, message) => {
        notices.push(message as StreamNotice);
        changed.fire();
        return state;
      },
    });
    const pid = (await app.children.workers.startChild({ id, logic, restart: 'temporary' })) as Pid;
    const heard = async (type: StreamNotice['type']) => {
      await changed.until(() => notices.some((notice) => notice.type === type));
      return notices.find((notice) => notice.type === type) as StreamNotice;
    };
    ref.cast('expect', expectation(pid));
    await heard('stream.expected');
    const wire = new WireWorker(network, expectation(pid));
    wire.hello();
    wire.ready();
    await heard('stream.ready');
    return { stream: String(pid), wire, heard, notices };
  };
  const open = (stream: string, payload: string, context: object = {}) =>
    bridge.cast('open', { stream, payload: bytes(payload), context });
  return { notes, links: ref, upWorker, open, [Symbol.asyncDispose]: () => app.stop() };
}

const liveness = (rssBytes: number) =>
  ({
    $typeName: 'ophion.v1.Liveness',
    loopLagMs: 0,
    inFlight: [],
    rssBytes: BigInt(rssBytes),
    lease: 0n,
    leaseHeard: 0n,
  }) as Liveness;

describe('the credit that a worker gives the host', () => {
  it('holds envelopes back in order, never what is said about the stream itself', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    wire.grant(2 * (100 + each));
    for (let i = 0; i < 4; i += 1) t.open(stream, String(i).repeat(100));
    await wire.until(() => wire.heard.length === 2);
    t.links.cast('drain', { worker: (await t.notes.nth('stream.up')).worker });
    await wire.until(() => wire.kinds.includes('drain'));
    expect(wire.heard).to.have.length(2);
    wire.grant(3 * (100 + each));
    await wire.until(() => wire.heard.length === 3);
    wire.grant(10_000);
    await wire.until(() => wire.heard.length === 4);
    expect(wire.heard.map(({ payload }) => payload[0])).to.deep.equal(['0', '1', '2', '3']);
  });

  it('is none at all when the worker never says one', async () => {
    await using t = await start({ windowBytes: 1_000_000 });
    const { wire, stream } = await t.upWorker();
    for (let i = 0; i < 30; i += 1) t.open(stream, 'x'.repeat(1_000));
    await wire.until(() => wire.heard.filter(({ more }) => !more).length === 30);
  });

  it('leaves what it holds back not started, and refuses by name what is too much to hold', async () => {
    await using t = await start();
    const { wire, stream, heard } = await t.upWorker();
    wire.grant(1);
    await t.links.call('status');
    for (let i = 1; i <= 6; i += 1) t.open(stream, 'x'.repeat(9_000), { i });
    const refused = await t.notes.nth('exchange.lost');
    expect(refused).to.deep.include({ outcome: 'not_started', context: { i: 5 } });
    expect(refused.reason).to.have.nested.property('error.code', 'stream_full');
    // A worker that takes nothing at all is given up, by name.
    for (let i = 0; i < 6; i += 1) t.links.cast('post', { stream, payload: bytes('y'.repeat(9_000)) });
    expect(await heard('stream.closed')).to.have.nested.property('reason.error.code', 'stream_overfull');
    await t.notes.nth('stream.down');
    expect(t.notes.of('exchange.lost').map(({ outcome }) => outcome)).to.deep.equal(Array(6).fill('not_started'));
    expect(wire.heard).to.deep.equal([]);
  });

  it('goes on over a redial, and what is sent again counts once', async () => {
    await using t = await start();
    const { wire, stream, heard } = await t.upWorker();
    wire.grant(3 * (100 + each));
    for (let i = 0; i < 5; i += 1) t.open(stream, String(i).repeat(100));
    await wire.until(() => wire.heard.length === 3);
    wire.carrier.cut();
    await heard('stream.lost');
    wire.redial();
    wire.hello({ resumeFrom: 1 });
    await wire.until(() => wire.heard.length === 5);
    wire.grant(4 * (100 + each));
    await wire.until(() => wire.heard.length === 6);
    expect(wire.heard.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 2, 3, 4]);
  });
});

describe('the credit that the host gives a worker', () => {
  it('is a window beyond what the consumer has handled, and never goes back', async () => {
    await using t = await start();
    const { wire, stream } = await t.upWorker();
    await wire.until(() => wire.credit > 0);
    expect(wire.credit).to.equal(4_096);
    t.notes.acknowledges = false;
    for (let i = 0; i < 4; i += 1) wire.say(0, 'x'.repeat(960));
    await t.notes.nth('message', 4);
    // Something else is to be said, and the credit with it: nothing was handled.
    t.open(stream, 'a');
    await wire.until(() => wire.heard.length === 1);
    expect(wire.credit).to.equal(4_096);
    const { delivery } = await t.notes.nth('message', 3);
    t.links.cast('acknowledge', { delivery });
    await wire.until(() => wire.credit > 4_096);
    expect(wire.credit).to.equal(4_096 + 3 * 1_024);
  });

  it('comes back for the pieces of a large message as they come, so that it can be larger than the window', async () => {
    await using t = await start();
    const { wire } = await t.upWorker();
    for (let i = 0; i < 9; i += 1) {
      await wire.until(() => wire.credit >= (i + 1) * 1_024);
      wire.say(0, 'p'.repeat(960), { more: i < 8 });
    }
    expect((await t.notes.nth('message')).payload).to.have.length(9 * 960);
  });

  it('is kept: a worker that sends more is given up, by name', async () => {
    await using t = await start();
    const { wire, heard } = await t.upWorker();
    t.notes.acknowledges = false;
    for (let i = 0; i < 5; i += 1) wire.say(0, 'x'.repeat(960));
    const { reason } = (await heard('stream.closed')) as Extract<StreamNotice, { type: 'stream.closed' }>;
    expect(reason).to.have.nested.property('error.code', 'protocol');
    expect(reason).to.have.nested.property('error.message').that.includes('its credit was 4096');
  });

  it('is each worker’s own: one that has none left still says how it is, and the others go on', async () => {
    await using t = await start();
    const [slow, other] = [await t.upWorker('slow'), await t.upWorker('other')];
    t.notes.acknowledges = false;
    for (let i = 0; i < 4; i += 1) slow.wire.say(0, 'x'.repeat(960));
    await t.notes.nth('message', 4);
    slow.wire.control('liveness', liveness(7));
    expect(await slow.heard('stream.liveness')).to.include({ rssBytes: 7 });
    other.wire.say(0, 'hello');
    await t.notes.nth('message', 5);
    expect(slow.notices.map(({ type }) => type)).to.not.include('stream.paused');
  });
});

describe('the window', () => {
  it('has room for some frames, or the limits are wrong', () => {
    expect(() => limitsOf({ windowBytes: 1_000 })).to.throw(SpecError, 'invalid_windowBytes');
    expect(limitsOf().windowBytes).to.equal(4 * 1024 * 1024);
  });
});
