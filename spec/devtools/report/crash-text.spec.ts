import { expect } from 'chai';
import type { CrashReport, Preview } from '../../../devtools/protocol/index.ts';
import { crashText } from '../../../devtools/report/crash-text.ts';
import { plain } from '../../../devtools/report/paint.ts';
import { moment, timeOfDay } from '../../../devtools/report/units.ts';

const atMs = Date.UTC(2026, 10, 30, 7, 31, 2, 123);
const node = (entries: readonly (readonly [string, Preview])[]): Preview => ({
  $: 'object',
  size: entries.length,
  entries,
});

const report: CrashReport = {
  id: 3,
  atMs,
  pid: 'app/jobs/b#1',
  path: 'app/jobs/b',
  kind: 'server',
  reason: 'error: boom',
  last: 'cast boom',
  name: 'counter',
  ancestors: ['app/jobs', 'app'],
  links: ['app/jobs#1'],
  mailbox: 2,
  causes: [
    {
      kind: 'error',
      name: 'Error',
      message: 'boom',
      stack: 'Error: boom\n    at boom (counter.ts:12:11)\n    at handle (server.ts:3:1)',
      traceback: null,
    },
    { kind: 'cause', name: 'RangeError', message: 'too much', stack: null, traceback: null },
  ],
  messages: [
    {
      kind: 'call',
      name: 'add',
      from: 'outside',
      ageMs: 1_500,
      content: { $: 'array', size: 1, entries: [['0', 2]] },
    },
    { kind: 'cast', name: 'boom', from: 'app/a#1', ageMs: 0.25, content: { $: 'array', size: 0, entries: [] } },
  ],
  stateBefore: node([['count', 2]]),
  stateAfter: node([['count', 3]]),
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  decision: {
    supervisor: 'app/jobs',
    strategy: 'rest_for_one',
    action: 'restarted',
    siblings: ['app/jobs/c'],
    budget: { used: 2, max: 3, periodMs: 5_000 },
    backoffUntilAtMs: null,
    successor: 'app/jobs/b#2',
  },
  process: null,
};

describe('crashText', () => {
  it('says of an injected fault that it is one, and by which rule', () => {
    const fault = { plan: 'p1', rule: 'r2', point: 'actor.receive', task: 'throw(boom)' };
    expect(crashText({ ...report, fault })).to.include(
      'injected  throw(boom) at actor.receive, rule r2 of fault plan p1',
    );
    expect(crashText(report)).not.to.include('injected');
  });

  it('tells who ended, why, in what message and what the supervisor did, then the details', () => {
    expect(crashText(report)).to.equal(
      `crash 3: app/jobs/b#1 (server, registered as counter) at ${moment(atMs)}
  reason    error: boom
  while     handling cast boom
  decision  restarted as app/jobs/b#2 by app/jobs (rest_for_one), together with app/jobs/c, 2 of 3 restarts in 5 s used
  trace     4bf92f3577b34da6a3ce929d0e0e4736
  below     app/jobs, app
  linked to app/jobs#1
  mailbox   2 still waited

Error
  Error: boom
      at boom (counter.ts:12:11)
      at handle (server.ts:3:1)

Caused by
  RangeError: too much

State before the last message
  {count: 2}

State after it
  {count: 3}

Last messages, the newest last
    1.5 s before  call add from outside  [2]
  0.25 ms before  cast boom from app/a#1  []`,
    );
  });

  it('shows of a worker its exit, its verdict, its Python traceback and what it printed last', () => {
    const text = crashText({
      ...report,
      causes: [
        {
          kind: 'os_signal',
          name: 'SIGKILL',
          message: 'SIGKILL',
          stack: null,
          traceback: 'Traceback (most recent call last):\n  File "tools.py", line 3\nMemoryError\n',
        },
      ],
      stateAfter: report.stateBefore,
      process: {
        osPid: 4711,
        exitCode: null,
        signal: 'SIGKILL',
        verdict: 'killed by SIGKILL, probably out of memory',
        rssBytes: 34 * 1024 * 1024,
        log: [{ worker: 'w-1', incarnation: 1, line: 7, atMs, from: 'stderr', text: 'loading' }],
      },
    });
    expect(text).to.include('  process   killed by SIGKILL, probably out of memory\n');
    expect(text).to.include('  process 4711 ended by SIGKILL; 34 MB of memory at its end\n');
    expect(text).to.include('  Traceback (most recent call last):\n    File "tools.py", line 3\n  MemoryError\n');
    expect(text).to.include(`What it printed last\n  ${timeOfDay(atMs)} stderr  loading`);
    expect(text).to.include('State before the last message\n  {count: 2}\n').and.not.include('State after');
  });

  it('lets nothing that an actor says drive the terminal', () => {
    const evil = '\u001b[2J\u009b31m\rgone\u202e';
    const text = crashText({
      ...report,
      reason: evil,
      causes: [{ kind: 'error', name: evil, message: `${evil}\n${evil}`, stack: evil, traceback: evil }],
      stateBefore: evil,
      stateAfter: { $: 'error', name: evil, text: evil },
      process: {
        osPid: 1,
        exitCode: 1,
        signal: null,
        verdict: evil,
        rssBytes: null,
        log: [{ worker: 'w-1', incarnation: 1, line: 1, atMs, from: 'stdout', text: evil }],
      },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).to.include('␛[2J\\u009b31m␍gone\\u202e');
  });

  it('is coloured where the reader has colours, and says the same', () => {
    const paint = { ...plain, red: (text: string) => `\u001b[31m${text}\u001b[39m` };
    expect(crashText(report, { paint })).to.include('\u001b[31merror: boom\u001b[39m');
  });

  for (const [action, text] of [
    ['pending', 'app/jobs (rest_for_one) has not decided yet'],
    ['gave_up', 'app/jobs (rest_for_one) gave up: over its budget, 2 of 3 restarts in 5 s used'],
    ['not_restarted', 'not restarted by app/jobs (rest_for_one)'],
    [
      'backing_off',
      `app/jobs (rest_for_one) restarts it at ${timeOfDay(atMs)}, together with app/jobs/c, 2 of 3 restarts in 5 s used`,
    ],
  ] as const) {
    it(`says of the decision ${action} what it means`, () => {
      const decision = { ...(report.decision as NonNullable<typeof report.decision>), action, backoffUntilAtMs: atMs };
      expect(crashText({ ...report, decision })).to.include(`  decision  ${text}\n`);
    });
  }
});
