import { expect } from 'chai';
import { exitReason, StateError, ToolError, WorkerLostError } from '../../../actors/core/index.ts';
import { declare, integer, type StateSession } from '../../../actors/state/index.ts';
import { ConflictPolicy, WriteMode } from '../../../bridge/protocol/gen/tools_pb.js';
import { callTool, streamTool } from '../../../bridge/protocol/index.ts';
import { outcomeOfKept, unpackKept } from '../../../bridge/protocol/kept-outcome.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

const spend = { name: 'spend', writes: WriteMode.WITH_RESULT };
const respend = { ...spend, name: 'respend', idempotent: true, onConflict: ConflictPolicy.RERUN };

describe('what a tool writes with its result', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let session: StateSession;
  beforeEach(async () => {
    t = await startBridge();
    ({ wire } = await t.worker({ tools: [spend, respend] }));
    session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1, max: 100 }), m: integer() }) });
  });
  afterEach(() => t.app.stop());

  const call = (tool = 'spend', more = {}) => callTool(t.names, { tool, sessionId: 's', ...more });
  const held = async () => {
    const { revision, variables } = await session.read();
    return { revision, n: variables[0]?.value };
  };

  it('is committed in one commit before the caller has the result, and says at which revision', async () => {
    wire.onCall = (side) => side.answer('done', {}, { set: { n: 2, m: 3 } });
    const outcome = await call().outcome;
    expect(outcome).to.deep.include({ value: 'done', revision: 1, committed: 2 });
    expect(await held()).to.deep.equal({ revision: 2, n: 2 });
    const changes = await session.changes({ epoch: (await session.read()).epoch, revision: 1 });
    expect(changes.type === 'commits' && changes.commits[0]?.writer).to.equal(outcome.worker);
  });

  it('is not committed when the tool raises', async () => {
    wire.onCall = (side) => side.fault({ code: 'tool_failed', message: 'no' });
    expect(await rejection(call().outcome)).to.be.instanceOf(ToolError);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
  });

  it('is not committed when its worker is lost before it answers', async () => {
    const { wire: other, pid } = await t.worker({ tools: [{ name: 'elsewhere', writes: WriteMode.WITH_RESULT }] });
    t.pool.workers.splice(0, 1);
    const lost = rejection(call('elsewhere').outcome);
    await other.called('elsewhere');
    t.lose(pid, exitReason.osSignal('SIGKILL'));
    expect(await lost).to.be.instanceOf(WorkerLostError);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
  });

  it('is refused whole, and is the error of the call, when a variable does not take its value', async () => {
    wire.onCall = (side) => side.answer('done', {}, { set: { m: 5, n: 101 } });
    const error = (await rejection(call().outcome)) as StateError;
    expect(error.code).to.equal('invalid');
    expect(error.message).to.match(/'n'.*100/);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
  });

  it('is a conflict when it was read and changed by somebody else meanwhile', async () => {
    wire.onCall = (side) =>
      void session.commit({ set: { n: 50 } }).then(() => side.answer('x', {}, { set: { n: 2 }, expect: { n: 1 } }));
    const error = (await rejection(call().outcome)) as StateError;
    expect(error).to.be.instanceOf(StateError).with.property('code', 'conflict');
    expect(error.details.conflicts).to.deep.equal([{ name: 'n', expected: 1, actual: 2 }]);
    expect(await held()).to.deep.equal({ revision: 2, n: 50 });
    expect(wire.calls).to.have.length(1);
  });

  it('is made anew by another run of a tool that wants so after a conflict', async () => {
    const conflicts: unknown[] = [];
    t.app.system.events.onAll((event) => event.type === 'tool.conflicted' && conflicts.push(event));
    wire.onCall = (side) => {
      const writes = { set: { n: (side.variables().n as number) + 1 }, expect: { n: side.revision } };
      const first = wire.calls.length === 1;
      void (first ? session.commit({ set: { n: 50 } }) : Promise.resolve()).then(() => side.answer('x', {}, writes));
    };
    const outcome = await call('respend').outcome;
    expect(outcome).to.deep.include({ attempts: 2, committed: 3 });
    expect(await held()).to.deep.equal({ revision: 3, n: 51 });
    expect(conflicts).to.have.length(1);
  });

  it('is given up after as many conflicts as the call has attempts', async () => {
    wire.onCall = (side) => side.answer('x', {}, { set: { n: 2 }, expect: { n: 77 } });
    const handle = callTool(t.names, { tool: 'respend', sessionId: 's' }, { maxAttempts: 2 });
    expect(await rejection(handle.outcome)).to.have.property('code', 'conflict');
    expect(wire.calls).to.have.length(2);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
  });

  it('is committed at the end of a stream, behind its items', async () => {
    wire.onCall = (side) => {
      side.item('a');
      void held().then(({ revision }) => side.answer(revision, {}, { set: { n: 7 } }));
    };
    const stream = streamTool(t.names, { tool: 'spend', sessionId: 's' });
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    expect(items).to.deep.equal(['a']);
    expect(await stream.outcome).to.deep.include({ value: 1, committed: 2 });
    expect(await held()).to.deep.equal({ revision: 2, n: 7 });
  });

  it('of a stream is not committed before its reader has taken the last item, and not at all when he leaves', async () => {
    wire.onCall = (side) => {
      for (const item of ['a', 'b', 'c']) side.item(item);
      side.answer('end', {}, { set: { n: wire.calls.length + 1 } });
    };
    const open = () => streamTool(t.names, { tool: 'spend', sessionId: 's' }, { window: 10 });
    const read = open();
    expect((await read.next()).value).to.equal('a');
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
    expect([(await read.next()).value, (await read.next()).value]).to.deep.equal(['b', 'c']);
    expect((await read.next()).done).to.equal(true);
    expect(await held()).to.deep.equal({ revision: 2, n: 2 });
    const left = open();
    expect((await left.next()).value).to.equal('a');
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    await left.return();
    expect((await left.settled()).kind).to.equal('unknown');
    const calls = t.app.system.tables.get('app/bridge/calls') as ReadonlyMap<string, unknown>;
    while (calls.size > 0) await new Promise(setImmediate);
    expect(await held()).to.deep.equal({ revision: 2, n: 2 });
  });

  it('is not made anew once an item of the stream was read: the conflict is its error', async () => {
    wire.onCall = (side) => {
      side.item('a');
      side.answer('x', {}, { set: { n: 2 }, expect: { n: 77 } });
    };
    const stream = streamTool(t.names, { tool: 'respend', sessionId: 's' });
    expect(await stream.next()).to.deep.equal({ done: false, value: 'a' });
    expect(await rejection(stream.next())).to.have.property('code', 'conflict');
    expect(wire.calls).to.have.length(1);
  });

  it('is dropped when the caller gave up before the answer came', async () => {
    const handle = call();
    const side = await wire.called('spend');
    handle.cancel(new Error('enough'));
    await rejection(handle.outcome);
    side.answer('late', {}, { set: { n: 9 } });
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    expect(await held()).to.deep.equal({ revision: 1, n: 1 });
  });

  it('lies with the outcome in one commit, under a key of the call', async () => {
    wire.onCall = (side) => side.answer({ left: 3 }, { cost: 2 }, { set: { n: 2 } });
    const handle = call();
    const outcome = await handle.outcome;
    const kept = await session.outcome(`call:${handle.id}`);
    expect(kept?.commit.revision).to.equal(2);
    const again = outcomeOfKept(unpackKept(kept?.outcome as Uint8Array));
    expect(again).to.deep.equal({ ...outcome, committed: 0 });
  });

  it('leaves a result that is too large to be kept where it is, and says so where it is asked for again', async () => {
    wire.onCall = (side) => side.answer(new Uint8Array(2 ** 21), {}, { set: { n: 2 } });
    const handle = call();
    expect((await handle.outcome).value).to.have.length(2 ** 21);
    const kept = await session.outcome(`call:${handle.id}`);
    expect(outcomeOfKept(unpackKept(kept?.outcome as Uint8Array))).to.have.property('code', 'too_large');
  });

  it('cannot be written without a session', async () => {
    wire.onCall = (side) => side.answer('done', {}, { set: { n: 2 } });
    const error = await rejection(callTool(t.names, { tool: 'spend' }).outcome);
    expect(error).to.have.property('code', 'protocol');
  });
});
