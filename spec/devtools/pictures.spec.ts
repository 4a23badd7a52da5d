import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { chromeTrace } from '../../devtools/export/chrome-trace.ts';
import { dotGraph } from '../../devtools/export/dot.ts';
import { sequenceDiagram } from '../../devtools/export/mermaid.ts';
import { lanesOf } from '../../devtools/export/slices.ts';
import { needs } from '../helpers/needs.ts';
import { actorRow, anyMessage, anySpan, messageRow, spanRow } from '../helpers/trace-records.ts';

const story = [
  messageRow(1, { kind: 'call', name: 'add', to: 'app/front#1', tookMs: 50 }),
  messageRow(2, { kind: 'cast', name: 'note', from: 'app/front#1', to: 'app/log#1', cause: 1 }),
  messageRow(3, {
    kind: 'info',
    name: 'tick',
    from: 'app/front#1',
    to: 'app/counter#1',
    cause: 1,
    outcome: 'crashed',
    error: 'Error: boom; end',
  }),
  messageRow(4, { from: 'app/front#1', to: 'app/gone', cause: 1, outcome: 'dead', waitMs: null, tookMs: null }),
];

describe('a sequence diagram', () => {
  it('has the actors as they appear, calls with their replies, crashes and what nobody received', () => {
    expect(sequenceDiagram(story).split('\n')).to.deep.equal([
      'sequenceDiagram',
      '  participant p0 as outside',
      '  participant p1 as app/front',
      '  participant p2 as app/log',
      '  participant p3 as app/counter',
      '  participant p4 as app/gone',
      '  p0->>p1: call add',
      '  p1-)p2: cast note',
      '  p1-)p3: tick',
      '  p1-xp4: cast add (nobody received it)',
      '  Note over p3: crashed: Error#58; boom#59; #101;nd',
      '  p1-->>p0: reply (50 ms)',
      '',
    ]);
  });

  it('has what faults did to a message, and by which rule', () => {
    const mark = (rule: string, task: string) => ({ plan: 'p1', rule, point: 'message.send', task });
    const faulty = [
      messageRow(1, { kind: 'cast', outcome: 'lost', waitMs: null, tookMs: null, faults: [mark('r1', 'drop')] }),
      messageRow(2, { kind: 'cast', faults: [mark('r2', '50%2*delay(30)'), mark('r3', 'throw("it broke")')] }),
    ];
    const lines = sequenceDiagram(faulty).split('\n');
    expect(lines.find((line) => line.includes('-x'))).to.match(/\(dropped \(r1 of p1\)\)$/);
    expect(lines).to.include(
      '  Note over p0,p1: fault#58; delayed by 30 ms (r2 of p1), thrown#58; it broke (r3 of p1)',
    );
  });

  it('is of the grammar, whatever actors and messages are called', () => {
    const text = String.raw`[^;#\n:<>{}"\\\x60]`;
    const word = `(?:${text}|#\\d+;)+`;
    const line = new RegExp(
      `^  (?:participant p\\d+ as ${word}|p\\d+(?:->>|-\\)|-->>|-x)p\\d+: ${word}|Note over p\\d+(?:,p\\d+)?: (?:crashed: )?${word})$`,
      'u',
    );
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 10 }), (messages) => {
        const [head, ...lines] = sequenceDiagram(messages).trimEnd().split('\n');
        expect(head).to.equal('sequenceDiagram');
        for (const one of lines) expect(one).to.match(line);
      }),
    );
  });

  it('says of what was not over when the trace stopped that this is so', () => {
    const open = messageRow(1, { kind: 'call', to: 'app/a#1', outcome: 'unknown', waitMs: null, tookMs: null });
    expect(sequenceDiagram([open]).split('\n').slice(3)).to.deep.equal([
      '  p0->>p1: call add',
      '  Note over p1: the trace stopped before it was over',
      '',
    ]);
  });

  it('says how many messages it leaves out', () => {
    const many = Array.from({ length: 10 }, (_, n) => messageRow(n));
    const lines = sequenceDiagram(many, { max: 4 }).trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('-)'))).to.have.length(4);
    expect(lines.at(-1)).to.equal('  Note over p0,p1: 6 more messages are not drawn');
    const wide = Array.from({ length: 10 }, (_, n) => messageRow(n, { to: `app/a${n}#1` }));
    expect(sequenceDiagram(wide, { maxActors: 3 })).to.include('8 more messages are not drawn');
  });
});

