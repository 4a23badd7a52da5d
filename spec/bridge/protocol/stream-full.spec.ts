import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { encodeMap } from '../../../bridge/protocol/codec.ts';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { ToolCallSchema, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import { callTool } from '../../../bridge/protocol/tool-calls.ts';
import { StreamFullError } from '../../../bridge/transport/index.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { rejection } from '../../helpers/rejection.ts';

const token = 't'.repeat(32);
const options = { headers: { authorization: `Bearer ${token}` } };

describe('a call of a tool on a worker whose stream takes no more', () => {
  let t: BridgeSystem;
  const start = async (limits: { readonly maxMessageBytes?: number; readonly maxExchanges?: number }) => {
    t = await startBridge({ limits, services: { port: 0, tokens: [{ name: 'me', token, scopes: ['call'] }] } });
  };
  afterEach(() => t.app.stop());

  const request = { tool: 'rank', arguments: { text: 'x'.repeat(700) } };
  /** A worker that has heard of so many calls and says nothing: so it has taken nothing. */
  const filled = async (calls = 4) => {
    const worker = await t.worker();
    for (let n = 1; n <= calls; n += 1) {
      void callTool(t.names, request).outcome.catch(() => {});
      await worker.wire.called('rank', n);
    }
    return worker;
  };

  it('is told which worker it is, how much may wait, and what to do; not that the worker was lost', async () => {
    await start({ maxMessageBytes: 1_000 });
    const { stream } = await filled();
    const call = callTool(t.names, request);
    const error = (await rejection(call.outcome)) as StreamFullError;
    expect(error).to.be.instanceOf(StreamFullError);
    expect(error).to.include({ code: 'stream_full', worker: stream, bound: 'maxMessageBytes', max: 4_000 });
    expect(error.held).to.be.within(2_800, 4_000);
    expect(error.message).to.equal(
      `${stream}: it has not taken ${error.held} bytes yet, and at most 4000 may wait for it; nothing was sent; ` +
        'try again later, use more workers, or raise limits.maxMessageBytes, a quarter of that',
    );
    expect(error.outcome).to.equal('not_started');
    expect((await call.settled()).kind).to.equal('not_started');
  });

  it('is told so of too many open calls as well', async () => {
    await start({ maxExchanges: 3 });
    const { stream } = await filled(3);
    const error = await rejection(callTool(t.names, request).outcome);
    expect(error).to.be.instanceOf(StreamFullError);
    expect(error).to.include({ code: 'too_many_exchanges', worker: stream, bound: 'maxExchanges', max: 3, held: 3 });
  });

  it('is tried again, as often as the call may be, and runs on another worker', async () => {
    await start({ maxMessageBytes: 1_000 });
    await filled();
    const repeats: unknown[] = [];
    t.app.system.events.onAll((event) => {
      const { type, outcome, attempt } = event as { type: string; outcome?: string; attempt?: number };
      if (type === 'tool.repeated') repeats.push([outcome, attempt]);
    });
    await rejection(callTool(t.names, request, { maxAttempts: 2 }).outcome);
    expect(repeats).to.deep.equal([['not_started', 1]]);
    const other = await t.worker();
    other.wire.onCall = (side) => side.answer('ok');
    // From the first repeat on the pool hands out the other one.
    t.app.system.events.onAll(({ type }) => {
      if (type === 'tool.repeated') t.pool.workers.splice(0, t.pool.workers.length - 1);
    });
    const { value, worker, attempts } = await callTool(t.names, request).outcome;
    expect([value, worker, attempts]).to.deep.equal(['ok', other.stream, 2]);
  });

  it('is an exhausted resource to a client of the public port, with when to come back', async () => {
    await start({ maxMessageBytes: 1_000 });
    const { stream } = await filled();
    const { url } = await t.publicPort.call('address');
    const client = createClient(ToolService, createGrpcTransport({ baseUrl: url }));
    const call = create(ToolCallSchema, { ...request, arguments: encodeMap(request.arguments, 'arguments') });
    const error = ConnectError.from(await rejection(client.callTool({ call }, options)));
    expect(error.code).to.equal(Code.ResourceExhausted);
    expect(error.findDetails(RetryInfoSchema)).to.have.length(1);
    expect(error.findDetails(ErrorInfoSchema)[0]).to.deep.include({ reason: 'OVERLOADED' });
    const facts = error.findDetails(ErrorInfoSchema)[0]?.metadata;
    expect(facts).to.deep.include({ code: 'stream_full', worker: stream, outcome: 'not_started', max: '4000' });
  });
});
