import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { type Frame, FrameSchema } from '../../../bridge/transport/gen/workers_pb.js';
import { type Batch, type Carrier, type CarrierName, listenOn, unixListen } from '../../../bridge/transport/index.ts';
import { Signal } from '../../helpers/signal.ts';
import { bytes, text } from '../../helpers/wire-worker.ts';
import { type CarrierKind, carrierKinds, type WorkerEnd } from '../../helpers/worker-ends.ts';

const envelope = (sequence: number, payload: Uint8Array, more = false): Frame =>
  create(FrameSchema, {
    sequence: BigInt(sequence),
    body: { case: 'envelope', value: { exchange: BigInt(2 * sequence + 1), payload, more, end: !more } },
  });
const progress = (what: string): Frame => create(FrameSchema, { body: { case: 'progress', value: { what } } });
const batchOf = (sequence: number, payload: string): Batch => ({
  frames: [envelope(sequence, bytes(payload))],
  acknowledged: sequence,
});
const payloads = (batches: readonly Batch[]) =>
  batches.flatMap(({ frames }) =>
    frames.map(({ body }) => (body.case === 'envelope' ? text(body.value.payload) : body.case)),
  );

/** The host's end of one connection, and all that it was told. */
class HostEnd {
  readonly carrier: Carrier;
  readonly batches: Batch[] = [];
  readonly told: string[] = [];
  readonly changed = new Signal();

  constructor(carrier: Carrier) {
    this.carrier = carrier;
    const tell = (what: string) => {
      this.told.push(what);
      this.changed.fire();
    };
    carrier.listen({
      batch: (batch) => {
        this.batches.push(batch);
        this.changed.fire();
      },
      drained: () => tell('drained'),
      ended: () => tell('ended'),
      closed: () => tell('closed'),
    });
  }

  until(holds: () => boolean): Promise<void> {
    return this.changed.until(holds);
  }
}

async function connected(kind: CarrierKind) {
  const { listen, dial } = kind.make();
  const changed = new Signal();
  let address: string | undefined;
  const hosts: HostEnd[] = [];
  const listener = listen({
    listening: (at) => {
      address = at;
      changed.fire();
    },
    accepted: (carrier) => {
      hosts.push(new HostEnd(carrier));
      changed.fire();
    },
    failed: (error) => {
      throw error;
    },
  });
  await changed.until(() => address !== undefined);
  const worker = dial(address as string);
  // A connection is there when something was said on it.
  worker.send({ frames: [progress('hello')], acknowledged: 0 });
  await changed.until(() => hosts.length === 1);
  const host = hosts[0] as HostEnd;
  await host.until(() => host.batches.length === 1);
  host.batches.length = 0;
  return {
    host,
    worker,
    address: address as string,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      worker.abort();
      await ended(worker);
    },
  };
}

const ended = async (worker: WorkerEnd) => {
  await worker.changed.until(() => worker.ending !== undefined);
  return worker.ending?.how;
};

