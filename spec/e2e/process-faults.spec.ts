/** What becomes of a pool whose worker processes misbehave in one of the ways of the catalogue, and of its calls. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { type ExitReason, ToolError, WorkerLostError } from '../../index.ts';
import { catalogue, type Plan, rejection, rules } from '../../testing/index.ts';
import { type BenchOptions, type FaultBench, look, onBench, openOne, run, take } from '../helpers/fault-bench.ts';
import { checkout } from '../helpers/ping-host.ts';
import { living, untilNoneLives } from '../soak/living.ts';
import { shows, showsApart, showsLive, showsSimulated } from '../testing/faults/shows.ts';

const offered = { tools: ['run', 'look'] };

/** Arms a plan and kills the worker, so that the next one is under it. */
async function nextWorker(bench: FaultBench, plan: Plan) {
  const active = bench.arm(plan);
  const lost = bench.event('pool.worker_lost');
  bench.arm(rules(catalogue.process.sigkill()));
  await lost;
  return active;
}

/** It serves, and what it ran it ran once. */
async function serves({ context, runs }: FaultBench, key = 'served'): Promise<void> {
  expect(await context.call(run, { key })).to.equal(key);
  expect(runs().filter((one) => one === key)).to.have.length(1);
}

/** A worker that is lost in a call: nobody knows what became of it, but that it is over. The next one serves. */
const lostInCall = (
  injure: (bench: FaultBench) => Promise<unknown>,
  reason: (given: ExitReason) => void,
  options: BenchOptions = {},
) =>
  onBench(async (bench) => {
    const { context } = bench;
    await injure(bench);
    const settled = await context.callSettled(run, { key: 'lost', seconds: 30 });
    expect(settled.kind).to.equal('unknown');
    const { error } = settled as { error: unknown };
    expect(error).to.be.instanceOf(WorkerLostError);
    reason((error as WorkerLostError).reason);
    bench.world.doors.set.stopAll();
    expect(await context.call(look, { key: 'again' })).to.equal('again');
    expect(bench.runs().filter((key) => key === 'lost').length).to.be.at.most(1);
  }, options);

/** The process is injured as soon as the call is running. */
const whileItRuns = (plan: Plan) => async (bench: FaultBench) => {
  void bench.until(() => bench.runs().includes('lost')).then(() => bench.arm(plan));
};

const limitsOf = (osPid: number | undefined) => readFileSync(`/proc/${osPid}/limits`, 'utf8');

/** Something is scarce: the tool that needs it fails, the worker lives on, and the same tool succeeds afterwards. */
const scarce = (plan: Plan, need: (bench: FaultBench) => Promise<unknown>, remoteType: string) =>
  onBench(async (bench) => {
    await need(bench);
    const osPid = await bench.osPid();
    const before = limitsOf(osPid);
    const active = bench.arm(plan);
    await bench.until(() => limitsOf(osPid) !== before);
    const error = await rejection(need(bench));
    expect(error).to.be.instanceOf(ToolError);
    expect((error as ToolError).remoteType).to.equal(remoteType);
    active.heal();
    await bench.until(() => limitsOf(osPid) === before);
    await need(bench);
    expect(await bench.osPid()).to.equal(osPid);
  });

