import { expect } from 'chai';
import fc from 'fast-check';
import { TraceFile } from '../../devtools/export/trace-file.ts';
import { readTrace, TraceReader } from '../../devtools/export/trace-reader.ts';
import { TraceFileError, type TraceRecord } from '../../devtools/export/trace-records.ts';
import { writeTrace } from '../../devtools/export/trace-writer.ts';
import { ViewerError } from '../../devtools/protocol/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { actorRow, anyRecord, crashReport, messageRow, spanRow, traceHeader } from '../helpers/trace-records.ts';

const textOf = (records: readonly TraceRecord[]): string => [...writeTrace(traceHeader, records)].join('');
const fileOf = async (records: readonly TraceRecord[]) => new TraceFile(await readTrace([textOf(records)]));
const message = (seq: number, more: Parameters<typeof messageRow>[1] = {}): TraceRecord => ({
  record: 'message',
  ...messageRow(seq, more),
});

describe('a trace file', () => {
  it('comes back as it was written, wherever its pieces are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        async (records, size) => {
          const text = textOf(records);
          const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
            text.slice(n * size, (n + 1) * size),
          );
          const { header, records: read, skipped, cutOff } = await readTrace(pieces);
          expect(header).to.deep.equal({ format: 'ophion.trace', version: 1, ...traceHeader });
          expect(read).to.deep.equal(JSON.parse(JSON.stringify(records)));
          expect([skipped, cutOff]).to.deep.equal([0, false]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has the same records when it is opened and written again', async () => {
    const records = [message(2), message(1), { record: 'crash', ...crashReport(1) } as TraceRecord];
    const again = textOf([...(await fileOf(records)).records()]);
    expect((await readTrace([again])).records).to.have.deep.members(JSON.parse(JSON.stringify(records)));
  });

  it('is written in pieces of whole lines', () => {
    const records = Array.from({ length: 2_000 }, (_, n) => message(n));
    const pieces = [...writeTrace(traceHeader, records)];
    expect(pieces.length).to.be.above(3);
    for (const piece of pieces) {
      expect(piece.length).to.be.below(70_000);
      expect(piece.endsWith('\n')).to.equal(true);
    }
  });

  it('takes records one by one while its pieces are taken', () => {
    let made = 0;
    const records = (function* () {
      for (;;) {
        made += 1;
        yield message(made);
      }
    })();
    const pieces = writeTrace(traceHeader, records);
    pieces.next();
    expect(made).to.be.below(1_000);
  });

  describe('that cannot be read is refused by name, with the line', () => {
    const refused = async (text: string, options = {}) => {
      const error = await rejection(readTrace([text], options));
      expect(error).to.be.instanceOf(TraceFileError);
      const { code, line } = error as TraceFileError;
      expect(error.message).to.include(`line ${line}`);
      return [code, line];
    };
    const [head = ''] = textOf([]).split('\n');

    it('when it is no trace', async () => {
      for (const text of ['', 'hello', '{}', '[1]', 'null', '{"format":"other","version":1}'])
        expect(await refused(text)).to.deep.equal(['not_a_trace', 1]);
    });

    it('when its version is newer', async () => {
      expect(await refused(head.replace('"version":1', '"version":2'))).to.deep.equal(['newer_version', 1]);
    });

    it('when a line is broken', async () => {
      for (const line of ['{', '1', '[]', '{"record":"message"}', '{"record":"moment","seq":1,"atMs":1,"rows":{}}'])
        expect(await refused(`${head}\n\n${line}\n`)).to.deep.equal(['broken_line', 3]);
    });

    it('when a line is too long, before all of it is kept', async () => {
      expect(await refused(`${head}\n${'x'.repeat(2_000)}`, { maxLine: 1_000 })).to.deep.equal(['line_too_long', 2]);
      const reader = new TraceReader({ maxLine: 1_000 });
      reader.push(`${head}\n`);
      reader.push('x'.repeat(600));
      expect(() => reader.push('x'.repeat(600))).to.throw(TraceFileError, 'line 2');
    });
  });

  it('passes over kinds that are not known, and counts them', async () => {
    const { skipped, records } = await readTrace([`${textOf([message(1)])}{"record":"dream"}\n{}\n`]);
    expect([skipped, records.length]).to.deep.equal([2, 1]);
  });

  it('keeps so many records, and counts the rest', async () => {
    const { skipped, records } = await readTrace([textOf([message(1), message(2), message(3)])], { maxRecords: 2 });
    expect([skipped, records.length]).to.deep.equal([1, 2]);
  });

  it('leaves out a last line that its writer did not finish', async () => {
    const text = textOf([message(1), message(2)]);
    const { cutOff, records } = await readTrace([text.slice(0, -20)]);
    expect([cutOff, records.length]).to.deep.equal([true, 1]);
  });
});