for (const kind of carrierKinds) {
  describe(`a carrier: ${kind.name}`, () => {
    it('carries batches in order and whole, both ways, whatever is in them', async () => {
      await using t = await connected(kind);
      const large = new Uint8Array(65_000).map((_, i) => i);
      const frames = [progress('wörd'), envelope(1, large, true), envelope(2 ** 51, new Uint8Array())];
      const batch: Batch = { frames, acknowledged: 2 ** 40, credit: Number.MAX_SAFE_INTEGER };
      t.worker.send(batch);
      t.worker.send(batchOf(2, 'second'));
      await t.host.until(() => t.host.batches.length === 2);
      expect(t.host.batches[0]).to.deep.equal(batch);
      t.host.carrier.send(batch);
      t.host.carrier.send(batchOf(2, 'second'));
      await t.worker.changed.until(() => t.worker.batches.length === 2);
      expect(t.worker.batches[0]?.frames).to.deep.equal(frames);
      expect(t.worker.batches[0]).to.include({ acknowledged: 2 ** 40, credit: Number.MAX_SAFE_INTEGER });
      expect(payloads(t.worker.batches.slice(1))).to.deep.equal(['second']);
    });

    it('carries where a message lies that is too large for frames', async () => {
      await using t = await connected(kind);
      const file = { $typeName: 'ophion.v1.SpilledFile', folder: 1, name: 'w1' } as const;
      const frames = [{ case: 'file', value: file } as const, { case: 'transfer', value: 2n ** 40n } as const].map(
        (place, at) =>
          create(FrameSchema, {
            sequence: BigInt(at + 1),
            body: {
              case: 'envelope',
              value: { exchange: 4n, elsewhere: { place, lengths: [2n ** 31n, 0n, 5n] }, end: true },
            },
          }),
      );
      t.worker.send({ frames, acknowledged: 1 });
      await t.host.until(() => t.host.batches.length === 1);
      expect(t.host.batches[0]?.frames).to.deep.equal(frames);
      t.host.carrier.send({ frames, acknowledged: 1 });
      await t.worker.changed.until(() => t.worker.batches.length === 1);
      expect(t.worker.batches[0]?.frames).to.deep.equal(frames);
    });

    it('says when to wait while the worker does not read, and when to go on; nothing is lost', async () => {
      await using t = await connected(kind);
      t.worker.pause(true);
      const piece = 'x'.repeat(60_000);
      let sent = 1;
      while (t.host.carrier.send(batchOf(sent, piece))) {
        sent += 1;
        expect(sent, 'batches that were taken without a word').to.be.lessThan(1_000);
      }
      t.worker.pause(false);
      await t.host.until(() => t.host.told.includes('drained'));
      t.host.carrier.send(batchOf(sent + 1, 'last'));
      await t.worker.changed.until(() => t.worker.batches.length === sent + 1);
      expect(t.worker.batches.map(({ acknowledged }) => acknowledged)).to.deep.equal(
        Array.from({ length: sent + 1 }, (_, i) => i + 1),
      );
    });

    it('does not read while it is paused, and then hears everything in order', async () => {
      await using t = await connected(kind);
      t.host.carrier.pause();
      const count = 200;
      for (let i = 1; i <= count; i += 1) t.worker.send(batchOf(i, 'y'.repeat(30_000)));
      // Something that passes all the same shows that time was not the reason.
      t.host.carrier.send(batchOf(1, 'meanwhile'));
      await t.worker.changed.until(() => t.worker.batches.length === 1);
      expect(t.host.batches.length).to.be.lessThan(count);
      t.host.carrier.resume();
      await t.host.until(() => t.host.batches.length === count);
      expect(t.host.batches.map(({ acknowledged }) => acknowledged)).to.deep.equal(
        Array.from({ length: count }, (_, i) => i + 1),
      );
    });

    it('refuses with a reason, which the worker hears, and is over', async () => {
      await using t = await connected(kind);
      t.host.carrier.refuse({ code: 'unauthenticated', message: 'no worker with this token is expected' });
      expect(await ended(t.worker)).to.equal('refused');
      expect(t.worker.ending?.text).to.include('no worker with this token is expected');
      // Nothing that is said after it matters.
      t.host.carrier.send(batchOf(1, 'late'));
      t.host.carrier.abort();
      expect(t.worker.batches).to.deep.equal([]);
    });

    it('ends in order: what was sent arrives, and the worker knows that it was meant', async () => {
      await using t = await connected(kind);
      for (let i = 1; i <= 20; i += 1) t.host.carrier.send(batchOf(i, 'z'.repeat(10_000)));
      t.host.carrier.end();
      expect(await ended(t.worker)).to.equal('ended');
      expect(t.worker.batches).to.have.length(20);
    });

    it('tells that the worker has said everything, after all of it, and still carries what the host says', async () => {
      await using t = await connected(kind);
      t.worker.send(batchOf(1, 'last words'));
      t.worker.end();
      await t.host.until(() => t.host.told.includes('ended'));
      expect(payloads(t.host.batches)).to.deep.equal(['last words']);
      t.host.carrier.send(batchOf(1, 'goodbye'));
      await t.worker.changed.until(() => t.worker.batches.length === 1);
      t.host.carrier.end();
      expect(await ended(t.worker)).to.equal('ended');
    });

    it('tells once, and last, that the worker is lost', async () => {
      await using t = await connected(kind);
      t.worker.abort();
      await t.host.until(() => t.host.told.includes('closed'));
      t.host.carrier.end();
      t.host.carrier.abort();
      expect(t.host.told.filter((what) => what === 'closed')).to.have.length(1);
      expect(t.host.told.at(-1)).to.equal('closed');
    });

    it('breaks at once when it is aborted, and the worker takes that for a loss', async () => {
      await using t = await connected(kind);
      t.host.carrier.abort();
      expect(await ended(t.worker)).to.equal('lost');
      expect(t.host.carrier.send(batchOf(1, 'late'))).to.equal(true);
    });

    if (!kind.bytes) return;

    for (const [what, wrong] of [
      ['a number that does not end', [0x10, 0xff]],
      ['a field that is longer than the message', [0x0a, 0x7f, 0x08]],
      ['a frame that cannot be read', [0x0a, 0x02, 0x4a, 0x05]],
      ['a field of an unknown kind', [0x0f, 0x01]],
    ] as const) {
      it(`refuses ${what}, and tells`, async () => {
        await using t = await connected(kind);
        t.worker.sendBytes(Uint8Array.from(wrong));
        expect(await ended(t.worker)).to.equal('refused');
        await t.host.until(() => t.host.told.includes('closed'));
        expect(t.host.batches).to.deep.equal([]);
      });
    }

    it('reads over fields that it does not know', async () => {
      await using t = await connected(kind);
      // Field 15 of the batch, of a frame and of an envelope, as number, bytes, and fixed 4 and 8 bytes.
      const unknown = [0x78, 0x01, 0x7a, 0x02, 0x00, 0x00, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8];
      const inner = [0x08, 0x03, 0x12, 0x02, 0x68, 0x69, ...unknown];
      const frame = [0x08, 0x01, 0x4a, inner.length, ...inner, ...unknown];
      t.worker.sendBytes(Uint8Array.from([0x0a, frame.length, ...frame, ...unknown]));
      await t.host.until(() => t.host.batches.length === 1);
      expect(payloads(t.host.batches)).to.deep.equal(['hi']);
    });
  });
}

