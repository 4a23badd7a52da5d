import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type ActorError,
  exitReason,
  nodeRuntime,
  type Pid,
  ProtocolError,
  server,
} from '../../../actors/core/index.ts';
import type { Elsewhere, Welcome } from '../../../bridge/transport/gen/workers_pb.js';
import { type Limits, type Listen, links, MemoryNetwork, type StreamNotice } from '../../../bridge/transport/index.ts';
import { elsewhere, type Parts, type Spill } from '../../../bridge/transport/spill.ts';
import { FileSpill } from '../../../bridge/transport/spill-files.ts';
import { dynamicSupervisor, startSupervisor } from '../../../supervisors/index.ts';
import { consumer, Notes } from '../../helpers/consumer.ts';
import { Signal } from '../../helpers/signal.ts';
import { spilledFiles } from '../../helpers/spilled-files.ts';
import { bytes, expectation, text, turns, WireWorker } from '../../helpers/wire-worker.ts';

/** Small enough to reach. */
const limits: Partial<Limits> = { maxMessageBytes: 1_000, maxPayloadBytes: 50_000, maxSpilledBytes: 60_000 };
const large = (letter: string, size = 20_000) => letter.repeat(size);
const never = new AbortController().signal;

/** Holds back what it is told to do until `go`. */
class Held implements Spill {
  readonly #inner: Spill;
  readonly asked: string[] = [];
  readonly changed = new Signal();
  readonly #going: (() => void)[] = [];
  holds = false;

  constructor(inner: Spill) {
    this.#inner = inner;
  }

  get folders(): readonly string[] {
    return this.#inner.folders;
  }

  async put(parts: Parts, signal: AbortSignal): Promise<Elsewhere> {
    await this.#turn('put');
    return this.#inner.put(parts, signal);
  }

  async take(from: Elsewhere): Promise<Parts> {
    await this.#turn('take');
    return this.#inner.take(from);
  }

  drop(from: Elsewhere): void {
    this.#inner.drop(from);
  }

  close(): void {
    this.#inner.close();
  }

  /** Lets go what was held first. */
  async go(): Promise<void> {
    await this.changed.until(() => this.#going.length > 0);
    this.#going.shift()?.();
  }

  #turn(what: string): Promise<void> {
    this.asked.push(what);
    const turn = this.holds ? new Promise<void>((resolve) => this.#going.push(resolve)) : Promise.resolve();
    this.changed.fire();
    return turn;
  }
}

type Way = 'files' | 'transfers';

async function start(way: Way, over: Partial<Limits> = {}) {
  const network = new MemoryNetwork(turns);
  const held = new Map<string, Held>();
  const listen: Listen = (events) => {
    const inner = network.listen(events);
    if (way === 'files') return { close: inner.close };
    return {
      ...inner,
      transfers: {
        open: (expected, limits) => {
          const spill = new Held(inner.transfers?.open(expected, limits) as Spill);
          held.set(expected.worker.toString(), spill);
          return spill;
        },
      },
    };
  };
  const notes = new Notes();
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      workers: dynamicSupervisor(),
      links: { logic: links, input: { listen, limits: { ...limits, ...over } } },
      bridge: consumer(notes, 'app/links'),
    },
  });
  const { links: ref, bridge } = app.children;
  const upWorker = async (
    id = 'w',
    takes: object = way === 'files' ? { takesFiles: true } : { takesTransfers: true },
  ) => {
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
    wire.ready('catalog', 1, takes);
    await heard('stream.ready');
    const stream = String(pid);
    const welcome = wire.frames.find(({ body }) => body.case === 'welcome')?.body.value as Welcome;
    /** The worker's own end of where large payloads lie. */
    const own: Spill = way === 'files' ? new FileSpill(welcome.folders) : network.spillOf(stream);
    return {
      pid,
      stream,
      wire,
      heard,
      notices,
      welcome,
      own,
      held: held.get(stream) as Held,
      put: (...parts: string[]) => own.put(parts.map(bytes), never),
      /** What the n-th envelope carries, taken from where it lies. */
      taken: async (n = 1) => {
        await wire.until(() => wire.heard.length >= n);
        const { elsewhere: lies } = wire.heard[n - 1] as { elsewhere: Elsewhere };
        return (await own.take(lies)).map(text);
      },
    };
  };
  const open = (stream: string, payload: string, context: object = {}, more: object = {}) =>
    bridge.cast('open', { stream, payload: bytes(payload), context, ...more });
  const codeOf = async (n = 1) => {
    const { reason, outcome } = await notes.nth('exchange.lost', n);
    return [outcome, reason.kind === 'error' ? (reason.error as ActorError).code : reason.kind];
  };
  return { app, network, notes, links: ref, upWorker, open, codeOf, [Symbol.asyncDispose]: () => app.stop() };
}