describe('an opened trace file', () => {
  const rows = [
    actorRow('app', { kind: 'supervisor', strategy: 'one_for_one' }),
    actorRow('app/counter', { restarts: 2, mailbox: 5 }),
    actorRow('app/jobs', { kind: 'supervisor', strategy: 'rest_for_one' }),
    actorRow('app/jobs/first', { mailbox: 1 }),
  ];
  const records: TraceRecord[] = [
    message(1, { to: 'app/jobs/first#1', name: 'begin' }),
    message(2, { cause: 1, from: 'app/jobs/first#1', outcome: 'crashed', error: 'boom' }),
    message(3, { cause: 2, to: 'app/jobs#1', name: 'exit', kind: 'exit' }),
    message(4, { from: 'app/other#1' }),
    message(5, { to: 'app/nobody', outcome: 'dead', session: 's' }),
    { record: 'crash', ...crashReport(1) },
    { record: 'moment', seq: 1, atMs: 1_500, actors: 1, restarts: 0, crashes: 0, rows: rows.slice(0, 1) },
    { record: 'moment', seq: 2, atMs: 1_600, actors: 4, restarts: 2, crashes: 1, rows },
    { record: 'state', seq: 1, atMs: 1, pid: 'app/counter#1', message: 2, label: 'add', state: 7, changed: [] },
    { record: 'log', worker: 'app/w', incarnation: 1, line: 1, atMs: 1, from: 'stderr', text: 'old' },
    { record: 'log', worker: 'app/w', incarnation: 2, line: 1, atMs: 2, from: 'stdout', text: 'new' },
    { record: 'span', ...spanRow('a', { attributes: { callId: 'c1', worker: 'w#1' } }) },
    { record: 'span', ...spanRow('b', { parentSpanId: 'a', layer: 'python', failed: true }) },
    {
      record: 'event',
      seq: 1,
      atMs: 1,
      type: 'child.restarted',
      importance: 'high',
      path: 'app/counter',
      text: 'restarted',
      event: null,
    },
    {
      record: 'session',
      realm: 'app',
      id: 's',
      backend: 'memory',
      revision: 3,
      variables: 1,
      bytes: 10,
      watchers: 0,
      expiresAtMs: null,
      rows: [
        {
          name: 'n',
          type: 'integer',
          value: { $: 'object', entries: [['deep', 5]] },
          version: 3,
          writer: 'w#1',
          writtenAtMs: 1,
          secret: false,
          constraints: null,
        },
      ],
    },
  ];
  let file: TraceFile;
  before(async () => {
    file = await fileOf(records);
  });

  it('shows the tree of a moment, and of the last one', () => {
    const { head, rows: drawn } = file.get<'tree'>({ view: 'tree', open: 'all' });
    expect(head).to.deep.equal({ atMs: 1_600 });
    expect(drawn.map(([path, { depth, open }]) => [path, depth, open])).to.deep.equal([
      ['app', 0, true],
      ['app/counter', 1, false],
      ['app/jobs', 1, true],
      ['app/jobs/first', 2, false],
    ]);
    expect(file.get<'tree'>({ view: 'tree', open: [], at: 1 }).rows).to.have.length(1);
    expect(file.get<'tree'>({ view: 'tree', open: ['app'] }).total).to.equal(3);
    expect(file.get<'tree'>({ view: 'tree', open: 'all', closed: ['app/jobs'] }).total).to.equal(3);
    expect(file.get<'tree'>({ view: 'tree', open: 'all', under: 'app/jobs' }).total).to.equal(2);
  });

  it('lists actors as they are asked for', () => {
    const paths = (query: object) => file.get<'actors'>({ view: 'actors', ...query }).rows.map(([path]) => path);
    expect(paths({ sort: 'mailbox', limit: 2 })).to.deep.equal(['app/counter', 'app/jobs/first']);
    expect(paths({ search: 'JOBS' })).to.deep.equal(['app/jobs', 'app/jobs/first']);
    expect(paths({ kind: 'supervisor', offset: 1 })).to.deep.equal(['app/jobs']);
    const { head } = file.get<'actor'>({ view: 'actor', path: 'app/counter' });
    expect(head).to.deep.include({ parent: 'app', ancestors: ['app'], state: 7, restarts: 2 });
    expect(head.incarnations).to.deep.include({
      pid: 'app/counter#1',
      startedAtMs: null,
      endedAtMs: 1_010,
      reason: 'error: boom',
      crash: 1,
    });
  });

  it('filters messages, and finds what led to one and what it led to', () => {
    const seqs = (filter: object) => file.get<'messages'>({ view: 'messages', filter }).rows.map(([, { seq }]) => seq);
    expect(seqs({})).to.deep.equal([5, 4, 3, 2, 1]);
    expect(seqs({ failures: true })).to.deep.equal([5, 2]);
    expect(seqs({ path: 'app/jobs/*' })).to.deep.equal([2, 1]);
    expect(seqs({ path: 'app/jobs/*', direction: 'in' })).to.deep.equal([1]);
    expect(seqs({ path: 'app/jobs/*', direction: 'out' })).to.deep.equal([2]);
    expect(seqs({ path: 'app/**', name: 'e*' })).to.deep.equal([3]);
    expect(seqs({ session: 's' })).to.deep.equal([5]);
    const { rows: around } = file.get<'message'>({ view: 'message', seq: 2 });
    expect(around.map(([, { seq }]) => seq)).to.deep.equal([1, 2, 3]);
  });

  it('has crashes, states, events, logs, sessions and moments', () => {
    expect(file.get<'crashes'>({ view: 'crashes' }).rows[0]?.[1]).to.include({ id: 1, decision: 'pending' });
    expect(file.get<'crash'>({ view: 'crash', id: 1 }).head.reason).to.equal('error: boom');
    expect(file.get<'history'>({ view: 'history', path: 'app/counter' }).total).to.equal(1);
    expect(file.get<'events'>({ view: 'events', types: ['child.restarted'] }).total).to.equal(1);
    expect(file.get<'events'>({ view: 'events', path: 'app/other' }).total).to.equal(0);
    const logs = (incarnation?: number) =>
      file
        .get<'logs'>({ view: 'logs', path: 'app/w', ...(incarnation === undefined ? {} : { incarnation }) })
        .rows.map(([, { text }]) => text);
    expect([logs(), logs(1)]).to.deep.equal([['old', 'new'], ['old']]);
    expect(file.get<'sessions'>({ view: 'sessions' }).rows[0]?.[0]).to.equal('app/s');
    expect(file.get<'session'>({ view: 'session', session: 's' }).rows[0]?.[1]).to.include({ writer: 'w#1' });
    expect(file.get<'moments'>({ view: 'moments' }).rows.map(([key]) => key)).to.deep.equal(['2', '1']);
  });

  it('has traces, and the calls that they tell of', () => {
    const { rows: spans } = file.get<'trace'>({ view: 'trace', traceId: 't1' });
    expect(spans.map(([id, { depth }]) => [id, depth])).to.deep.equal([
      ['a', 0],
      ['b', 1],
    ]);
    expect(file.get<'calls'>({ view: 'calls' }).rows[0]?.[1]).to.include({ callId: 'c1', tool: 'rank', outcome: 'ok' });
    expect(file.get<'bridge'>({ view: 'bridge' }).rows[0]?.[1]).to.include({ calls: 1, p50Ms: 10 });
  });

  it('shows more of a value only where the file has more', () => {
    const value = (of: object, keys: string[]) =>
      file.get<'value'>({ view: 'value', of: of as never, keys }).head.value;
    expect(value({ crash: 1, state: 'before' }, ['count', 'n'])).to.equal(7);
    expect(value({ session: 's', variable: 'n' }, ['deep'])).to.equal(5);
    expect(value({ message: 1 }, ['x'])).to.deep.equal({ $: 'undefined' });
    expect(value({ crash: 1, state: 'before' }, ['other'])).to.deep.equal({ $: 'cut' });
  });

  it('says in one line what it is', () => {
    expect(file.get<'overview'>({ view: 'overview' }).head).to.include({
      health: 'recorded until 1970-01-01T00:01:01.000Z: 1 crash',
      actors: 4,
      restarts: 2,
      backlog: 6,
      deadLetters: 1,
      drops: 3,
    });
  });

  it('says what it has not', () => {
    for (const query of [
      { view: 'actor', path: 'x' },
      { view: 'crash', id: 9 },
      { view: 'message', seq: 9 },
      { view: 'session', session: 'x' },
      { view: 'variable', session: 's', name: 'x' },
      { view: 'tree', open: 'all', at: 9 },
    ] as const)
      expect(() => file.get(query as never))
        .to.throw(ViewerError)
        .with.property('code', 'not_found');
    expect(() => file.get({ view: 'other' } as never)).to.throw(ViewerError, 'no view');
    for (const view of ['workers', 'audit'] as const) expect(file.get({ view } as never).total).to.equal(0);
  });
});