describe('a graph of the tree', () => {
  const actors = [
    actorRow('app', { kind: 'supervisor', strategy: 'one_for_one' }),
    actorRow('app/a', { restarts: 2, mailbox: 3 }),
    actorRow('app/b', { status: 'down', pid: null }),
  ];

  it('has supervisors with their strategies, links once, and monitors', () => {
    const link = { from: 'app/a', to: 'app/b' };
    const links = [link, { from: 'app/b', to: 'app/a' }, { from: 'app', to: 'app/a' }, { from: 'app/a', to: 'gone' }];
    const lines = dotGraph({ actors, links, monitors: [link] }).split('\n');
    expect(lines).to.include('  "app" [label="app#1\\none_for_one", fillcolor="#e3f9e5", shape="box"];');
    expect(lines).to.include('  "app/a" [label="a#1\\nserver\\nrestarts 2\\nmailbox 3", fillcolor="#e3f9e5"];');
    expect(lines).to.include('  "app/b" [label="b\\nserver\\ndown", fillcolor="#ffd6d6"];');
    expect(lines.filter((line) => line.includes('->'))).to.deep.equal([
      '  "app" -> "app/a";',
      '  "app" -> "app/b";',
      '  "app/a" -> "app/b" [dir="none", style="dashed", constraint="false", label="link"];',
      '  "app/a" -> "app/b" [style="dotted", constraint="false", label="monitor"];',
    ]);
  });

  it('says how many actors it leaves out', () => {
    expect(dotGraph({ actors }, { max: 1 })).to.include('label="2 more actors are not drawn"');
  });

  it('quotes every name, so that it stays one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const [, node = ''] = /^ {2}("(?:\\.|[^"\\])*") \[label=/m.exec(dotGraph({ actors: [actorRow(name)] })) ?? [];
        const read = node.slice(1, -1).replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one));
        expect(read).to.equal(name.replaceAll('\0', '').replaceAll('\r', ''));
      }),
    );
  });

  it('is taken by Graphviz', function () {
    needs(this, spawnSync('dot', ['-V']).status === 0, 'dot (package graphviz)');
    const input = dotGraph({
      actors: [...actors, actorRow('app/"odd"\\\n name')],
      links: [{ from: 'app/a', to: 'app/b' }],
    });
    const { status, stderr } = spawnSync('dot', ['-Tcanon'], { input, encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });
});

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: { readonly name: string };
}

