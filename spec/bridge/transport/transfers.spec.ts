import { expect } from 'chai';
import { ProtocolError } from '../../../actors/core/index.ts';
import type { TransferResponse } from '../../../bridge/transport/gen/workers_pb.js';
import { limitsOf } from '../../../bridge/transport/limits.ts';
import { elsewhere, type Spill } from '../../../bridge/transport/spill.ts';
import { TransferDesk, type TransferEvents } from '../../../bridge/transport/transfers.ts';
import { rejection } from '../../helpers/rejection.ts';
import { expectation, token } from '../../helpers/wire-worker.ts';

const worker = { path: 'w', incarnation: 1, toString: () => 'w#1' } as Parameters<typeof expectation>[0];
const limits = limitsOf({ maxMessageBytes: 1_000, maxPayloadBytes: 1_000_000, maxSpilledBytes: 1_000_000 });
const kib = 1024;
const never = new AbortController().signal;
type Case<B, C> = Extract<B, { case: C }> extends { value: infer V } ? V : never;

/** The worker's end of one connection. */
class Wire {
  readonly heard: TransferResponse['body'][] = [];
  refused: string | undefined;
  closed = false;
  /** How many frames it takes before it says that it is full. */
  room = Number.POSITIVE_INFINITY;
  readonly events: TransferEvents;

  constructor(desk: TransferDesk) {
    this.events = desk.accept({
      send: (body) => {
        this.heard.push(body);
        this.room -= 1;
        return this.room > 0;
      },
      refuse: (code) => {
        this.refused = code;
      },
      close: () => {
        this.closed = true;
      },
    });
  }

  hello(over: { workerId?: string; incarnation?: number; token?: string } = {}, ...taken: [number, number, boolean][]) {
    this.events.heard({
      case: 'hello',
      value: {
        $typeName: 'ophion.v1.TransferHello',
        workerId: 'w',
        incarnation: 1,
        token,
        taken: taken.map(had),
        ...over,
      },
    });
    return this;
  }

  chunk(transfer: number, offset: number, size: number, data: Uint8Array): void {
    const numbers = { transfer: BigInt(transfer), offset: BigInt(offset), size: BigInt(size) };
    this.events.heard({ case: 'chunk', value: { $typeName: 'ophion.v1.TransferChunk', ...numbers, data } });
  }

  has(transfer: number, bytes: number): void {
    this.events.heard({ case: 'taken', value: had([transfer, bytes, true]) });
  }

  of<C extends 'chunk' | 'taken' | 'dropped' | 'resume'>(kind: C): Case<TransferResponse['body'], C>[] {
    return this.heard.flatMap((body) => (body.case === kind ? [body.value as Case<TransferResponse['body'], C>] : []));
  }
}

const had = ([transfer, bytes, whole]: readonly [number, number, boolean]) => ({
  $typeName: 'ophion.v1.TransferTaken' as const,
  transfer: BigInt(transfer),
  bytes: BigInt(bytes),
  whole,
});
const transferOf = (number: number, ...sizes: number[]) =>
  elsewhere(
    { case: 'transfer', value: BigInt(number) },
    sizes.map((size) => new Uint8Array(size)),
  );