for (const way of ['files', 'transfers'] as const) {
  describe(`a message too large for frames, by ${way}`, () => {
    afterEach(() => expect(spilledFiles()).to.deep.equal([]));

    it('goes both ways, with what it refers to by number, and counts as one envelope', async () => {
      await using t = await start(way);
      const w = await t.upWorker();
      t.open(w.stream, large('a'));
      expect(await w.taken()).to.deep.equal([large('a')]);
      t.open(w.stream, 'head', {}, { attachments: [bytes('one'), bytes(''), bytes('three')] });
      expect(await w.taken(2)).to.deep.equal(['head', 'one', '', 'three']);
      expect(w.wire.heard.map(({ payload, exchange }) => [payload, exchange])).to.deep.equal([
        ['', 1],
        ['', 3],
      ]);
      w.wire.sayElsewhere(1, await w.put('answer', large('b'), ''), { end: true });
      const { payload, attachments = [], spilledBytes, end } = await t.notes.nth('exchange.message');
      expect([text(payload), attachments.map(text), spilledBytes, end]).to.deep.equal([
        'answer',
        [large('b'), ''],
        20_006,
        true,
      ]);
      w.wire.sayElsewhere(0, await w.put(large('c')));
      expect(text((await t.notes.nth('message')).payload)).to.equal(large('c'));
    });

    it('is refused above its limit before anything is sent, and by a worker that takes none', async () => {
      await using t = await start(way);
      const w = await t.upWorker();
      t.open(w.stream, large('a', 50_001));
      expect(await t.codeOf()).to.deep.equal(['not_started', 'message_too_large']);
      t.open(w.stream, 'head', {}, { attachments: Array.from({ length: 1_025 }, () => bytes('x')) });
      expect(await t.codeOf(2)).to.deep.equal(['not_started', 'message_too_large']);
      const old = await t.upWorker('old', {});
      t.open(old.stream, large('a', 1_001));
      expect(await t.codeOf(3)).to.deep.equal(['not_started', 'message_too_large']);
      expect([w.wire.heard, old.wire.heard]).to.deep.equal([[], []]);
    });

    it('waits for others of its kind to be taken: their sum is bounded', async () => {
      await using t = await start(way);
      const w = await t.upWorker();
      for (let i = 0; i < 3; i += 1) t.open(w.stream, large('a'));
      await w.wire.until(() => w.wire.heard.length === 3);
      t.open(w.stream, large('b'));
      expect(await t.codeOf()).to.deep.equal(['not_started', 'stream_full']);
      expect(await t.links.call('status')).to.have.property('spilledBytes', 60_000);
      for (let n = 1; n <= 3; n += 1) await w.taken(n);
      // It acknowledges with whatever it says next.
      w.wire.say(2, 'done');
      await t.notes.nth('exchange.message');
      expect(await t.links.call('status')).to.have.property('spilledBytes', 0);
      t.open(w.stream, large('c'));
      expect(await w.taken(4)).to.deep.equal([large('c')]);
    });

    it('is there still when the connection was lost before the worker had heard of it', async () => {
      await using t = await start(way);
      const w = await t.upWorker();
      t.open(w.stream, large('a'));
      await w.wire.until(() => w.wire.heard.length === 1);
      w.wire.carrier.cut();
      await w.heard('stream.lost');
      w.wire.redial();
      w.wire.hello({ resumeFrom: 0 });
      expect(await w.taken(2)).to.deep.equal([large('a')]);
    });

    it('is gone with its worker, outcome unknown once it was sent', async () => {
      await using t = await start(way);
      const w = await t.upWorker();
      t.open(w.stream, large('a'));
      await w.wire.until(() => w.wire.heard.length === 1);
      t.links.cast('forget', { worker: w.pid, reason: exitReason.killed });
      expect(await t.codeOf()).to.deep.equal(['unknown', 'killed']);
      expect(await t.links.call('status')).to.have.property('spilledBytes', 0);
      while (spilledFiles().length > 0 || t.network.spillOf(w.stream).bytes > 0) await new Promise(setImmediate);
    });

    it('holds the workers back when the consumer owes too much of it', async () => {
      await using t = await start(way);
      t.notes.acknowledges = false;
      const w = await t.upWorker();
      for (let i = 1; i <= 3; i += 1) w.wire.sayElsewhere(2 * i, await w.put(large('a')));
      await t.notes.nth('exchange.message', 3);
      await w.heard('stream.paused');
      t.links.cast('acknowledge', { delivery: t.notes.of('exchange.message')[2]?.delivery as number });
      await w.heard('stream.unpaused');
    });

    for (const [what, wrong] of [
      ['is not there', async () => elsewhere(nowhere(way), [bytes('x')])],
      ['has no parts', async () => elsewhere(nowhere(way), [])],
      ['has another size', async (put: Put) => elsewhere((await put('abc')).place, [bytes('abcd')])],
      ['is above the limit', async () => elsewhere(nowhere(way), [new Uint8Array(50_001)])],
      ['lies nowhere', async () => elsewhere({ case: undefined }, [bytes('x')])],
    ] as const) {
      it(`ends the stream of a worker whose message ${what}`, async () => {
        await using t = await start(way);
        const w = await t.upWorker();
        w.wire.sayElsewhere(2, await wrong(w.put));
        const { reason } = (await w.heard('stream.closed')) as Extract<StreamNotice, { type: 'stream.closed' }>;
        expect(reason.kind === 'error' && reason.error).to.be.instanceOf(ProtocolError);
        expect(t.notes.of('exchange.message')).to.deep.equal([]);
      });
    }
  });
}

