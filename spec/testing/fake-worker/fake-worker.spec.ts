import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { nodeRuntime, SpecError } from '../../../actors/core/index.ts';
import { python, type WorkerStartError } from '../../../actors/worker/index.ts';
import { whenGone } from '../../../actors/worker/process-group.ts';
import { openContext, ophion, pythonTool, ToolError, WorkerLostError } from '../../../index.ts';
import { type FakeStep, fakeWorker, readySteps, rejection, useSystem } from '../../../testing/index.ts';
import { isGone, type PingHostOptions, startPingHost } from '../../helpers/ping-host.ts';

type Steps = readonly FakeStep[];
const echo = [...readySteps, { type: 'echo' }] as const satisfies Steps;
const start = (lives: readonly Steps[], { pool = {}, ...options }: Pick<PingHostOptions, 'pool' | 'links'> = {}) =>
  startPingHost({ ...options, pool: { maxRestarts: 0, drainMs: 100, ...pool, ...fakeWorker(...lives) } });
type Host = Awaited<ReturnType<typeof start>>;
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
const left = (osPid: number): Promise<readonly number[]> =>
  new Promise((resolve) => whenGone(osPid, nodeRuntime().clock, 5_000, resolve));
const inState = (host: Host, wanted: string, n = 1) =>
  host.event('worker.state', ({ state }: { state: string }) => state === wanted, n);
const osPidOf = async (host: Host) => (await host.ping.ready()).workers[0]?.osPid as number;