describe('a Chrome trace', () => {
  const eventsOf = (input: Parameters<typeof chromeTrace>[0]): Event[] =>
    (JSON.parse([...chromeTrace(input)].join('')) as { traceEvents: Event[] }).traceEvents;

  it('has each actor as a track in the group of its parent, and each message as a slice', () => {
    const events = eventsOf({ messages: story });
    const names = (what: string) => events.filter(({ name }) => name === what).map(({ args }) => args.name);
    expect(names('process_name')).to.deep.equal(['app']);
    expect(names('thread_name')).to.have.members(['app/front', 'app/log', 'app/counter', 'app/gone']);
    const slices = events.filter(({ ph }) => ph === 'X');
    expect(slices.map(({ name, ts, dur }) => [name, ts, dur])).to.deep.equal([
      ['add', 1_000, 50_000],
      ['note', 2_000, 2_000],
      ['tick', 3_000, 2_000],
    ]);
    expect(events.filter(({ ph }) => ph === 'i').map(({ name }) => name)).to.have.members([
      'crash: Error: boom; end',
      'add',
    ]);
  });

  it('has as a moment what was not begun when the trace stopped, and what was as a slice to its end', () => {
    const open = { outcome: 'unknown', tookMs: null } as const;
    const messages = [messageRow(1, { ...open, waitMs: null }), messageRow(2, { ...open, to: 'app/b#1', waitMs: 1 })];
    const events = eventsOf({ messages, endedAtMs: 1_010 }).filter(({ ph }) => ph !== 'M');
    expect(events.map(({ ph, args }) => [ph, (args as unknown as { seq: number }).seq])).to.deep.equal([
      ['i', 1],
      ['X', 2],
    ]);
  });

  it('has an arrow from each cause to its effect', () => {
    const events = eventsOf({ messages: story });
    const starts = events.filter(({ ph }) => ph === 's');
    expect(starts.map(({ id }) => id)).to.deep.equal([2, 3, 4]);
    for (const { id, ts } of starts) {
      const end = events.find((event) => event.ph === 'f' && event.id === id) as Event;
      expect(end.ts).to.be.at.least(ts);
    }
  });

  it('has each trace as a group, its spans inside each other', () => {
    const spans = [
      spanRow('a', { tookMs: 10 }),
      spanRow('b', { parentSpanId: 'a', layer: 'python', startAtMs: 1_002, tookMs: 3 }),
      spanRow('c', { traceId: 't2', tookMs: null }),
    ];
    const events = eventsOf({ messages: [], spans, endedAtMs: 1_100 });
    const slices = events.filter(({ ph }) => ph === 'X');
    expect(slices.map(({ name, ts, dur }) => [name, ts, dur])).to.deep.equal([
      ['caller rank', 0, 10_000],
      ['python rank', 2_000, 3_000],
      ['caller rank', 0, 100_000],
    ]);
    expect(new Set(slices.map(({ pid }) => pid))).to.have.property('size', 2);
  });

  it('keeps the rules of the format, whatever it is made of', () => {
    const input = fc.record({ messages: fc.array(anyMessage), spans: fc.array(anySpan) });
    fc.assert(
      fc.property(input, ({ messages, spans }) => {
        const events = eventsOf({ messages, spans });
        const tracks = new Map<string, Event[]>();
        const named = new Set(
          events.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid}/${tid}`),
        );
        for (const event of events) {
          expect(event.ph).to.be.oneOf(['M', 'X', 'i', 's', 'f']);
          expect([event.pid, event.tid].every(Number.isInteger)).to.equal(true);
          if (event.ph === 'M') continue;
          expect(event.ts).to.be.at.least(0);
          expect(named.has(`${event.pid}/${event.tid}`), 'its track has a name').to.equal(true);
          if (event.ph !== 'X') continue;
          expect(event.dur).to.be.at.least(0);
          const key = `${event.pid}/${event.tid}`;
          tracks.set(key, [...(tracks.get(key) ?? []), event]);
        }
        for (const slices of tracks.values()) expectNested(slices.map(({ ts, dur }) => ({ start: ts, end: ts + dur })));
      }),
      { numRuns: 50 },
    );
  });
});

/** Any two are apart, or one is inside the other; a thousandth of a microsecond is no overlap. */
function expectNested(slices: readonly { readonly start: number; readonly end: number }[]): void {
  const least = 0.01;
  for (const [at, a] of slices.entries()) {
    for (const b of slices.slice(at + 1)) {
      const apart = a.end <= b.start + least || b.end <= a.start + least;
      const aInB = a.start >= b.start - least && a.end <= b.end + least;
      const bInA = b.start >= a.start - least && b.end <= a.end + least;
      expect(apart || aInB || bInA, `${JSON.stringify(a)} and ${JSON.stringify(b)}`).to.equal(true);
    }
  }
}

describe('lanesOf', () => {
  const anySlice = fc.tuple(fc.nat(50), fc.nat(50)).map(([start, took]) => ({ start, end: start + took }));

  it('loses no slice, and no two of one lane cross', () => {
    fc.assert(
      fc.property(fc.array(anySlice, { maxLength: 30 }), (slices) => {
        const placed = lanesOf(slices);
        expect(placed.map(({ slice }) => slice)).to.have.deep.members(slices);
        for (const lane of new Set(placed.map((one) => one.lane)))
          expectNested(placed.filter((one) => one.lane === lane).map(({ slice }) => slice));
      }),
    );
  });
});