type Put = (...parts: string[]) => Promise<Elsewhere>;
const nowhere = (way: Way): Elsewhere['place'] =>
  way === 'files'
    ? { case: 'file', value: { $typeName: 'ophion.v1.SpilledFile', folder: 0, name: 'w99' } }
    : { case: 'transfer', value: 99n };

describe('a file that a worker says it has put', () => {
  for (const [what, spoil] of [
    ['vanished', (path: string) => rmSync(path)],
    ['was cut short', (path: string) => truncateSync(path, 1)],
  ] as const) {
    it(`and that ${what} ends its stream`, async () => {
      await using t = await start('files');
      const w = await t.upWorker();
      const lies = await w.put(large('a'));
      spoil(join(w.welcome.folders[0] as string, (lies.place.value as { name: string }).name));
      w.wire.sayElsewhere(2, lies);
      await w.heard('stream.closed');
      expect(t.notes.of('exchange.message')).to.deep.equal([]);
    });
  }

  it('is of this worker alone: another one has folders of its own', async () => {
    await using t = await start('files');
    const [one, other] = [await t.upWorker('one'), await t.upWorker('other')];
    expect(one.welcome.folders).to.not.have.members([...other.welcome.folders]);
    writeFileSync(join(one.welcome.folders[0] as string, 'w1'), 'x');
    const lies = elsewhere(
      { case: 'file', value: { $typeName: 'ophion.v1.SpilledFile', folder: 0, name: '../1/w1' } },
      [bytes('x')],
    );
    other.wire.sayElsewhere(2, lies);
    await other.heard('stream.closed');
    t.links.cast('forget', { worker: one.pid });
    while (spilledFiles().length > 0) await new Promise(setImmediate);
  });
});

