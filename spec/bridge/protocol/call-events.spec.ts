import { expect } from 'chai';
import type { AnyEvent } from '../../../actors/core/index.ts';
import { declare, integer } from '../../../actors/state/index.ts';
import {
  type BridgeEvent,
  callTool,
  faultOfTool,
  type LocalToolFunction,
  streamTool,
} from '../../../bridge/protocol/index.ts';
import { callLocalTool } from '../../../bridge/protocol/local-calls.ts';
import { workerMessage } from '../../../bridge/protocol/messages.ts';
import { encodePlan } from '../../../bridge/protocol/state-messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

type Of<T extends BridgeEvent['type']> = Extract<BridgeEvent, { readonly type: T }>;

describe('the events of a call', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let told: AnyEvent[];
  beforeEach(async () => {
    t = await startBridge();
    ({ wire } = await t.worker({ tools: ['rank', { name: 'tokens', stream: true }] }));
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    told = [];
    t.app.system.events.onAll((event) => {
      if (event.type.startsWith('tool.')) told.push(event);
    });
  });
  afterEach(() => t.app.stop());

  const types = () => told.map(({ type }) => type);
  const the = <T extends BridgeEvent['type']>(type: T): Of<T> => told.find((event) => event.type === type) as Of<T>;

  it('tell of each step, with one id, from when it is made until its caller has the outcome', async () => {
    wire.onCall = (side) => side.answer(7);
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const call = callTool(t.names, { tool: 'rank', sessionId: 's', traceparent: parent });
    await call.outcome;
    expect(types()).to.deep.equal([
      'tool.called',
      'tool.queued',
      'tool.granted',
      'tool.dispatched',
      'tool.answered',
      'tool.settled',
    ]);
    for (const event of told) expect(event).to.include({ callId: call.id, tool: 'rank' });
    expect(the('tool.called')).to.include({ sessionId: 's', stream: false, parent });
    expect(the('tool.queued')).to.include({ pool: 'qa', attempt: 1 });
    expect(the('tool.granted').worker).to.equal(the('tool.dispatched').worker);
    expect(the('tool.answered').error).to.equal(undefined);
    const { worker, ms, ...settled } = the('tool.settled');
    expect(worker).to.equal(the('tool.granted').worker);
    expect(ms).to.be.at.least(0);
    expect(settled).to.include({ attempts: 1, known: 'ended', error: undefined });
    expect(settled.traceparent).to.equal(the('tool.called').traceparent);
  });

  it('tell what a tool failed with, and what is known of a call that was given up', async () => {
    wire.onCall = (side) => side.fault(faultOfTool('rank', new TypeError('no')));
    const error = await rejection(callTool(t.names, { tool: 'rank' }).outcome);
    expect(the('tool.answered').error).to.equal('tool_failed');
    expect(the('tool.settled')).to.include({ known: 'ended', error });
    told.length = 0;
    const arrived = new Promise<unknown>((resolve) => {
      wire.onCall = resolve;
    });
    const open = callTool(t.names, { tool: 'rank' });
    open.outcome.catch(() => {});
    await arrived;
    open.cancel(new Error('enough'));
    expect(the('tool.settled')).to.deep.include({ known: 'unknown', callId: open.id });
    expect(the('tool.settled').error).to.have.property('message', 'enough');
  });

  it('tell of each item of a stream', async () => {
    wire.onCall = (side) => {
      for (const item of ['a', 'b']) side.item(item);
      side.answer(null);
    };
    const items = [];
    for await (const item of streamTool(t.names, { tool: 'tokens' })) items.push(item);
    const seen = told.filter((event) => event.type === 'tool.item') as Of<'tool.item'>[];
    expect(seen.map(({ index }) => index)).to.deep.equal([1, 2]);
    for (const { bytes } of seen) expect(bytes).to.be.above(0);
  });

  it('tell which revision a result was committed as, or why it was not', async () => {
    wire.onCall = (side) => side.answer(1, {}, { set: { n: 2 } });
    const { committed } = await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    expect(the('tool.committed')).to.include({ sessionId: 's', revision: committed, error: undefined });
    told.length = 0;
    wire.onCall = (side) => side.answer(1, {}, { set: { n: 3 }, expect: { n: 999 } });
    const error = await rejection(callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome);
    expect(the('tool.committed')).to.include({ revision: 0, error });
  });

  it('tell of a TypeScript tool that Python runs, and of one that is called from outside', async () => {
    const handler: LocalToolFunction = async function* () {
      yield 1;
      yield 2;
    };
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
    await wire.callHost('s', 'local', {}, { parentCallId: 'p', callId: 'c' }).answer;
    expect(types()).to.deep.equal(['tool.began', 'tool.ended']);
    expect(the('tool.began')).to.include({ tool: 'local', sessionId: 's', callId: 'c', parentCallId: 'p', parent: '' });
    expect(the('tool.began').worker).to.not.equal('');
    expect(the('tool.ended')).to.include({ callId: 'c', items: 2, error: undefined });
    told.length = 0;
    const failing = { tool: 'local', arguments: {}, sessionId: 's', timeoutMs: 1_000, traceparent: '' };
    const run = () => Promise.reject(new Error('boom'));
    const { signal } = new AbortController();
    await rejection(callLocalTool(t.names, t.state, { ...failing, run, signal }));
    expect(types()).to.deep.equal(['tool.began', 'tool.ended']);
    expect(the('tool.began').worker).to.equal('');
    expect(the('tool.ended').error).to.have.property('message', 'boom');
  });

  it('tell of what Python wrote at once, and which call did where that is known', async () => {
    t.app.system.events.emitter.on('worker.committed', (event) => told.push(event));
    wire.onCall = (side) => {
      const plan = encodePlan({ set: { n: 2 } });
      const asked = wire.ask(
        workerMessage('commit', { $typeName: 'ophion.v1.CommitVariablesRequest', sessionId: 's', plan }),
      );
      void asked.answer.then(() => side.answer(null));
    };
    const call = callTool(t.names, { tool: 'rank', sessionId: 's' });
    await call.outcome;
    const { ms, ...rest } = the('worker.committed');
    expect(ms).to.be.at.least(0);
    expect(rest).to.include({ sessionId: 's', callId: call.id, error: undefined });
  });

  it('are not made when nobody listens', async () => {
    wire.onCall = (side) => side.answer(7);
    const { system } = t.app;
    await using quiet = await startBridge();
    const { wire: other } = await quiet.worker();
    other.onCall = (side) => side.answer(7);
    const made: string[] = [];
    const { emit } = quiet.app.system;
    quiet.app.system.emit = (event) => {
      // The assertions of testing/chai, where a spec in this process has used them, listen to some in every system.
      if (event.type.startsWith('tool.') && !quiet.app.system.events.heard(event.type)) made.push(event.type);
      emit.call(quiet.app.system, event);
    };
    await callTool(quiet.names, { tool: 'rank' }).outcome;
    expect(made).to.deep.equal([]);
    expect(system.events.heard('tool.called')).to.equal(true);
  });
});
