import { expect } from 'chai';
import { StateError, WorkerLostError } from '../../../actors/core/index.ts';
import { equalValues, Tensor } from '../../../actors/state/index.ts';
import { Attachments } from '../../../bridge/protocol/attachments.ts';
import { decodeValue, encodeValue } from '../../../bridge/protocol/codec.ts';
import { callTool } from '../../../bridge/protocol/index.ts';
import { workerMessage } from '../../../bridge/protocol/messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { rejection } from '../../helpers/rejection.ts';

const mib = 1024 * 1024;
const large = new Uint8Array(17 * mib).fill(7);

describe('large bytes in a value', () => {
  const detached = (value: unknown) => {
    const attachments = new Attachments();
    const wire = encodeValue(value, attachments);
    return { wire, beside: attachments.detach() };
  };

  it('go beside its message, as they are, and are read from there', () => {
    const value = { a: [large, new Uint8Array([1])], t: new Tensor('uint8', [17, mib], large) };
    const { wire, beside } = detached(value);
    expect(beside.map(({ length }) => length)).to.deep.equal([17 * mib, 17 * mib]);
    expect(beside[0] === large).to.equal(true);
    const read = decodeValue(wire, beside);
    expect(equalValues(read, value)).to.equal(true);
    expect((read as { a: unknown[] }).a[0] === large).to.equal(true);
  });

  for (const [what, value] of [
    ['below what goes in frames', new Uint8Array(15 * mib)],
    ['in many small pieces', Array.from({ length: 200 }, () => new Uint8Array(65_535))],
    ['that is text', 'x'.repeat(17 * mib)],
  ] as const) {
    it(`stay inside when they are better there: one ${what}`, () => {
      const { wire, beside } = detached(value);
      expect(beside).to.deep.equal([]);
      expect(equalValues(decodeValue(wire), value)).to.equal(true);
    });
  }

  it('are no more than a message may have', () => {
    const value = Array.from({ length: 1_030 }, () => new Uint8Array(65_536));
    const { wire, beside } = detached(value);
    expect(beside).to.have.length(1_024);
    expect(equalValues(decodeValue(wire, beside), value)).to.equal(true);
  });

  it('are not read from a place that the message does not have', () => {
    const { wire, beside } = detached(large);
    expect(() => decodeValue(wire)).to.throw('attachment 1');
    (wire.kind.value as { data: Uint8Array }).data = new Uint8Array(1);
    expect(() => decodeValue(wire, beside)).to.throw('attachment 1');
  });
});

describe('a call with large arguments', () => {
  let t: BridgeSystem;
  beforeEach(async () => {
    t = await startBridge();
  });
  afterEach(() => t[Symbol.asyncDispose]());

  const call = (options: Parameters<typeof callTool>[2] = {}, more: object = {}) =>
    callTool(t.names, { tool: 'rank', arguments: { data: large }, ...more }, options);

  it('sends them beside the message, and its worker may answer so', async () => {
    const { wire } = await t.worker({ takesTransfers: true });
    const outcome = call().outcome;
    const { exchange, args } = await wire.called('rank');
    expect([wire.heard[0]?.attachments[0] === large, args.data === large]).to.deep.equal([true, true]);
    const collected = new Attachments();
    const value = encodeValue([large], collected);
    const beside = collected.detach();
    const payload = workerMessage('result', {
      $typeName: 'ophion.v1.ToolResult',
      outcome: { case: 'value', value },
      revision: 0n,
      committedRevision: 0n,
    });
    const lies = await wire.spill.put([payload, ...beside]);
    wire.say(exchange, new Uint8Array(), true, lies);
    expect(((await outcome).value as Uint8Array[])[0] === large).to.equal(true);
  });

  it('sends them again to another worker when it may be repeated', async () => {
    const first = await t.worker({ takesTransfers: true });
    const outcome = call({}, { idempotent: true }).outcome;
    await first.wire.called('rank');
    const second = await t.worker({ takesTransfers: true });
    t.pool.workers.shift();
    t.lose(first.pid);
    const asked = await second.wire.called('rank');
    expect(second.wire.heard[0]?.attachments[0] === large).to.equal(true);
    asked.answer('done');
    expect(await outcome).to.include({ value: 'done', attempts: 2 });
  });

  it('is withdrawn when it is cancelled while they are on their way: its worker goes on, and never hears of it', async () => {
    const { wire } = await t.worker({ takesTransfers: true });
    let begun: () => void = () => {};
    const putting = new Promise<void>((resolve) => {
      begun = resolve;
    });
    wire.spill.put = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        begun();
      });
    const given = call();
    await putting;
    given.cancel(new Error('never mind'));
    expect((await rejection(given.outcome)).message).to.equal('never mind');
    await t.pool.changed.until(() => t.pool.checkins.length === 1);
    expect(t.pool.checkins[0]).to.include({ failed: false });
    const next = callTool(t.names, { tool: 'rank' }).outcome;
    (await wire.called('rank')).answer('next');
    expect(await next).to.include({ value: 'next' });
    expect(wire.heard.map(({ body }) => body.case)).to.deep.equal(['call']);
  });

  it('says so when they have no place to lie in, and the worker is not lost', async () => {
    const { wire } = await t.worker({ takesTransfers: true });
    wire.spill.put = () => Promise.reject(new Error('disk full'));
    const error = await rejection(call().outcome);
    expect(error).to.be.instanceOf(StateError).with.property('code', 'quota');
    expect(error.message).to.include('disk full').and.include('nothing was sent');
    expect(error).to.not.be.instanceOf(WorkerLostError);
  });

  it('is refused by name when its worker takes no files and no transfers', async () => {
    await t.worker();
    const error = await rejection(call().outcome);
    expect(error).to.be.instanceOf(StateError).with.property('code', 'too_large');
  });
});