describe('a message that is still on its way to where it will lie', () => {
  const held = async () => {
    const t = await start('transfers');
    const w = await t.upWorker();
    w.held.holds = true;
    return { t, w };
  };

  it('holds back its own exchange, and nobody else; a one-way one holds back all that follows', async () => {
    const { t, w } = await held();
    await using _ = t;
    t.open(w.stream, large('a'), {}, { key: 'a' });
    await w.held.changed.until(() => w.held.asked.length === 1);
    t.links.cast('write', { key: 'a', payload: bytes('behind a') });
    t.open(w.stream, 'small');
    await w.wire.until(() => w.wire.heard.length === 1);
    expect(w.wire.heard[0]).to.include({ exchange: 3, payload: 'small' });
    t.links.cast('post', { stream: w.stream, payload: bytes(large('p')) });
    await w.held.changed.until(() => w.held.asked.length === 2);
    t.open(w.stream, 'after the post');
    await w.held.go();
    await w.wire.until(() => w.wire.heard.length === 3);
    expect(w.wire.heard.slice(1).map(({ exchange, payload }) => [exchange, payload])).to.deep.equal([
      [1, ''],
      [1, 'behind a'],
    ]);
    await w.held.go();
    await w.wire.until(() => w.wire.heard.length === 5);
    expect(w.wire.heard.slice(3).map(({ exchange, payload }) => [exchange, payload])).to.deep.equal([
      [0, ''],
      [5, 'after the post'],
    ]);
  });

  it('keeps signs of life and other control frames from nothing', async () => {
    const { t, w } = await held();
    await using _ = t;
    t.links.cast('post', { stream: w.stream, payload: bytes(large('p')) });
    t.links.cast('drain', { worker: w.pid });
    await w.wire.until(() => w.wire.kinds.includes('drain'));
    expect(w.wire.heard).to.deep.equal([]);
  });

  it('is withdrawn by who wants it no more: the worker never hears of it, and it was not started', async () => {
    const { t, w } = await held();
    await using _ = t;
    t.open(w.stream, large('a'), {}, { key: 'a' });
    await w.held.changed.until(() => w.held.asked.length === 1);
    t.links.cast('write', { key: 'a', payload: bytes('cancel'), withdraw: true });
    expect(await t.codeOf()).to.deep.equal(['not_started', 'exit']);
    await w.held.go();
    t.open(w.stream, 'next', {}, { key: 'next' });
    await w.wire.until(() => w.wire.heard.length === 1);
    // One that has left is told so instead.
    t.links.cast('write', { key: 'next', payload: bytes('cancel next'), withdraw: true });
    await w.wire.until(() => w.wire.heard.length === 2);
    expect(w.wire.heard.map(({ payload }) => payload)).to.deep.equal(['next', 'cancel next']);
    expect(t.network.spillOf(w.stream).bytes).to.equal(0);
    expect(await t.links.call('status')).to.have.property('spilledBytes', 0);
  });

  it('is given up at its deadline, not started', async () => {
    const { t, w } = await held();
    await using _ = t;
    t.open(w.stream, large('a'), {}, { timeoutMs: 5 });
    expect(await t.codeOf()).to.deep.equal(['not_started', 'call_timeout']);
  });

  it('was not started when its worker is lost', async () => {
    const { t, w } = await held();
    await using _ = t;
    t.open(w.stream, large('a'));
    await w.held.changed.until(() => w.held.asked.length === 1);
    t.links.cast('forget', { worker: w.pid, reason: exitReason.killed });
    expect(await t.codeOf()).to.deep.equal(['not_started', 'killed']);
  });

  it('leaves the exchange open when it is an answer that cannot be put anywhere', async () => {
    const { t, w } = await held();
    await using _ = t;
    w.wire.say(2, 'ask');
    const { stream, exchange } = await t.notes.nth('exchange.message');
    w.held.put = () => Promise.reject(new Error('no place left'));
    t.links.cast('write', { stream, exchange, payload: bytes(large('a')), end: true });
    const { reason } = await t.notes.nth('write.refused');
    expect(reason.kind === 'error' && (reason.error as ActorError).code).to.equal('no_room');
    t.links.cast('write', { stream, exchange, payload: bytes('no room for it'), end: true });
    await w.wire.until(() => w.wire.heard.length === 1);
    expect(w.wire.heard[0]).to.include({ payload: 'no room for it', end: true });
  });
});

describe('a message that is still being taken from where it lies', () => {
  it('comes before what follows on its exchange, and keeps nobody else', async () => {
    await using t = await start('transfers');
    const w = await t.upWorker();
    w.held.holds = true;
    w.wire.sayElsewhere(2, await w.put(large('a')));
    w.wire.say(2, 'behind a');
    w.wire.say(4, 'small');
    const small = await t.notes.nth('exchange.message');
    expect(text(small.payload)).to.equal('small');
    await w.held.go();
    await t.notes.nth('exchange.message', 3);
    expect(t.notes.of('exchange.message').map(({ payload }) => text(payload))).to.deep.equal([
      'small',
      large('a'),
      'behind a',
    ]);
  });

  it('arrives although its worker has said Goodbye meanwhile', async () => {
    await using t = await start('transfers');
    const w = await t.upWorker();
    w.held.holds = true;
    const context = {};
    t.open(w.stream, 'ask', context);
    await w.wire.until(() => w.wire.heard.length === 1);
    w.wire.sayElsewhere(1, await w.put(large('a')), { end: true });
    w.wire.control('goodbye', { $typeName: 'ophion.v1.Goodbye', reason: 'done' });
    w.wire.carrier.end();
    await w.heard('stream.goodbye');
    expect(w.wire.closed).to.equal(undefined);
    await w.held.go();
    const answer = await t.notes.nth('exchange.message');
    expect([answer.context, text(answer.payload)]).to.deep.equal([context, large('a')]);
    expect(t.notes.of('exchange.lost')).to.deep.equal([]);
  });
});
