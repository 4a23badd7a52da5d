import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { declare, integer } from '../../../actors/state/index.ts';
import { decodeValue, encodeMap } from '../../../bridge/protocol/codec.ts';
import { OutcomeState, ToolCallSchema, type ToolResult, ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import type { LocalToolContext } from '../../../bridge/protocol/index.ts';
import { isTraceparent } from '../../../bridge/protocol/trace.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

const secret = (name: string) => name.padEnd(32, '-');
const tokens = ['one', 'other'].map((name) => ({ name, token: secret(name), scopes: ['call', 'read'] as const }));
const as = (name = 'one') => ({ headers: { authorization: `Bearer ${secret(name)}` } });
const answerOf = (result: ToolResult | undefined) =>
  result?.outcome.case === 'value' ? decodeValue(result.outcome.value) : result?.outcome.value;
const codeOf = async (promise: Promise<unknown>) => ConnectError.from(await rejection(promise)).code;

describe('a call that a client gives a key', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let tools: ReturnType<typeof createClient<typeof ToolService>>;
  beforeEach(async () => {
    t = await startBridge({ graceMs: 20, services: { port: 0, tokens, graceMs: 200 } });
    ({ wire } = await t.worker());
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer() }) });
    const { url } = await t.publicPort.call('address');
    tools = createClient(ToolService, createGrpcTransport({ baseUrl: url }));
  });
  afterEach(() => t.app.stop());

  const call = (more: object = {}, args: Readonly<Record<string, unknown>> = {}) => ({
    call: create(ToolCallSchema, {
      sessionId: 's',
      tool: 'rank',
      arguments: encodeMap(args, 'arguments'),
      idempotencyKey: 'k',
      ...more,
    }),
  });
  const outcome = (key = 'k', name = 'one') => tools.getOutcome({ sessionId: 's', key }, as(name));

  it('runs once, however often it is made; its outcome can be asked for, and by nobody else', async () => {
    wire.onCall = (side) => side.answer({ run: wire.calls.length }, {}, { set: { n: 5 } });
    const first = await tools.callTool(call(), as());
    const second = await tools.callTool(call(), as());
    expect([answerOf(first.result), first.result?.committedRevision]).to.deep.equal([{ run: 1 }, 2n]);
    expect(second).to.deep.equal(first);
    const { state, result } = await outcome();
    expect([state, result]).to.deep.equal([OutcomeState.ENDED, first.result]);
    expect(await codeOf(outcome('k', 'other'))).to.equal(Code.NotFound);
    expect(answerOf((await tools.callTool(call(), as('other'))).result)).to.deep.equal({ run: 2 });
    expect(await codeOf(tools.callTool(call({}, { n: 2 }), as()))).to.equal(Code.Aborted);
  });

  it('goes on when the connection is lost in the middle, and has its outcome for who asks then', async () => {
    const gone = new AbortController();
    const lost = tools.callTool(call(), { ...as(), signal: gone.signal });
    const side = await wire.called('rank');
    gone.abort();
    expect(await codeOf(lost)).to.equal(Code.Canceled);
    expect((await outcome()).state).to.equal(OutcomeState.RUNNING);
    const again = tools.callTool(call(), as());
    side.answer('kept');
    expect(answerOf((await again).result)).to.equal('kept');
    expect(answerOf((await outcome()).result)).to.equal('kept');
    expect(wire.calls).to.have.length(1);
  });

  it('ends with the connection when it has none', async () => {
    const gone = new AbortController();
    const lost = tools.callTool(call({ idempotencyKey: '' }), { ...as(), signal: gone.signal });
    const side = await wire.called('rank');
    gone.abort();
    expect(await codeOf(lost)).to.equal(Code.Canceled);
    await wire.changed.until(() => side.cancelled !== undefined);
  });

  it('goes by its call_id when it has no other key', async () => {
    wire.onCall = (side) => side.answer(wire.calls.length);
    for (let n = 0; n < 2; n += 1) {
      const { result } = await tools.callTool(call({ idempotencyKey: '', callId: 'mine' }), as());
      expect(answerOf(result)).to.equal(1);
    }
    expect(answerOf((await outcome('mine')).result)).to.equal(1);
  });

  it('says what is known when nothing came of it', async () => {
    const lost = tools.callTool(call(), as());
    await wire.called('rank');
    const [worker] = t.pool.workers;
    t.lose(worker?.pid as never);
    expect(await codeOf(lost)).to.equal(Code.Unavailable);
    const { state, result } = await outcome();
    expect(state).to.equal(OutcomeState.UNKNOWN);
    expect(result?.outcome.case === 'fault' && result.outcome.value.code).to.equal('worker_lost');
    t.pool.workers.length = 0;
    expect(await codeOf(tools.callTool(call({ idempotencyKey: 'late', timeoutMs: 5 }), as()))).to.equal(
      Code.DeadlineExceeded,
    );
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    expect((await outcome('late')).state).to.equal(OutcomeState.NOT_STARTED);
    expect(await codeOf(outcome('never'))).to.equal(Code.NotFound);
    expect(await codeOf(outcome(''))).to.equal(Code.InvalidArgument);
  });

  it('finds its outcome with what it has written, when the host’s table has lost it', async () => {
    wire.onCall = (side) => side.answer('done', {}, { set: { n: 5 } });
    await tools.callTool(call(), as());
    t.app.system.tables.delete('app/bridge/outcomes');
    const { state, result } = await outcome();
    expect([state, answerOf(result), result?.committedRevision]).to.deep.equal([OutcomeState.ENDED, 'done', 2n]);
  });

  it('is one run of a TypeScript tool, too', async () => {
    let runs = 0;
    let release: (value: unknown) => void = () => {};
    const handler = () => {
      runs += 1;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
    const gone = new AbortController();
    const first = tools.callTool(call({ tool: 'local' }), { ...as(), signal: gone.signal });
    while (runs === 0) await new Promise(setImmediate);
    gone.abort();
    await rejection(first);
    const again = tools.callTool(call({ tool: 'local' }), as());
    while ((await outcome()).state !== OutcomeState.RUNNING) await new Promise(setImmediate);
    release({ n: 1 });
    expect(answerOf((await again).result)).to.deep.equal({ n: 1 });
    expect(answerOf((await outcome()).result)).to.deep.equal({ n: 1 });
    expect(runs).to.equal(1);
  });

  it('carries on the trace of its header, or begins one', async () => {
    wire.onCall = (side) => side.answer(side.call.traceparent);
    const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { headers } = as();
    const withHeader = await tools.callTool(call({ idempotencyKey: '' }), {
      headers: { ...headers, traceparent: given },
    });
    const carried = answerOf(withHeader.result) as string;
    expect(carried.slice(0, 36)).to.equal(given.slice(0, 36));
    expect(carried).to.not.equal(given);
    const begun = answerOf((await tools.callTool(call({ idempotencyKey: '' }), as())).result) as string;
    expect(isTraceparent(begun)).to.equal(true);
    const handler = (_: unknown, { traceparent }: LocalToolContext) => traceparent;
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
    const local = await tools.callTool(call({ tool: 'local', idempotencyKey: '', traceparent: given }), as());
    expect((answerOf(local.result) as string).slice(0, 36)).to.equal(given.slice(0, 36));
  });
});
