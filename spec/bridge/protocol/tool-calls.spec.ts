import { expect } from 'chai';
import {
  ActorDownError,
  CallTimeoutError,
  PoolError,
  type Runtime,
  StateError,
  ToolError,
  WorkerLostError,
} from '../../../actors/core/index.ts';
import { declare, float, integer } from '../../../actors/state/index.ts';
import { faultOf } from '../../../bridge/protocol/error-codes.ts';
import { callTool, streamTool } from '../../../bridge/protocol/tool-calls.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

describe('a call of a Python tool', () => {
  let t: BridgeSystem;
  let probe: Runtime['probe'] = null;
  beforeEach(async () => {
    probe = null;
    t = await startBridge({ graceMs: 20, runtime: { probe: (record) => probe?.(record) } });
  });
  afterEach(() => t.app.stop());

  /** Nothing of a call is left: not in the table, not at the pool. */
  const nothingLeft = async () => {
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    expect(t.app.system.tables.get('app/bridge/calls')).to.have.property('size', 0);
  };

  it('resolves to value, facts, worker and number of attempts', async () => {
    const { wire, stream } = await t.worker();
    wire.onCall = (call) => call.answer({ best: (call.args.items as string[])[0] }, { lmCalls: 2 });
    const outcome = await callTool(t.names, { tool: 'rank', arguments: { items: ['a', 'b'] } }).outcome;
    expect(outcome).to.deep.equal({
      value: { best: 'a' },
      revision: 0,
      committed: 0,
      facts: { lmCalls: 2 },
      worker: stream,
      attempts: 1,
    });
    await nothingLeft();
  });

  it('rejects with what the tool raised: type, traceback and causes', async () => {
    const { wire } = await t.worker();
    wire.onCall = (call) =>
      call.fault({
        code: 'tool_failed',
        message: 'no items',
        type: 'ValueError',
        traceback: 'Traceback: line 3',
        causes: [
          {
            $typeName: 'ophion.v1.Fault',
            code: '',
            message: 'empty',
            type: 'KeyError',
            traceback: 'Traceback: line 9',
            causes: [],
          },
        ],
      });
    const error = (await rejection(callTool(t.names, { tool: 'rank' }).outcome)) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect([error.message, error.remoteType, error.remoteTraceback]).to.deep.equal([
      'rank: no items',
      'ValueError',
      'Traceback: line 3',
    ]);
    expect((error.cause as ToolError).remoteType).to.equal('KeyError');
    await nothingLeft();
  });

  it('waits for a worker, and goes to the pool that offers the tool', async () => {
    const call = callTool(t.names, { tool: 'rank' });
    await t.pool.changed.until(() => t.pool.leases.size === 1);
    const { wire } = await t.worker();
    wire.onCall = (side) => side.answer(1);
    expect((await call.outcome).value).to.equal(1);
  });

  it('rejects with what the pool says, and with the name of a pool that is not there', async () => {
    t.pool.refusal = new PoolError('queue_full', 'qa: its queue is full');
    expect(await rejection(callTool(t.names, { tool: 'rank' }).outcome)).to.equal(t.pool.refusal);
    const error = await rejection(callTool(t.names, { tool: 'rank', pool: 'nowhere' }).outcome);
    expect(error).to.have.property('code', 'unknown_pool');
    expect(error.message).to.match(/nowhere.*pools are qa/);
  });

  it('rejects before anything is sent when an argument cannot cross', async () => {
    const error = await rejection(callTool(t.names, { tool: 'rank', arguments: { f: () => 1 } }).outcome);
    expect(error).to.be.instanceOf(StateError);
    expect(error.message).to.include('$(arguments of rank).f');
    expect(t.pool.leases.size).to.equal(0);
  });

  it('rejects when the call is above the limit of a message', async () => {
    await t.worker();
    const error = await rejection(
      callTool(t.names, { tool: 'rank', arguments: { big: new Uint8Array(17 * 1024 * 1024) } }).outcome,
    );
    expect(error).to.have.property('code', 'too_large');
    await nothingLeft();
  });

  it('is refused, with nothing sent, when as many are open as may be', async () => {
    await t.app.stop();
    t = await startBridge({ maxOpenCalls: 1 });
    const first = callTool(t.names, { tool: 'rank' });
    const second = callTool(t.names, { tool: 'rank' });
    expect(await rejection(second.outcome)).to.have.property('code', 'mailbox_full');
    expect(await second.settled()).to.have.property('kind', 'not_started');
    const { wire } = await t.worker();
    wire.onCall = (side) => side.answer(1);
    expect((await first.outcome).value).to.equal(1);
  });

  it('sends what is left of the deadline, and rejects when it is over', async () => {
    const { wire } = await t.worker();
    const call = callTool(t.names, { tool: 'rank' }, { timeoutMs: 1_000 });
    const side = await wire.called('rank');
    expect(side.call.timeoutMs).to.be.within(1, 1_000);
    expect(await rejection(call.outcome)).to.be.instanceOf(CallTimeoutError);
    await wire.changed.until(() => side.cancelled !== undefined);
  });

  it('takes the word of a worker that has ended a call at its deadline, and whether it had begun', async () => {
    const { wire } = await t.worker();
    const ended = async (outcome?: 'not_started' | 'unknown') => {
      const error = new CallTimeoutError('rank', 1_000, outcome === undefined ? {} : { outcome });
      wire.onCall = (side) => side.fault(faultOf(error));
      return callTool(t.names, { tool: 'rank' }).settled();
    };
    for (const [outcome, kind] of [
      ['not_started', 'not_started'],
      ['unknown', 'tool_error'],
      [undefined, 'tool_error'],
    ] as const) {
      const settled = await ended(outcome);
      expect(settled).to.have.property('kind', kind);
      expect(settled).to.have.property('error').that.is.instanceOf(CallTimeoutError);
    }
  });

  it('rejects with the reason of its signal at once, and tells the worker', async () => {
    const { wire } = await t.worker();
    const controller = new AbortController();
    const call = callTool(t.names, { tool: 'rank' }, { signal: controller.signal });
    const side = await wire.called('rank');
    const reason = new Error('not wanted any more');
    controller.abort(reason);
    expect(await rejection(call.outcome)).to.equal(reason);
    await wire.changed.until(() => side.cancelled !== undefined);
    expect(side.cancelled).to.equal('not wanted any more');
    side.fault({ code: 'cancelled', message: 'ended' });
    await nothingLeft();
    expect(t.pool.checkins.map(({ failed }) => failed)).to.deep.equal([false]);
  });

  it('gives a worker back as failed when it does not end a cancelled call in time', async () => {
    const { wire } = await t.worker();
    const call = callTool(t.names, { tool: 'rank' });
    await wire.called('rank');
    call.cancel();
    expect(await rejection(call.outcome)).to.have.property('code', 'cancelled');
    await nothingLeft();
    expect(t.pool.checkins.map(({ failed }) => failed)).to.deep.equal([true]);
  });

  it('takes a call that waits for a worker back when it is cancelled', async () => {
    const call = callTool(t.names, { tool: 'rank' });
    await t.pool.changed.until(() => t.pool.leases.size === 1);
    call.cancel(new Error('never mind'));
    expect((await rejection(call.outcome)).message).to.equal('never mind');
    await nothingLeft();
  });

  it('is not sent at all when its signal had aborted', async () => {
    const error = await rejection(
      callTool(t.names, { tool: 'rank' }, { signal: AbortSignal.abort(new Error('too late')) }).outcome,
    );
    expect(error.message).to.equal('too late');
    expect(t.pool.leases.size).to.equal(0);
  });

  it('sees the session at the newest revision, call by call', async () => {
    const { wire } = await t.worker();
    wire.onCall = (call) => call.answer(call.variables());
    const session = await t.state.open('s');
    await session.commit({
      declare: declare({ temperature: float({ min: 0, max: 2, default: 0.7 }), n: integer({ default: 1 }) }),
    });
    const seen = async () => await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    expect(await seen()).to.deep.include({ value: { temperature: 0.7, n: 1 }, revision: 1 });
    for (let i = 1; i <= 20; i += 1) {
      await session.commit({ set: { temperature: i / 10 } });
      expect(await seen()).to.deep.include({ value: { temperature: i / 10, n: 1 }, revision: i + 1 });
    }
    // One snapshot, then commits alone.
    const syncs = wire.heard.flatMap(({ body }) => (body.case === 'sync' ? [body.value.change.case] : []));
    expect(syncs.filter((change) => change === 'snapshot')).to.have.length(1);
  });

  it('pushes what is committed while a call runs', async () => {
    const { wire } = await t.worker();
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    const call = callTool(t.names, { tool: 'rank', sessionId: 's' });
    const side = await wire.called('rank');
    await session.commit({ set: { n: 2 } });
    await wire.changed.until(() => side.variables().n === 2);
    side.answer(side.variables().n);
    expect((await call.outcome).value).to.equal(2);
  });

  it('has the worker drop a session that was closed, and rejects calls in it', async () => {
    const { wire } = await t.worker();
    wire.onCall = (call) => call.answer(null);
    const session = await t.state.open('s');
    await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    await session.close();
    await wire.changed.until(() => !wire.sessions.has('s'));
    expect(await rejection(callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome)).to.have.property(
      'code',
      'not_found',
    );
    await nothingLeft();
  });

  it('rejects in a session that never was', async () => {
    await t.worker();
    expect(await rejection(callTool(t.names, { tool: 'rank', sessionId: 'none' }).outcome)).to.have.property(
      'code',
      'not_found',
    );
    await nothingLeft();
  });

  describe('whose worker is lost', () => {
    it('says that its outcome is unknown, with reason and last output', async () => {
      const { wire, pid, stream } = await t.worker();
      const call = callTool(t.names, { tool: 'rank' });
      await wire.called('rank');
      t.lose(pid);
      const error = (await rejection(call.outcome)) as WorkerLostError;
      expect(error).to.be.instanceOf(WorkerLostError);
      expect([error.outcome, error.worker, error.lastOutput, error.reason]).to.deep.equal([
        'unknown',
        stream,
        'last words',
        { kind: 'os_signal', signal: 'SIGKILL' },
      ]);
      await nothingLeft();
    });

    it('is run again on another worker when it is idempotent', async () => {
      const first = await t.worker({ capacity: 1 });
      const call = callTool(t.names, { tool: 'rank', idempotent: true });
      const { call: sent } = await first.wire.called('rank');
      const second = await t.worker();
      second.wire.onCall = (side) => side.answer(side.call.callId);
      t.pool.workers.shift();
      t.lose(first.pid);
      const outcome = await call.outcome;
      expect(outcome).to.deep.include({ value: sent.callId, worker: second.stream, attempts: 2 });
    });

    it('is run again, idempotent or not, when it had not started', async () => {
      const first = await t.worker();
      // It is lost after the pool has granted it, and before the call is sent.
      let opening = true;
      probe = ({ point }) => {
        if (point !== 'bridge.open' || !opening) return;
        opening = false;
        t.pool.workers.shift();
        t.lose(first.pid);
      };
      const call = callTool(t.names, { tool: 'rank' });
      await t.pool.changed.until(() => t.pool.checkins.length === 1);
      const second = await t.worker();
      second.wire.onCall = (side) => side.answer('done');
      expect(await call.outcome).to.deep.include({ value: 'done', worker: second.stream, attempts: 2 });
      expect(first.wire.calls).to.deep.equal([]);
    });

    it('goes to another one that takes it when the first is about to leave', async () => {
      const first = await t.worker({ capacity: 1 });
      first.wire.onCall = (side) => {
        t.pool.workers.shift();
        side.fault({ code: 'unavailable', message: 'rank: the worker is draining; nothing was started' });
      };
      const call = callTool(t.names, { tool: 'rank' });
      await t.pool.changed.until(() => t.pool.checkins.length === 1);
      const second = await t.worker();
      second.wire.onCall = (side) => side.answer('done');
      expect(await call.outcome).to.deep.include({ value: 'done', worker: second.stream, attempts: 2 });
    });

    it('is not told as not started because the attempt after one that may have run was not', async () => {
      const first = await t.worker({ capacity: 1 });
      const refused = callTool(t.names, { tool: 'rank', idempotent: true }, { maxAttempts: 2 });
      await first.wire.called('rank');
      const second = await t.worker({ capacity: 1 });
      second.wire.onCall = (side) => side.fault({ code: 'unavailable', message: 'rank: the worker is draining' });
      t.pool.workers.shift();
      t.lose(first.pid);
      const settled = await refused.settled();
      expect(settled).to.have.property('kind', 'unknown');
      expect(settled).to.have.property('error').that.includes({ code: 'worker_lost', outcome: 'unknown' });
      // Nor because its time is over while it waits for another worker.
      t.pool.workers.length = 0;
      const third = await t.worker({ capacity: 1 });
      const late = callTool(t.names, { tool: 'rank', idempotent: true }, { timeoutMs: 1_000 });
      await third.wire.called('rank');
      t.pool.workers.length = 0;
      t.lose(third.pid);
      const given = await late.settled();
      expect(given).to.have.property('kind', 'unknown');
      expect(given).to.have.property('error').that.includes({ code: 'call_timeout', outcome: 'unknown' });
    });

    it('is given up after as many attempts as it may have', async () => {
      const call = callTool(t.names, { tool: 'rank', idempotent: true }, { maxAttempts: 2 });
      for (let i = 0; i < 2; i += 1) {
        const { wire, pid } = await t.worker({ capacity: 1 });
        await wire.called('rank');
        t.pool.workers.length = 0;
        t.lose(pid);
      }
      expect(await rejection(call.outcome)).to.be.instanceOf(WorkerLostError);
      await nothingLeft();
    });
  });

  it('rejects when the system stops, running or not', async () => {
    const waiting = callTool(t.names, { tool: 'rank' });
    await t.pool.changed.until(() => t.pool.leases.size === 1);
    const { wire } = await t.worker({ capacity: 1 });
    await wire.called('rank');
    const running = callTool(t.names, { tool: 'rank' });
    await t.pool.changed.until(() => t.pool.leases.size === 2);
    const ends = Promise.all([rejection(waiting.outcome), rejection(running.outcome), t.app.stop()]);
    for (const error of (await ends).slice(0, 2)) expect(error).to.be.instanceOf(ActorDownError);
  });

  for (const [option, value] of [
    ['timeoutMs', 0],
    ['maxAttempts', 0],
    ['timeoutMs', Number.NaN],
  ] as const) {
    it(`refuses ${option} ${value}`, async () => {
      expect(await rejection(callTool(t.names, { tool: 'rank' }, { [option]: value }).outcome)).to.have.property(
        'code',
        'bad_spec',
      );
    });
  }

  const streaming = async (wire: ProtocolWorker) => wire.called('rank');

  describe('that streams', () => {
    it('yields the items in order, then the outcome', async () => {
      const { wire } = await t.worker();
      wire.onCall = (call) => {
        for (const word of ['a', 'b', 'c']) call.item(word);
        call.answer(null, { tokens: 3 });
      };
      const stream = streamTool(t.names, { tool: 'rank' });
      const items: unknown[] = [];
      for await (const item of stream) items.push(item);
      expect(items).to.deep.equal(['a', 'b', 'c']);
      expect((await stream.outcome).facts).to.deep.equal({ tokens: 3 });
      expect(wire.calls[0]?.call.stream).to.equal(true);
      await nothingLeft();
    });

    it('lets the worker send no more than the reader has room for', async () => {
      const { wire } = await t.worker();
      const stream = streamTool(t.names, { tool: 'rank' }, { window: 4 });
      const side = await streaming(wire);
      await wire.changed.until(() => side.credit === 4);
      for (let i = 0; i < 4; i += 1) side.item(i);
      expect((await stream.next()).value).to.equal(0);
      expect(side.credit).to.equal(0);
      expect((await stream.next()).value).to.equal(1);
      await wire.changed.until(() => side.credit === 2);
      side.item(4);
      side.item(5);
      side.answer(null);
      const rest: unknown[] = [];
      for await (const item of stream) rest.push(item);
      expect(rest).to.deep.equal([2, 3, 4, 5]);
    });

    it('ends with an error when the worker sends more than it was asked for', async () => {
      const { wire } = await t.worker();
      const stream = streamTool(t.names, { tool: 'rank' }, { window: 1 });
      const side = await streaming(wire);
      for (let i = 0; i < 3; i += 1) side.item(i);
      expect(await rejection(stream.outcome)).to.have.property('code', 'protocol');
      await wire.changed.until(() => side.cancelled !== undefined);
    });

    it('cancels the tool when the reader leaves the loop', async () => {
      const { wire } = await t.worker();
      const stream = streamTool(t.names, { tool: 'rank' });
      const side = await streaming(wire);
      side.item(1);
      side.item(2);
      for await (const item of stream) {
        expect(item).to.equal(1);
        break;
      }
      await wire.changed.until(() => side.cancelled !== undefined);
      expect(await stream.next()).to.deep.equal({ done: true, value: undefined });
      side.answer(null);
      await nothingLeft();
    });

    it('throws what the tool raised, behind the items that came before', async () => {
      const { wire } = await t.worker();
      wire.onCall = (call) => {
        call.item(1);
        call.fault({ code: 'tool_failed', message: 'broken', type: 'OSError' });
      };
      const items: unknown[] = [];
      const error = await rejection(
        (async () => {
          for await (const item of streamTool(t.names, { tool: 'rank' })) items.push(item);
        })(),
      );
      expect(items).to.deep.equal([1]);
      expect(error).to.be.instanceOf(ToolError);
    });

    it('is not run again once an item was read, idempotent or not', async () => {
      const { wire, pid } = await t.worker();
      const stream = streamTool(t.names, { tool: 'rank', idempotent: true });
      const side = await streaming(wire);
      side.item(1);
      expect((await stream.next()).value).to.equal(1);
      t.lose(pid);
      expect(await rejection(stream.next())).to.be.instanceOf(WorkerLostError);
    });
  });

  it('is told of what is committed while it runs, however many other sessions its worker is used for', async () => {
    const { wire } = await t.worker({ capacity: 8 });
    wire.onCall = (call) => {
      if (call.call.sessionId !== 'long') call.answer(null);
    };
    const session = await t.state.open('long');
    await session.commit({ declare: declare({ n: integer() }) });
    const calls = [1, 2].map(() => callTool(t.names, { tool: 'rank', sessionId: 'long' }));
    await wire.changed.until(() => wire.calls.length === 2);
    const seen = () => wire.calls[0]?.variables().n;
    const others = async (from: number) => {
      for (let i = from; i < from + 300; i += 1) {
        await t.state.open(`s${i}`);
        await callTool(t.names, { tool: 'rank', sessionId: `s${i}` }).outcome;
      }
    };
    await others(0);
    await session.commit({ set: { n: 1 } });
    await wire.changed.until(() => seen() === 1);
    // One of the two is over: the other one goes on being told; so it does over a crash of the bridge.
    wire.calls[0]?.answer(null);
    await calls[0]?.outcome;
    t.names.bridge.process?.kill();
    await others(300);
    await session.commit({ set: { n: 2 } });
    await wire.changed.until(() => seen() === 2);
    wire.calls[1]?.answer(null);
    await calls[1]?.outcome;
    // Nobody needs it there any more.
    await others(600);
    expect(wire.sessions.has('long')).to.equal(false);
    await nothingLeft();
  }).timeout(20_000);
});