describe('a scripted worker', function () {
  this.timeout(30_000);

  describe('that does not start', () => {
    const segv = { type: 'signal', signal: 'SIGSEGV' } as const;
    const wait = { type: 'wait', ms: 60_000 } as const;
    const cases: readonly (readonly [string, Steps, Parameters<typeof start>[1], RegExp])[] = [
      ['never dials', [{ type: 'hang' }], { pool: { dialTimeoutMs: 400 } }, /did not dial within 400 ms/],
      ['dials too late', [wait, ...echo], { pool: { dialTimeoutMs: 400 } }, /did not dial within 400 ms/],
      [
        'dials the wrong port',
        [{ type: 'dial', address: '127.0.0.1:1' }],
        {},
        /code 1 before it dialled.*ConnectionRefused/s,
      ],
      ['dials and says nothing', [{ type: 'dial' }], { links: { helloTimeoutMs: 100 } }, /code 4 before it dialled/],
      [
        'has a wrong token',
        [{ type: 'dial' }, { type: 'hello', over: { token: 'wrong' } }],
        {},
        /code 4 before it dialled/,
      ],
      [
        'speaks another version',
        [{ type: 'dial' }, { type: 'hello', over: { protocolVersion: 9 } }],
        {},
        /code 4 before it dialled/,
      ],
      [
        'says hello and then nothing',
        [{ type: 'dial' }, { type: 'hello' }],
        { pool: { readyTimeoutMs: 200 } },
        /was not ready within 200 ms/,
      ],
      [
        'loads for ever',
        [{ type: 'dial' }, { type: 'hello' }, { type: 'progress', what: 'counting' }],
        { pool: { readyTimeoutMs: 200 } },
        /not ready within 200 ms while it was counting/,
      ],
      [
        'ends at once',
        [
          { type: 'print', text: 'last words', to: 'stderr' },
          { type: 'exit', code: 3 },
        ],
        {},
        /code 3 before it dialled.*last words/s,
      ],
      [
        'ends while it loads',
        [{ type: 'dial' }, { type: 'hello' }, { type: 'exit', code: 0 }],
        {},
        /code 0 while it was/,
      ],
      ['crashes', [segv], {}, /was ended by SIGSEGV before it dialled/],
    ];
    for (const [what, steps, options, message] of cases) {
      it(`fails with the reason when it ${what}`, async () => {
        await using host = await start([steps], options);
        const error = (await rejection(host.ping.ready())) as WorkerStartError;
        expect(error).to.include({ name: 'WorkerStartError' });
        expect(error.message).to.match(message);
        const { osPid } = await inState(host, 'connecting');
        expect(await isGone(osPid as number)).to.equal(true);
      });
    }

    it('has a second life, and all that follow, of their own', async () => {
      await using host = await start([[{ type: 'exit', code: 3 }], echo], { pool: { maxRestarts: 5 } });
      expect(await host.ping.ready()).to.include({ restarts: 1 });
      expect((await host.call('hello')).answer).to.equal('hello');
    });

    it('waits to dial until it is let go on', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fake-worker-'));
      try {
        const path = join(folder, 'go');
        await using host = await start([[{ type: 'wait_for', path }, ...echo]]);
        await inState(host, 'connecting');
        writeFileSync(path, '');
        expect(await host.ping.ready()).to.include({ restarts: 0 });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('has more time while it says that it loads', async () => {
      const loading = (['one', 'two', 'three'] as const).flatMap(
        (what) =>
          [
            { type: 'progress', what },
            { type: 'wait', ms: 400 },
          ] as const,
      );
      const steps = [{ type: 'dial' }, { type: 'hello' }, ...loading, { type: 'ready' }] as const satisfies Steps;
      await using host = await start([steps], { pool: { readyTimeoutMs: 1_000 } });
      expect(await host.ping.ready()).to.include({ restarts: 0 });
    });
  });

  describe('that prints', () => {
    it('what no log takes: it is cut, drained, and the worker is not held up', async () => {
      const bytes = 10_000_000;
      await using host = await start([
        [
          { type: 'flood', bytes },
          { type: 'flood', bytes: 1_000_000, as: 'lines', to: 'stderr' },
          { type: 'flood', bytes: 100_000, as: 'garbage' },
          ...echo,
        ],
      ]);
      expect((await host.call('hello')).answer).to.equal('hello');
      const line = await host.event('worker.output', ({ cut }: { cut: boolean }) => cut);
      expect(line.text).to.equal('x'.repeat(8_192));
      await host.event('worker.output', ({ from }: { from: string }) => from === 'stderr', 12_500);
    });
  });

  describe('that is lost in a call', () => {
    const dies = (...last: Steps): Steps => [
      ...readySteps,
      { type: 'echo', calls: 1 },
      { type: 'swallow', calls: 1 },
      ...last,
    ];
    for (const [what, last, reason] of [
      ['exits', { type: 'exit', code: 7 }, { kind: 'os_exit', code: 7 }],
      ['crashes', { type: 'signal', signal: 'SIGSEGV' }, { kind: 'os_signal', signal: 'SIGSEGV' }],
      ['is killed', { type: 'signal', signal: 'SIGKILL' }, { kind: 'os_signal', signal: 'SIGKILL' }],
    ] as const) {
      it(`has answered the one before, and ${what} with its outcome unknown; the next life goes on`, async () => {
        await using host = await start([dies(last), echo], { pool: { maxRestarts: 5 } });
        expect((await host.call('hello')).answer).to.equal('hello');
        const { lost } = await host.call('and now?');
        expect(lost).to.include({ outcome: 'unknown' });
        expect(lost?.reason).to.deep.equal(reason);
        expect((await host.call('again')).answer).to.equal('again');
      });
    }

    it('never answers: the call has its time, and the worker is replaced', async () => {
      await using host = await start([[...readySteps, { type: 'swallow' }], echo], { pool: { maxRestarts: 5 } });
      const { lost } = await host.call('hello', { exchangeTimeoutMs: 100 });
      expect(lost?.reason).to.have.nested.property('error.code', 'call_timeout');
      expect((await host.call('hello')).answer).to.equal('hello');
    });

    for (const [what, last] of [
      ['stops where it stands', { type: 'signal', signal: 'SIGSTOP' }],
      ['holds the lock of its interpreter', { type: 'hold_lock' }],
    ] as const) {
      it(`is stuck when it ${what}`, async () => {
        await using host = await start([dies(last), echo], { pool: { maxRestarts: 5, livenessTimeoutMs: 600 } });
        await host.call('hello');
        const { lost } = await host.call('and now?');
        expect(lost?.reason).to.have.property('value').that.includes('stuck');
        expect((await host.call('again')).answer).to.equal('again');
      });
    }

    it('is stuck when it is ready and then never says that it lives', async () => {
      const silent = [{ type: 'dial' }, { type: 'hello' }, { type: 'ready', liveness: false }] as const;
      await using host = await start([silent, echo], { pool: { maxRestarts: 5, livenessTimeoutMs: 600 } });
      const { workers } = await host.ping.ready();
      const reason = await host.reasonOf(String(workers[0]?.pid));
      expect(reason).to.have.property('value').that.includes('stuck');
    });
  });

  describe('that breaks its stream', () => {
    for (const how of ['close', 'reset', 'cancel'] as const) {
      it(`goes on with the same process after it hung up (${how}) and dialled again`, async () => {
        const steps: Steps = [
          ...readySteps,
          { type: 'echo', calls: 1 },
          { type: 'hang_up', how },
          ...readySteps.slice(0, 2),
          { type: 'echo' },
        ];
        await using host = await start([steps]);
        const osPid = await osPidOf(host);
        expect((await host.call('hello')).answer).to.equal('hello');
        await host.event('stream.resumed');
        expect((await host.call('again')).answer).to.equal('again');
        expect(await osPidOf(host)).to.equal(osPid);
      });
    }

    it('is given up when it does not come back in its grace', async () => {
      await using host = await start([[...readySteps, { type: 'hang_up', how: 'close' }], echo], {
        pool: { maxRestarts: 5 },
        links: { graceMs: 100 },
      });
      await host.event('pool.worker_lost');
      expect((await host.call('hello')).worker).to.match(/#2$/);
    });

    for (const [what, bad] of [
      ['a message that is none', { type: 'nonsense', as: 'message' }],
      ['bytes that are no HTTP/2', { type: 'nonsense', as: 'bytes' }],
    ] as const) {
      it(`is replaced when it sends ${what}; nothing else is touched`, async () => {
        await using host = await start([[...readySteps, bad], echo], {
          pool: { maxRestarts: 5 },
          links: { graceMs: 100 },
        });
        await host.event('pool.worker_lost');
        expect((await host.call('hello')).worker).to.match(/#2$/);
        expect(host.app.children.links.pid?.incarnation).to.equal(1);
      });
    }

    it('dies in the middle of a frame: what it had said before stands', async () => {
      const steps: Steps = [
        ...readySteps,
        { type: 'echo', calls: 1 },
        { type: 'half_frame' },
        { type: 'exit', code: 9 },
      ];
      await using host = await start([steps, echo], { pool: { maxRestarts: 5 } });
      expect((await host.call('hello')).answer).to.equal('hello');
      await host.event('pool.worker_lost');
      expect((await host.call('again')).worker).to.match(/#2$/);
    });

    it('reads no more: the host keeps what it has to say, and the call has its time', async () => {
      await using host = await start([[...readySteps, { type: 'stop_reading' }, { type: 'echo' }], echo], {
        pool: { maxRestarts: 5 },
      });
      const { lost } = await host.call('x'.repeat(2_000_000), { exchangeTimeoutMs: 200 });
      expect(lost?.reason).to.have.nested.property('error.code', 'call_timeout');
      expect((await host.call('hello')).answer).to.equal('hello');
    });

    it('leaves by itself', async () => {
      await using host = await start([[...readySteps, { type: 'goodbye', reason: 'had enough' }], echo], {
        pool: { maxRestarts: 5 },
      });
      const { reason } = await host.event('pool.worker_lost');
      expect(reason).to.deep.equal({ kind: 'exit', value: 'it left by itself: had enough' });
      expect((await host.call('hello')).worker).to.match(/#2$/);
    });
  });

  describe('that does not want to go', () => {
    it('stays when its script has come to its end, and leaves when it is drained', async () => {
      await using host = await start([readySteps]);
      const osPid = await osPidOf(host);
      await host.app.stop();
      expect(await isGone(osPid)).to.equal(true);
      expect(host.notes.events.some(({ type }) => type === 'worker.leaked')).to.equal(false);
    });

    it('is killed when it ignores Drain and SIGTERM', async () => {
      const ignoring = (['drain', 'SIGTERM'] as const).map((what) => ({ type: 'ignore', what }) as const);
      await using host = await start([[...ignoring, ...readySteps]], { pool: { drainMs: 50, termMs: 50 } });
      const osPid = await osPidOf(host);
      await host.app.stop();
      expect(await isGone(osPid)).to.equal(true);
    });

    const grandchildOf = async (host: Host) => {
      const { text } = await host.event('worker.output', ({ text }: { text: string }) => text.startsWith('grandchild'));
      return Number(text.slice('grandchild '.length));
    };

    it('takes a grandchild with it that wanted to outlive it', async () => {
      await using host = await start([
        [{ type: 'grandchild' }, ...readySteps, { type: 'swallow', calls: 1 }, { type: 'exit', code: 1 }],
      ]);
      const osPid = await osPidOf(host);
      const grandchild = await grandchildOf(host);
      expect(isAlive(grandchild)).to.equal(true);
      await host.call('go');
      expect(await left(osPid)).to.deep.equal([]);
      expect(isAlive(grandchild)).to.equal(false);
    });

    it('leaves one behind that has left its process group: nobody can know of it', async () => {
      await using host = await start([[{ type: 'grandchild', detached: true }, ...readySteps]]);
      await host.ping.ready();
      const grandchild = await grandchildOf(host);
      try {
        await host.app.stop();
        expect(isAlive(grandchild)).to.equal(true);
      } finally {
        process.kill(grandchild, 'SIGKILL');
      }
    });
  });

  it('takes memory and files, and is seen to', async () => {
    const steps: Steps = [{ type: 'allocate', bytes: 50_000_000 }, { type: 'open_files', count: 100 }, ...readySteps];
    await using host = await start([steps]);
    const { rssBytes } = await host.event('worker.alive');
    expect(rssBytes).to.be.above(50_000_000);
    expect(readdirSync(`/proc/${await osPidOf(host)}/fd`)).to.have.length.above(100);
  });

  it('carries payloads of many frames both ways', async () => {
    await using host = await start([echo]);
    const long = 'x'.repeat(1_000_000);
    expect((await host.call(long)).answer).to.equal(long);
  });
});

describe('a scripted worker behind a context', function () {
  this.timeout(30_000);
  const rank = pythonTool<{ items: string[] }, unknown>('rank');
  const value = { best: 'a', score: 0.5, all: [1, -2, true, null], none: {} };
  const tools = [{ type: 'dial' }, { type: 'hello' }, { type: 'ready', tools: ['rank'] }] as const satisfies Steps;
  const system = useSystem(() =>
    ophion({
      pools: {
        default: python(
          fakeWorker(
            [
              ...tools,
              { type: 'answer', value, calls: 1 },
              { type: 'fail', message: 'no items', calls: 1 },
              { type: 'swallow', calls: 1 },
              { type: 'exit', code: 9 },
            ],
            [...tools, { type: 'answer', value: 'second life' }],
          ),
        ),
      },
    }),
  );

  it('answers tool calls, fails one, dies in one, and lives again', async () => {
    await using context = await openContext(system.current);
    expect(await context.call(rank, { items: [] })).to.deep.equal(value);
    const failed = (await rejection(context.call(rank, { items: [] }))) as ToolError;
    expect(failed).to.be.instanceOf(ToolError);
    expect(failed.message).to.include('no items');
    expect(await rejection(context.call(rank, { items: [] }))).to.be.instanceOf(WorkerLostError);
    expect(await context.call(rank, { items: [] })).to.equal('second life');
  });
});

describe('a script', () => {
  it('goes over the environment, as data, and starts nothing', () => {
    const options = fakeWorker(echo);
    expect(options.module).to.equal('fake_worker');
    expect(existsSync(options.args[0] as string)).to.equal(true);
    expect(JSON.parse(options.env.OPHION_FAKE_WORKER as string)).to.deep.equal([echo]);
  });

  for (const [step, message] of [
    [{ type: 'explode' }, /life 1, step 1: there is no step 'explode'/],
    [{ type: 'toString' }, /there is no step/],
    [{ type: 'exit' }, /the 'code' of exit/],
    [{ type: 'exit', code: 256 }, /the 'code' of exit/],
    [{ type: 'exit', code: 1, signal: 'SIGTERM' }, /exit has no 'signal'/],
    [{ type: 'signal', signal: 'kill' }, /the 'signal' of signal/],
    [{ type: 'flood', bytes: -1 }, /the 'bytes' of flood/],
    [{ type: 'hello', over: { token: 1 } }, /the 'over' of hello/],
    [{ type: 'ready', tools: 'rank' }, /the 'tools' of ready/],
    [{ type: 'hang_up', how: 'politely' }, /the 'how' of hang_up/],
    [{ type: 'answer', value: undefined }, /the 'value' of answer/],
  ] as const) {
    it(`with ${JSON.stringify(step)} is refused by name`, () => {
      expect(() => fakeWorker([step as unknown as FakeStep])).to.throw(SpecError, message);
    });
  }

  it('is refused when there is none, or too much of it', () => {
    expect(() => fakeWorker()).to.throw(SpecError, /missing_script/);
    expect(() => fakeWorker([{ type: 'print', text: 'x'.repeat(70_000) }])).to.throw(SpecError, /script_too_long/);
  });
});