describe('transfers beside a stream', () => {
  const start = () => {
    const desk = new TransferDesk();
    const spill: Spill = desk.open(expectation(worker), limits);
    return { desk, spill, wire: () => new Wire(desk) };
  };

  for (const [what, said] of [
    ['a wrong token', { token: 'f'.repeat(31) }],
    ['no token', { token: '' }],
    ['another worker', { workerId: 'v' }],
    ['another incarnation', { incarnation: 2 }],
  ] as const) {
    it(`are refused to who greets with ${what}, and go on for the right worker`, async () => {
      const t = start();
      const right = t.wire().hello();
      const wrong = t.wire().hello(said);
      expect(wrong.refused).to.equal('unauthenticated');
      const putting = t.spill.put([new Uint8Array(5)], never);
      expect([wrong.heard.length, right.of('chunk').length]).to.deep.equal([0, 1]);
      right.has(1, 5);
      expect(await putting).to.deep.equal(transferOf(1, 5));
    });
  }

  it('are refused to who does not greet', () => {
    const t = start();
    const wire = t.wire();
    wire.chunk(1, 0, 5, new Uint8Array(5));
    expect(wire.refused).to.equal('unauthenticated');
  });

  it('send several payloads in turn, piece by piece, as fast as they are taken', async () => {
    const t = start();
    const wire = t.wire().hello();
    wire.room = 1;
    const [one, two] = [
      t.spill.put([new Uint8Array(10), new Uint8Array(300 * kib)], never),
      t.spill.put([new Uint8Array(300 * kib)], never),
    ];
    const pieces = () =>
      wire.of('chunk').map(({ transfer, offset, data }) => [transfer, offset, data.length].map(Number));
    expect(pieces()).to.deep.equal([[1, 0, 10]]);
    wire.room = Number.POSITIVE_INFINITY;
    wire.events.drained();
    expect(pieces().slice(1)).to.deep.equal([
      [1, 10, 256 * kib],
      [2, 0, 256 * kib],
      [1, 10 + 256 * kib, 44 * kib],
      [2, 256 * kib, 44 * kib],
    ]);
    wire.has(2, 300 * kib);
    wire.has(1, 10 + 300 * kib);
    expect(await Promise.all([one, two])).to.deep.equal([transferOf(1, 10, 300 * kib), transferOf(2, 300 * kib)]);
  });

  it('go on over the next connection from where the worker is', async () => {
    const t = start();
    const putting = t.spill.put([new Uint8Array(600 * kib)], never);
    const first = t.wire().hello();
    expect(first.of('chunk')).to.have.length(3);
    first.events.closed();
    const second = t.wire().hello({}, [1, 256 * kib, false]);
    expect(second.of('chunk').map(({ offset }) => Number(offset))).to.deep.equal([256 * kib, 512 * kib]);
    // What the older connection still says does not count.
    first.has(1, 600 * kib);
    second.events.closed();
    const third = t.wire().hello({}, [1, 600 * kib, true]);
    expect(third.of('chunk')).to.deep.equal([]);
    expect(await putting).to.deep.equal(transferOf(1, 600 * kib));
  });

  it('take a payload in pieces, over several connections, and give it on once', async () => {
    const t = start();
    const first = t.wire().hello();
    first.chunk(4, 0, 5, new Uint8Array([1, 2, 3]));
    expect(await rejection(t.spill.take(transferOf(4, 2, 3)))).to.be.instanceOf(ProtocolError);
    first.events.closed();
    const second = t.wire().hello();
    expect(second.of('resume')[0]?.taken).to.deep.equal([had([4, 3, false])]);
    second.chunk(4, 3, 5, new Uint8Array([4, 5]));
    expect(second.of('taken')).to.deep.equal([had([4, 5, true])]);
    expect(await rejection(t.spill.take(transferOf(4, 2, 4)))).to.be.instanceOf(ProtocolError);
    expect(await t.spill.take(transferOf(4, 2, 3))).to.deep.equal([new Uint8Array([1, 2]), new Uint8Array([3, 4, 5])]);
    expect(await rejection(t.spill.take(transferOf(4, 2, 3)))).to.be.instanceOf(ProtocolError);
  });

  it('tell the worker what was given up, again when it did not hear of it', async () => {
    const t = start();
    const giveUp = new AbortController();
    const first = t.wire().hello();
    const putting = t.spill.put([new Uint8Array(10)], giveUp.signal);
    giveUp.abort(new Error('nobody wants it'));
    expect(await rejection(putting)).to.have.property('code', 'cancelled');
    expect(first.of('dropped').map(({ transfer }) => Number(transfer))).to.deep.equal([1]);
    const whole = t.spill.put([new Uint8Array(10)], never);
    first.has(2, 10);
    t.spill.drop(await whole);
    const kept = t.spill.put([new Uint8Array(10)], never);
    first.has(3, 10);
    await kept;
    first.events.closed();
    const second = t.wire().hello({}, [1, 4, false], [2, 10, true], [3, 10, true]);
    expect(second.of('dropped').map(({ transfer }) => Number(transfer))).to.deep.equal([1, 2]);
  });

  it('forget what the worker has given up', async () => {
    const t = start();
    const wire = t.wire().hello();
    wire.chunk(4, 0, 900_000, new Uint8Array(10));
    wire.events.heard({ case: 'dropped', value: { $typeName: 'ophion.v1.TransferDropped', transfer: 4n } });
    wire.chunk(5, 0, 900_000, new Uint8Array(10));
    expect(wire.refused).to.equal(undefined);
    wire.events.closed();
    expect(t.wire().hello().of('resume')[0]?.taken).to.deep.equal([had([5, 10, false])]);
  });

  for (const [what, say] of [
    ['a payload above the limit', (wire: Wire) => wire.chunk(1, 0, 1_000_001, new Uint8Array(1))],
    [
      'more payloads than the limit',
      (wire: Wire) => {
        wire.chunk(1, 0, 600_000, new Uint8Array(1));
        wire.chunk(2, 0, 600_000, new Uint8Array(1));
      },
    ],
    ['a piece that does not begin at the beginning', (wire: Wire) => wire.chunk(1, 1, 5, new Uint8Array(1))],
    ['more than it had said', (wire: Wire) => wire.chunk(1, 0, 5, new Uint8Array(6))],
    ['another greeting', (wire: Wire) => wire.hello()],
    [
      'that it has more than there is',
      (wire: Wire, spill: Spill) => {
        spill.put([new Uint8Array(5)], never).catch(() => {});
        wire.has(1, 6);
      },
    ],
  ] as const) {
    it(`end with a worker that sends ${what}`, () => {
      const t = start();
      const wire = t.wire().hello();
      say(wire, t.spill);
      expect(wire.refused).to.equal('invalid_argument');
    });
  }

  it('end with the incarnation, and with the listener', async () => {
    const t = start();
    const wire = t.wire().hello();
    const putting = t.spill.put([new Uint8Array(10)], never);
    t.spill.close();
    expect(await rejection(putting)).to.have.property('code', 'cancelled');
    expect([wire.closed, t.wire().hello().refused]).to.deep.equal([true, 'unauthenticated']);
    const next = t.desk.open(expectation(worker), limits);
    const waiting = next.put([new Uint8Array(10)], never);
    t.desk.close();
    expect(await rejection(waiting)).to.have.property('code', 'cancelled');
  });
});
