import { create, toBinary } from '@bufbuild/protobuf';
import { expect } from 'chai';
import type { Pid } from '../../../actors/core/index.ts';
import type { Exchange } from '../../../bridge/transport/exchanges.ts';
import { AttachResponseSchema, HelloSchema } from '../../../bridge/transport/gen/workers_pb.js';
import { defaultLimits } from '../../../bridge/transport/limits.ts';
import { Outbox } from '../../../bridge/transport/outbox.ts';
import { Stream } from '../../../bridge/transport/stream.ts';
import { bytes } from '../../helpers/wire-worker.ts';

const expected = {
  worker: { toString: () => 'w#1' } as Pid,
  workerId: 'w',
  incarnation: 1,
  token: 'secret',
  runId: 'run',
  pool: 'pool',
};
const { workerId, incarnation, token, runId } = expected;
const hello = (resumeFrom = 0) =>
  create(HelloSchema, { protocolVersion: 1, workerId, incarnation, token, runId, resumeFrom: BigInt(resumeFrom) });
const connected = () => {
  const stream = new Stream(expected, defaultLimits);
  stream.connect(hello());
  stream.next();
  return stream;
};
const open = (stream: Stream, payload: string) => stream.open([bytes(payload)], {}, () => {}) as Exchange;

describe('the outcome of an exchange that is lost', () => {
  it('is not started while no connection has carried the whole message that opens it', () => {
    const stream = connected();
    const small = open(stream, 'small');
    const large = open(stream, 'x'.repeat(200_000));
    expect(stream.outcome(small)).to.equal('not_started');
    stream.next();
    expect([stream.outcome(small), stream.outcome(large)]).to.deep.equal(['unknown', 'not_started']);
    for (let i = 0; i < 3; i += 1) stream.next();
    expect(stream.outcome(large)).to.equal('not_started');
    stream.next();
    expect(stream.outcome(large)).to.equal('unknown');
  });

  it('is not started again when the worker itself says, by where it resumes, that it never had it', () => {
    const stream = connected();
    const [one, two] = [open(stream, 'one'), open(stream, 'two')];
    stream.next();
    stream.disconnect();
    expect(stream.outcome(two)).to.equal('unknown');
    expect(stream.connect(hello(1))).to.equal(undefined);
    expect([stream.outcome(one), stream.outcome(two)]).to.deep.equal(['unknown', 'not_started']);
    stream.next();
    expect(stream.down().map(({ outcome }) => outcome)).to.deep.equal(['unknown', 'unknown']);
  });
});

describe('a batch', () => {
  it('is at most one frame in size, whatever the messages are, and loses none of them', () => {
    const outbox = new Outbox(defaultLimits);
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let sum = 0;
    for (let i = 0; i < 200; i += 1) {
      const size = Math.floor(random() ** 4 * 300_000);
      sum += size;
      outbox.put(Number.MAX_SAFE_INTEGER, new Uint8Array(size), true);
    }
    let heard = 0;
    for (let batch = outbox.next(); batch !== undefined; batch = outbox.next()) {
      const numbers = { acknowledged: 2n ** 60n, credit: 2n ** 60n };
      const message = create(AttachResponseSchema, { frames: [...batch.frames], ...numbers });
      expect(toBinary(AttachResponseSchema, message).length).to.be.at.most(defaultLimits.maxFrameBytes);
      for (const { body } of batch.frames) heard += body.case === 'envelope' ? body.value.payload.length : 0;
    }
    expect(heard).to.equal(sum);
  });

  it('has control frames first', () => {
    const stream = connected();
    open(stream, 'x');
    stream.drain();
    expect(stream.next()?.frames.map(({ body }) => body.case)).to.deep.equal(['drain', 'envelope']);
  });

  it('is not made for an acknowledgement alone before 128 frames, unless asked for', () => {
    const outbox = new Outbox(defaultLimits);
    const credit = defaultLimits.windowBytes;
    // The first one tells the worker what it may send.
    expect(outbox.next()).to.deep.equal({ frames: [], acknowledged: 0, credit });
    outbox.took(127, 10);
    expect(outbox.next()).to.equal(undefined);
    expect(outbox.next(true)).to.deep.equal({ frames: [], acknowledged: 127, credit });
    outbox.took(255, 10);
    expect(outbox.next()).to.deep.equal({ frames: [], acknowledged: 255, credit });
  });
});

describe('what waits for a worker', () => {
  it('is bounded: opening is refused first, then the worker is given up', () => {
    const limits = { ...defaultLimits, maxMessageBytes: 1000 };
    const stream = new Stream(expected, limits);
    stream.connect(hello());
    const refused = Array.from({ length: 6 }, () => stream.open([bytes('x'.repeat(1000))], {}, () => {})).filter(
      (one) => 'code' in one,
    );
    expect(refused.map((one) => (one as { code: string }).code)).to.deep.equal([
      'stream_full',
      'stream_full',
      'stream_full',
    ]);
    expect(stream.overfull).to.equal(false);
    for (let i = 0; i < 6; i += 1) stream.post([bytes('x'.repeat(1000))], () => {});
    expect(stream.overfull).to.equal(true);
  });
});
