import { expect } from 'chai';
import fc from 'fast-check';
import { type AnyEvent, StateError, ToolError } from '../../actors/core/index.ts';
import { callTool, faultOf, type LocalToolFunction } from '../../bridge/protocol/index.ts';
import { callRows } from '../../devtools/export/trace-spans.ts';
import { depthFirst } from '../../devtools/inspect/call-record.ts';
import { CallLog } from '../../devtools/inspect/calls.ts';
import { percentile } from '../../devtools/inspect/percentile.ts';
import type { SpanRow } from '../../devtools/protocol/index.ts';
import { type BridgeSystem, startBridge } from '../helpers/bridge-system.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { rejection } from '../helpers/rejection.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const span = (n: number) => `00-${traceId}-${n.toString(16).padStart(16, '0')}-01`;
const called = (n: number, more: object = {}): AnyEvent =>
  ({
    type: 'tool.called',
    tool: 'rank',
    callId: `c${n}`,
    sessionId: 's',
    stream: false,
    traceparent: span(n),
    parent: '',
    ...more,
  }) as AnyEvent;
const settled = (n: number, ms: number, more: object = {}): AnyEvent =>
  ({
    type: 'tool.settled',
    tool: 'rank',
    callId: `c${n}`,
    sessionId: 's',
    worker: 'w#1',
    attempts: 1,
    known: 'ended',
    error: undefined,
    ms,
    traceparent: span(n),
    ...more,
  }) as AnyEvent;

describe('the log of calls', () => {
  it('knows of each call how it ended, or that it is open', () => {
    const log = new CallLog(new ManualClock());
    for (const n of [1, 2, 3, 4]) log.take(called(n));
    log.take(settled(1, 10));
    log.take(settled(2, 20, { error: new ToolError('rank', 'no') }));
    log.take(settled(3, 30, { known: 'unknown' }));
    expect(log.rows().map(({ callId, outcome, error }) => [callId, outcome, error])).to.deep.equal([
      ['c4', 'open', null],
      ['c3', 'failed', 'unknown'],
      ['c2', 'failed', 'tool_failed'],
      ['c1', 'ok', null],
    ]);
    expect(log.rows({ open: true }).map(({ callId }) => callId)).to.deep.equal(['c4']);
    expect(log.rows({ tool: 'other' })).to.deep.equal([]);
    expect(log.head()).to.deep.include({ inFlight: 1, errors: { tool_failed: 1, unknown: 1 } });
  });

  it('has the percentiles of the last 1,000 calls of a tool alone', () => {
    const log = new CallLog(new ManualClock());
    for (let n = 1; n <= 1_500; n += 1) {
      log.take(called(n));
      log.take(settled(n, n <= 500 ? 1_000_000 : n - 500));
    }
    expect(log.tools()[0]).to.include({ calls: 1_500, inFlight: 0, p50Ms: 500, p95Ms: 950, p99Ms: 990 });
  });

  it('keeps so many calls, and of those that go the ended ones first', () => {
    const log = new CallLog(new ManualClock(), { max: 3 });
    for (let n = 1; n <= 3; n += 1) log.take(called(n));
    log.take(settled(2, 1));
    log.take(called(4));
    expect(log.rows().map(({ callId }) => callId)).to.deep.equal(['c4', 'c3', 'c1']);
    expect(log.dropped).to.equal(0);
    log.take(called(5));
    expect(log.rows().map(({ callId }) => callId)).to.deep.equal(['c5', 'c4', 'c3']);
    expect(log.dropped).to.equal(1);
    expect(log.tools()[0]).to.include({ calls: 5, inFlight: 3 });
  });

  it('counts what ended in the last whole second', () => {
    const clock = new ManualClock();
    const log = new CallLog(clock);
    clock.advance(1_000);
    for (const n of [1, 2]) {
      log.take(called(n));
      log.take(settled(n, 1));
    }
    expect(log.head().perSecond).to.equal(0);
    clock.advance(1_000);
    expect(log.head().perSecond).to.equal(2);
    clock.advance(2_000);
    expect(log.head().perSecond).to.equal(0);
  });

  it('tells the wait, the way to the worker and back, and what the worker says of its own time apart', () => {
    const clock = new ManualClock();
    const log = new CallLog(clock);
    const step = (type: string, more: object = {}) => {
      log.take({ type, tool: 'rank', callId: 'c1', worker: 'w#1', attempt: 1, ...more } as AnyEvent);
    };
    log.take(called(1));
    step('tool.queued', { pool: 'p' });
    clock.advance(5);
    step('tool.granted');
    clock.advance(1);
    step('tool.dispatched', { sessionId: 's', traceparent: span(1) });
    clock.advance(20);
    step('tool.answered', { handlerMs: 16 });
    log.take(settled(1, 26));
    expect(log.rows()[0]).to.include({ tookMs: 26, queueMs: 5, wireMs: 5, handlerMs: 16 });
    const spans = log.spans(traceId);
    expect(spans.map(({ layer, startAtMs, tookMs }) => [layer, startAtMs - clock.wallMs() + 26, tookMs])).to.deep.equal(
      [
        ['caller', 0, 26],
        ['queue', 0, 5],
        ['bridge', 5, 21],
        ['python', 8, 16],
      ],
    );
    expect(spans[3]?.attributes).to.include({ handlerMs: 16 });
    expect(callRows(spans, {})[0]).to.include({ queueMs: 5, wireMs: 5, handlerMs: 16 });
  });

  it('knows no more than it saw of a worker that does not tell its time, or one longer than there was', () => {
    const clock = new ManualClock();
    const log = new CallLog(clock);
    for (const [nth, handlerMs] of [undefined, 50].entries()) {
      const step = (type: string, more: object = {}) => {
        log.take({ type, tool: 'rank', callId: `c${nth}`, worker: 'w#1', attempt: 1, ...more } as AnyEvent);
      };
      log.take(called(nth));
      step('tool.granted');
      step('tool.dispatched', { sessionId: 's', traceparent: span(nth) });
      clock.advance(10);
      step('tool.answered', handlerMs === undefined ? {} : { handlerMs });
      log.take(settled(nth, 10));
    }
    const [told, untold] = log.rows();
    expect(told).to.include({ queueMs: null, wireMs: 0, handlerMs: 10 });
    expect(untold).to.include({ queueMs: null, wireMs: null, handlerMs: null });
  });

  it('passes over events of calls that it has not seen begin, and of anything else', () => {
    const log = new CallLog(new ManualClock());
    log.take(settled(1, 1));
    log.take({ type: 'tool.answered', callId: 'x' } as AnyEvent);
    log.take({ type: 'actor.started' });
    expect([log.rows(), log.tools(), log.spans(traceId)]).to.deep.equal([[], [], []]);
  });
});

