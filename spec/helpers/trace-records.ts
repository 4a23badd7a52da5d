/** Records of a trace: a few that make a story, and arbitrary ones. */
import fc from 'fast-check';
import type { TraceHeader, TraceRecord, TraceRows } from '../../devtools/export/trace-records.ts';
import type { ActorRow, MessageRow, Preview, SpanRow } from '../../devtools/protocol/index.ts';

export const traceHeader: Omit<TraceHeader, 'format' | 'version'> = {
  run: 'r1',
  name: 'app',
  ophion: '0.1.0',
  node: 'v20.19.0',
  startedAtMs: 1_000,
  endedAtMs: 61_000,
  dropped: 3,
};

export const actorRow = (path: string, more: Partial<ActorRow> = {}): ActorRow => ({
  path,
  pid: `${path}#1`,
  kind: 'server',
  name: null,
  status: 'running',
  restarts: 0,
  mailbox: 0,
  mailboxPeak: 0,
  handled: 0,
  dropped: 0,
  perSecond: null,
  busyMs: null,
  rssBytes: null,
  children: 0,
  strategy: null,
  budget: null,
  backoffUntilAtMs: null,
  ...more,
});

export const messageRow = (seq: number, more: Partial<MessageRow> = {}): MessageRow => ({
  seq,
  atMs: 1_000 + seq,
  kind: 'cast',
  name: 'add',
  from: 'outside',
  to: 'app/counter#1',
  content: seq,
  cause: null,
  waitMs: 1,
  tookMs: 2,
  outcome: 'handled',
  error: null,
  session: null,
  traceId: null,
  ...more,
});

export const spanRow = (spanId: string, more: Partial<SpanRow> = {}): SpanRow => ({
  spanId,
  parentSpanId: null,
  traceId: 't1',
  depth: 0,
  name: 'rank',
  layer: 'caller',
  startAtMs: 1_000,
  tookMs: 10,
  failed: false,
  attributes: {},
  ...more,
});

export const crashReport = (id: number, more: Partial<TraceRows['crash']> = {}): TraceRows['crash'] => ({
  id,
  atMs: 1_010,
  pid: 'app/counter#1',
  path: 'app/counter',
  kind: 'server',
  reason: 'error: boom',
  last: 'cast add',
  name: null,
  ancestors: ['app'],
  links: ['app#1'],
  mailbox: 0,
  causes: [{ kind: 'error', name: 'Error', message: 'boom', stack: null, traceback: null }],
  messages: [],
  stateBefore: { $: 'object', entries: [['count', { $: 'object', entries: [['n', 7]] }]] },
  stateAfter: null,
  traceId: null,
  decision: null,
  process: null,
  ...more,
});

const preview = fc.letrec<{ preview: Preview }>((tie) => ({
  preview: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.record({
      $: fc.constantFrom('object' as const, 'map' as const),
      size: fc.nat(),
      entries: fc.array(fc.tuple(fc.string(), tie('preview')), { maxLength: 3 }),
    }),
  ),
})).preview;

export const anyMessage: fc.Arbitrary<MessageRow> = fc
  .record({
    seq: fc.nat(10_000),
    atMs: fc.nat(),
    kind: fc.constantFrom<MessageRow['kind']>('call', 'cast', 'info', 'exit', 'system'),
    name: fc.string({ unit: 'binary' }),
    from: fc.oneof(fc.constant('outside'), fc.string()),
    to: fc.string(),
    content: preview,
    cause: fc.option(fc.nat(10_000)),
    waitMs: fc.option(fc.nat()),
    tookMs: fc.option(fc.nat()),
    outcome: fc.constantFrom<MessageRow['outcome']>(
      ...(['waiting', 'handling', 'handled', 'crashed', 'dead', 'refused', 'lost', 'unknown'] as const),
    ),
    faults: fc.array(fc.record({ plan: fc.string(), rule: fc.string(), point: fc.string(), task: fc.string() }), {
      maxLength: 2,
    }),
  })
  .map((message) => messageRow(message.seq, message));

export const anySpan: fc.Arbitrary<SpanRow> = fc
  .record({
    spanId: fc.uuid(),
    parentSpanId: fc.option(fc.uuid()),
    traceId: fc.constantFrom('t1', 't2'),
    name: fc.string({ unit: 'binary' }),
    layer: fc.constantFrom('caller', 'queue', 'bridge', 'python', 'typescript', 'commit'),
    startAtMs: fc.nat(),
    tookMs: fc.option(fc.nat()),
    failed: fc.boolean(),
    attributes: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())),
  })
  .map((span) => spanRow(span.spanId, span));

export const anyRecord: fc.Arbitrary<TraceRecord> = fc.oneof(
  anyMessage.map((row): TraceRecord => ({ record: 'message', ...row })),
  anySpan.map((row): TraceRecord => ({ record: 'span', ...row })),
  fc.nat().map((id): TraceRecord => ({ record: 'crash', ...crashReport(id) })),
  fc.tuple(fc.nat(), fc.string({ unit: 'binary' }), preview).map(
    ([seq, text, event]): TraceRecord => ({
      record: 'event',
      seq,
      atMs: 1,
      type: 'actor.started',
      importance: 'low',
      path: 'app',
      text,
      event,
    }),
  ),
  fc.tuple(fc.nat(), fc.array(fc.string())).map(
    ([seq, paths]): TraceRecord => ({
      record: 'moment',
      seq,
      atMs: 1,
      actors: paths.length,
      restarts: 0,
      crashes: 0,
      rows: paths.map((path) => actorRow(path)),
    }),
  ),
  fc.tuple(fc.nat(), preview).map(
    ([seq, state]): TraceRecord => ({
      record: 'state',
      seq,
      atMs: 1,
      pid: 'app/counter#1',
      message: null,
      label: '',
      state,
      changed: [],
    }),
  ),
  fc.tuple(fc.nat(), fc.string({ unit: 'binary' })).map(
    ([line, text]): TraceRecord => ({
      record: 'log',
      worker: 'app/w',
      incarnation: 1,
      line,
      atMs: 1,
      from: 'stdout',
      text,
    }),
  ),
);