describe('the carrier of workers on this machine', () => {
  it('is chosen by name', () => {
    expect(() => listenOn('grpc')).to.not.throw();
    expect(() => listenOn('unix')).to.not.throw();
    expect(() => listenOn('pigeon' as CarrierName)).to.throw(SpecError, 'invalid_carrier');
  });

  it('has a bound for what is read at once, and says which option is wrong', () => {
    expect(() => unixListen({ maxBatchBytes: 2 ** 24 })).to.throw(SpecError, 'invalid_maxBatchBytes');
  });

  it('refuses a batch above its bound before it has read it', async () => {
    const kind = carrierKinds.find(({ name }) => name === 'unix') as CarrierKind;
    const small = { ...kind, make: () => ({ ...kind.make(), listen: unixListen({ maxBatchBytes: 1_000 }) }) };
    await using t = await connected(small);
    t.worker.sendBytes(new Uint8Array(2_000));
    expect(await ended(t.worker)).to.equal('refused');
    expect(t.worker.ending?.text).to.include('2000 bytes');
  });

  it('leaves no file behind', async () => {
    const kind = carrierKinds.find(({ name }) => name === 'unix') as CarrierKind;
    let folder = '';
    {
      await using t = await connected(kind);
      folder = dirname(t.address.slice('ophion+unix:'.length));
      expect(existsSync(folder)).to.equal(true);
    }
    expect(existsSync(folder)).to.equal(false);
  });
});