describe('the spans of writes', () => {
  const written = (more: object): AnyEvent =>
    ({
      type: 'context.written',
      context: 's',
      names: ['a', 'b'],
      revision: 7,
      error: undefined,
      ms: 2,
      ...more,
    }) as never;

  it('stand in the call of the tool that wrote, of either language, or are a trace by themselves', () => {
    const clock = new ManualClock();
    const log = new CallLog(clock);
    log.take(called(1));
    log.take({ type: 'tool.granted', callId: 'c1', tool: 'rank', worker: 'w#1', attempt: 1 } as AnyEvent);
    const dispatched = { type: 'tool.dispatched', callId: 'c1', tool: 'rank', worker: 'w#1', attempt: 1 };
    log.take({ ...dispatched, sessionId: 's', traceparent: span(1) } as AnyEvent);
    const committed = { type: 'worker.committed', sessionId: 's', worker: 'w#1', error: undefined, ms: 1 };
    log.take({ ...committed, callId: 'c1' } as AnyEvent);
    log.take({
      type: 'tool.began',
      tool: 'local',
      callId: 'c2',
      parentCallId: 'c1',
      sessionId: 's',
      worker: 'w#1',
      traceparent: span(2),
      parent: '',
    } as AnyEvent);
    log.take(written({ parent: span(2) }));
    log.take(written({ parent: '', revision: 0, error: new StateError('conflict', 'somebody else was first') }));
    expect(log.spans(traceId).map(({ depth, layer, name }) => `${'  '.repeat(depth)}${layer} ${name}`)).to.deep.equal([
      'caller rank',
      '  bridge bridge',
      '    python rank',
      '      write write variables',
      '      typescript local',
      '        write write variables',
    ]);
    const [, ofTool, alone] = [...log.allSpans()].filter(({ layer }) => layer === 'write');
    expect(ofTool).to.deep.include({ tookMs: 2, failed: false });
    expect(ofTool?.attributes).to.deep.equal({ session: 's', variables: 'a, b', revision: 7 });
    expect(alone).to.deep.include({ parentSpanId: null, traceId: alone?.spanId, failed: true });
    expect(alone?.attributes).to.include({ error: 'conflict' });
  });
});