describe('faults of worker processes', function () {
  this.timeout(60_000);

  shows(
    catalogue.process.slowReady,
    'one that is ready late serves what has waited',
    onBench(async (bench) => {
      const active = await nextWorker(bench, rules(catalogue.process.slowReady({ ms: 300 })));
      await serves(bench);
      expect(active.status[0]?.done).to.equal(1);
    }),
  );
  showsSimulated(
    catalogue.process.slowReady,
    'one that is ready too late is given up, and the next one serves',
    onBench(
      async (bench) => {
        const plan = rules(catalogue.process.slowReady({ ms: 30_000, until: { times: 1 } }));
        await nextWorker(bench, plan);
        const { reason } = await bench.event('pool.worker_lost', () => true, 2);
        expect((reason as { error: Error }).error.message).to.include('was not ready within 400 ms');
        await serves(bench);
      },
      { pool: { readyTimeoutMs: 400 } },
    ),
  );
  showsLive(
    catalogue.process.wrongAddress,
    'one that dials where nobody listens is given up, and the next one serves',
    onBench(
      async (bench) => {
        await nextWorker(bench, rules(catalogue.process.wrongAddress({ until: { times: 1 } })));
        const { reason } = await bench.event('pool.worker_lost', () => true, 2);
        expect((reason as { error: Error }).error.message).to.include('did not dial within');
        await serves(bench);
      },
      { pool: { dialTimeoutMs: 2_500 } },
    ),
  );
  shows(
    catalogue.process.exitWhileRunning,
    'one that exits while it runs is told by its code',
    lostInCall(whileItRuns(rules(catalogue.process.exitWhileRunning({ code: 7 }))), (reason) =>
      expect(reason).to.deep.equal({ kind: 'os_exit', code: 7 }),
    ),
  );
  shows(
    catalogue.process.sigsegv,
    'one that crashes is told by its signal',
    lostInCall(whileItRuns(rules(catalogue.process.sigsegv())), (reason) =>
      expect(reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGSEGV' }),
    ),
  );
  showsLive(
    catalogue.process.holdsLock,
    'one that never gives its interpreter lock back is found out',
    lostInCall(
      (bench) => nextWorker(bench, rules(catalogue.process.holdsLock({ ...offered, until: { times: 1 } }))),
      (reason) => expect((reason as { value: string }).value).to.include('stuck'),
      { pool: { livenessTimeoutMs: 800 } },
    ),
  );
  showsLive(
    catalogue.process.halfFrame,
    'one that dies in the middle of a frame has said nothing with it',
    lostInCall(
      (bench) => nextWorker(bench, rules(catalogue.process.halfFrame({ ...offered, until: { times: 1 } }))),
      (reason) => expect(reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGKILL' }),
    ),
  );
  shows(
    catalogue.process.ignoresSigterm,
    'one that does not listen is killed when its time is over',
    onBench(async (bench) => {
      const active = bench.arm(rules(catalogue.process.ignoresSigterm()));
      const osPid = await bench.osPid();
      const call = bench.context.callSettled(run, { key: 'busy', seconds: 30 });
      await bench.until(() => bench.runs().includes('busy'));
      await bench.stop();
      expect((await call).kind).to.equal('unknown');
      expect(active.status[0]?.done).to.equal(1);
      if (bench.world.isLive) expect(living({ groups: [osPid as number] })).to.deep.equal([]);
    }),
  );
  shows(
    catalogue.process.longLine,
    'one that prints a line of 10 MB is not held up, and its log has the beginning',
    onBench(async (bench) => {
      await nextWorker(bench, rules(catalogue.process.longLine({ until: { times: 1 } })));
      await serves(bench);
      const { text, from } = await bench.event('worker.output', ({ cut }) => cut === true);
      expect(text).to.equal('x'.repeat(8_192));
      expect(from).to.equal('stdout');
    }),
  );
  shows(
    catalogue.process.stderrFlood,
    'one that floods stderr is not held up, and no line is lost',
    onBench(async (bench) => {
      await nextWorker(bench, rules(catalogue.process.stderrFlood({ until: { times: 1 } })));
      await serves(bench);
      const line = 'x'.repeat(79);
      await bench.event('worker.output', ({ from, text }) => from === 'stderr' && text === line, 12_500);
    }),
  );
  showsLive(
    catalogue.process.outOfMemory,
    'one without memory fails the tool that wants some, and serves on',
    scarce(
      rules(catalogue.process.outOfMemory()),
      ({ context }) => context.call(take, { megabytes: 200 }),
      'MemoryError',
    ),
  );
  showsLive(
    catalogue.process.outOfFiles,
    'one without a descriptor fails the tool that wants one, and serves on',
    scarce(rules(catalogue.process.outOfFiles()), ({ context }) => context.call(openOne, {}), 'OSError'),
  );
  showsLive(
    catalogue.process.grandchild,
    'one with a child of its own takes it with it',
    onBench(async (bench) => {
      await nextWorker(bench, rules(catalogue.process.grandchild({ until: { times: 1 } })));
      await serves(bench);
      const osPid = (await bench.osPid()) as number;
      const sleeping = () =>
        living({ groups: [osPid] }).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
      expect(sleeping()).to.have.length(1);
      bench.arm(rules(catalogue.process.sigkill()));
      await bench.event('pool.worker_lost', () => true, 2);
      expect(await untilNoneLives({ groups: [osPid] }, 5_000)).to.not.equal(undefined);
      await serves(bench, 'served again');
    }),
  );
  showsApart(catalogue.process.orphaned, 'those whose host is killed end, and all that they have started', async () => {
    const host = spawn(process.execPath, ['--import', 'tsx', 'spec/fixtures/orphaning-host-program.ts'], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(host, 'exit');
    const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
    const groups = JSON.parse((await lines.next()).value ?? '[]') as number[];
    expect(groups).to.have.length(2);
    const [code, signal] = (await exit) as [number | null, string | null];
    expect([code, signal]).to.deep.equal([null, 'SIGKILL']);
    expect(await untilNoneLives({ groups }, 5_000)).to.not.equal(undefined);
  });
});
