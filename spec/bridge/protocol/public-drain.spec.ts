import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect } from 'chai';
import { declare, integer } from '../../../actors/state/index.ts';
import { decodeValue } from '../../../bridge/protocol/codec.ts';
import { ErrorInfoSchema } from '../../../bridge/protocol/gen/error_details_pb.js';
import { ToolService } from '../../../bridge/protocol/gen/tools_pb.js';
import { VariableService } from '../../../bridge/protocol/gen/variables_pb.js';
import { SupervisorRef } from '../../../supervisors/index.ts';
import { startBridge } from '../../helpers/bridge-system.ts';
import { rejection } from '../../helpers/rejection.ts';
import { startRemoteState } from '../../helpers/remote-state.ts';

const token = 'x'.repeat(40);
const as = { headers: { authorization: `Bearer ${token}` } };
const tokens = [{ name: 'me', token, scopes: ['call', 'read', 'write'] }] as const;

/** A bridge whose public port has this grace, a call that runs, and a watch. */
async function start(graceMs: number) {
  const t = await startBridge({ graceMs: 20, services: { port: 0, tokens, graceMs } });
  const { wire } = await t.worker();
  await t.state.open('s');
  const transport = createGrpcTransport({ baseUrl: (await t.publicPort.call('address')).url });
  const call = createClient(ToolService, transport).callTool({ call: { sessionId: 's', tool: 'rank' } }, as);
  const side = await wire.called('rank');
  const watch = createClient(VariableService, transport).watchVariables({ sessionId: 's' }, as);
  const events = watch[Symbol.asyncIterator]();
  // The snapshot: it is watched from here on.
  await events.next();
  return { t, call, side, events };
}

const drained = async (promise: Promise<unknown>) => {
  const error = ConnectError.from(await rejection(promise));
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
};

describe('a public port that stops', () => {
  it('ends watches at once, and lets a call that runs end in its own time', async () => {
    const { t, call, side, events } = await start(60_000);
    await using _ = t;
    const stopped = t.app.terminateChild('public');
    expect(await drained(events.next())).to.deep.equal([Code.Unavailable, 'DRAINING']);
    expect(side.cancelled).to.equal(undefined);
    side.answer('done');
    const { result } = await call;
    expect(result?.outcome.case === 'value' && decodeValue(result.outcome.value)).to.equal('done');
    await stopped;
  });

  it('ends what another host follows at once; its watches go on when there is a port again', async () => {
    const { there, provider, stop } = await startRemoteState({}, { graceMs: 60_000 });
    const session = await provider.open('s');
    await session.commit({ declare: declare({ n: integer() }) });
    const events = session.watch()[Symbol.asyncIterator]();
    await events.next();
    const next = events.next();
    // As long as something is followed the port would wait for its grace.
    const tree = new SupervisorRef(there.app.system, 'app/ophion');
    await tree.terminateChild('services');
    await tree.restartChild('services');
    await session.commit({ set: { n: 1 } });
    const { value } = await next;
    expect(value?.type === 'commit' && value.commit.revision).to.equal(2);
    await stop();
  });

  it('may have many requests under way without a warning of Node', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    await using t = await startBridge({ graceMs: 20, services: { port: 0, tokens, graceMs: 100 } });
    await t.state.open('s');
    const transport = createGrpcTransport({ baseUrl: (await t.publicPort.call('address')).url });
    const watches = Array.from({ length: 20 }, () =>
      createClient(VariableService, transport).watchVariables({ sessionId: 's' }, as)[Symbol.asyncIterator](),
    );
    await Promise.all(watches.map((events) => events.next()));
    const over = Promise.allSettled(watches.map((events) => events.next()));
    await t.app.terminateChild('public');
    await over;
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('tells a call that it is draining when the grace is over, before it cuts the connection', async () => {
    const { t, call } = await start(50);
    await using _ = t;
    const stopped = t.app.terminateChild('public');
    expect(await drained(call)).to.deep.equal([Code.Unavailable, 'DRAINING']);
    await stopped;
  });
});