describe('percentile', () => {
  it('is one of the values, and as many as its share are not above it', () => {
    const values = fc.array(fc.integer(), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (some, share) => {
        const sorted = Float64Array.from(some).sort();
        const found = percentile(sorted, share) as number;
        expect([...sorted]).to.include(found);
        const notAbove = sorted.filter((one) => one <= found).length;
        expect(notAbove / sorted.length).to.be.at.least(share);
      }),
    );
    expect(percentile([], 0.5)).to.equal(null);
  });
});

describe('depthFirst', () => {
  const rowOf = (spanId: string, parentSpanId: string | null, startAtMs: number): SpanRow => ({
    spanId,
    parentSpanId,
    traceId,
    depth: 0,
    name: '',
    layer: '',
    startAtMs,
    tookMs: 1,
    failed: false,
    attributes: {},
  });

  it('puts each span behind its parent, one deeper, and loses none of a tree', () => {
    const trees = fc.array(fc.nat(), { maxLength: 50 });
    fc.assert(
      fc.property(trees, (parents) => {
        // Each one's parent is one before it.
        const rows = parents.map((parent, n) => rowOf(`s${n}`, n === 0 ? 'far' : `s${parent % n}`, parent));
        const ordered = depthFirst([...rows].reverse());
        expect(ordered).to.have.length(rows.length);
        for (const [at, { parentSpanId, depth }] of ordered.entries()) {
          const parent = ordered.slice(0, at).findLast(({ depth: above }) => above === depth - 1);
          if (depth === 0) expect(parentSpanId).to.equal('far');
          else expect(parent?.spanId).to.equal(parentSpanId);
        }
      }),
    );
  });
});

describe('the spans of a call through both languages', () => {
  let t: BridgeSystem;
  let log: CallLog;
  beforeEach(async () => {
    t = await startBridge();
    log = new CallLog(t.app.system.runtime.clock);
    t.app.system.events.onAll((event) => log.take(event));
  });
  afterEach(() => t.app.stop());

  it('are one tree: who called, the queue, the bridge, Python, the TypeScript tool, and what that called', async () => {
    const { wire } = await t.worker({ tools: ['rank', 'inner'] });
    const session = await t.state.open('s');
    const handler: LocalToolFunction = (_, context) => context.call('inner');
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
    wire.onCall = (side) => {
      if (side.call.tool === 'inner') side.answer(null);
      else {
        const { traceparent, callId } = side.call;
        const asked = wire.callHost('s', 'local', {}, { traceparent, parentCallId: callId });
        void asked.answer.then(() => side.answer(null));
      }
    };
    await callTool(t.names, { tool: 'rank', sessionId: session.id }).outcome;
    const [row] = log.rows({ tool: 'rank' });
    const spans = log.spans(row?.traceId ?? '');
    expect(spans.map(({ depth, layer, name }) => `${'  '.repeat(depth)}${layer} ${name}`)).to.deep.equal([
      'caller rank',
      '  queue queue',
      '  bridge bridge',
      '    python rank',
      '      typescript local',
      '        caller inner',
      '          queue queue',
      '          bridge bridge',
      '            python inner',
    ]);
    for (const { tookMs, failed } of spans) {
      expect(tookMs).to.be.at.least(0);
      expect(failed).to.equal(false);
    }
    expect(log.tools().map(({ tool, side, calls, inFlight }) => [tool, side, calls, inFlight])).to.deep.equal([
      ['inner', 'python', 1, 0],
      ['local', 'typescript', 1, 0],
      ['rank', 'python', 1, 0],
    ]);
  });

  it('say which attempt failed', async () => {
    const { wire } = await t.worker({ tools: ['rank'] });
    wire.onCall = (side) => side.fault(faultOf(new StateError('unavailable', 'this worker is leaving')));
    await rejection(callTool(t.names, { tool: 'rank' }, { maxAttempts: 1 }).outcome);
    const [row] = log.rows();
    expect(row).to.include({ outcome: 'failed', error: 'unavailable' });
    const failed = log.spans(row?.traceId ?? '').filter((one) => one.failed);
    expect(failed.map(({ layer }) => layer)).to.deep.equal(['caller', 'bridge', 'python']);
  });
});
