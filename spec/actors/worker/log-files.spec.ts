import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WorkerEvent } from '../../../actors/worker/index.ts';
import { excess, fileName } from '../../../actors/worker/log-file-names.ts';
import { type LogFileOptions, LogFiles } from '../../../actors/worker/log-files.ts';
import { WorkerLogs } from '../../../actors/worker/worker-logs.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { needs } from '../../helpers/needs.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

const line = (text: string, cut = false) => ({ from: 'stdout', text, cut }) as const;

describe('the names of log files', () => {
  const name = (ms: number, worker = 'w-1', pool = 'p') => fileName({ pool, timeMs: ms, worker, incarnation: 1 });

  it('say of what they are, and sort by age', () => {
    expect(name(Date.UTC(2026, 1, 3, 4, 5, 6, 78))).to.equal('p.20260203T040506078Z.w-1.1.log');
    const names = [5_000, 1_000, 9_000].map((ms) => name(ms));
    expect(names.toSorted()).to.deep.equal([1_000, 5_000, 9_000].map((ms) => name(ms)));
  });

  it('are too many from the oldest on, but for what is written and what is no log', () => {
    const own = [1, 2, 3, 4, 5].map((ms) => name(ms));
    const others = ['readme.txt', name(0, 'w-1', 'other'), 'p.log', `${name(0)}.gz`, name(0, 'w-1', 'p.q')];
    const there = [...others, ...own, `${own[1]}.1`];
    expect(excess(there, 'p', 4, new Set([own[0] as string]))).to.deep.equal([own[1], `${own[1]}.1`]);
    expect(excess(there, 'p', 6, new Set())).to.deep.equal([]);
    expect(excess(there, 'p', 0, new Set(own))).to.deep.equal([]);
  });

  it('have no path in them, whatever the pool is called', () => {
    expect(name(0, 'w-1', '../up')).to.equal('..%2Fup.19700101T000000000Z.w-1.1.log');
  });
});

describe('log files', () => {
  let folder: string;
  let clock: ManualClock;
  let events: WorkerEvent[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oph-logs-'));
    clock = new ManualClock();
    events = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const files = (more: Partial<LogFileOptions> = {}) =>
    new LogFiles({ pool: 'p', folder, maxFileBytes: 32 * 1024, maxFiles: 10, ...more }, clock, (event) =>
      events.push(event),
    );
  const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');
  const types = () => events.map(({ type }) => type);

  it('hold the lines of one incarnation each, with time and stream, for this user alone', async () => {
    folder = join(folder, 'not', 'there');
    const all = files();
    const one = all.open('w-1', 1, 0);
    one.add(line('hello'), 1_000);
    one.add({ from: 'stderr', text: 'long', cut: true }, 2_000);
    all.open('w-2', 1, 0).add(line('other'), 0);
    await all.flushed();
    expect(textOf(one.name)).to.equal(
      '1970-01-01T00:00:01.000Z stdout hello\n1970-01-01T00:00:02.000Z stderr long ...\n',
    );
    expect(readdirSync(folder)).to.have.length(2);
    expect(statSync(join(folder, one.name)).mode & 0o777).to.equal(0o600);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(events).to.deep.equal([]);
  });

  it('are no longer than they may be: the newest part and the one before it are kept', async () => {
    const all = files();
    const one = all.open('w-1', 1, 0);
    for (let n = 0; n < 2_000; n += 1) {
      one.add(line(`${n} ${'x'.repeat(60)}`), 0);
      if (n % 100 === 0) await all.flushed();
    }
    await all.flushed();
    const parts = [`${one.name}.1`, one.name].map(textOf);
    expect(readdirSync(folder)).to.have.length(2);
    for (const part of parts) expect(part.length).to.be.within(1, 32 * 1024);
    const numbers = parts
      .join('')
      .trimEnd()
      .split('\n')
      .map((text) => Number(text.split(' ')[2]));
    expect(numbers).to.deep.equal(numbers.map((_, n) => 2_000 - numbers.length + n));
  });

  it('are no more than they may be, those of earlier runs included; the oldest go', async () => {
    for (let n = 0; n < 20; n += 1)
      writeFileSync(join(folder, fileName({ pool: 'p', timeMs: n, worker: 'w-1', incarnation: 1 })), '');
    writeFileSync(join(folder, 'mine.txt'), '');
    const all = files();
    all.prepare();
    await all.flushed();
    expect(readdirSync(folder)).to.have.length(11);
    for (let n = 1; n <= 3; n += 1) {
      const log = all.open('w-1', n, 1_000 + n);
      log.add(line('x'), 0);
      await all.flushed();
      log.end();
    }
    expect(readdirSync(folder).filter((name) => name.startsWith('p.19700101T000001'))).to.have.length(3);
    expect(readdirSync(folder)).to.have.length(11).and.to.include('mine.txt');
  });

  it('of who lives are not deleted, however many there are', async () => {
    const all = files({ maxFiles: 2 });
    for (let n = 0; n < 5; n += 1) all.open(`w-${n}`, 1, n).add(line('x'), 0);
    await all.flushed();
    expect(readdirSync(folder)).to.have.length(5);
  });

  it('that cannot be made are told of once, and are tried again after a while', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    folder = join(file, 'in', 'a-file');
    const all = files();
    const one = all.open('w-1', 1, 0);
    all.prepare();
    await all.flushed();
    expect(events).to.have.length(1);
    const { error } = events[0] as Extract<WorkerEvent, { type: 'logs.failed' }>;
    expect(error).to.include({ code: 'log_write_failed' });
    expect((error.cause as NodeJS.ErrnoException).code).to.equal('ENOTDIR');
    for (let n = 0; n < 3; n += 1) {
      one.add(line('lost'), 0);
      await all.flushed();
      clock.advance(5_000);
    }
    expect(types()).to.deep.equal(['logs.failed']);
    rmSync(file);
    clock.advance(10_000);
    one.add(line('written'), 0);
    await all.flushed();
    expect(events.at(-1)).to.deep.equal({ type: 'logs.resumed', pool: 'p', folder, lostLines: 3 });
    expect(textOf(one.name)).to.equal('... 3 lines were lost here\n1970-01-01T00:00:00.000Z stdout written\n');
  });

  it('on a full disk lose lines and nothing else', async function () {
    // A device that is always full.
    needs(this, existsSync('/dev/full'), '/dev/full');
    const all = files();
    const one = all.open('w-1', 1, 0);
    symlinkSync('/dev/full', join(folder, one.name));
    one.add(line('lost'), 0);
    await all.flushed();
    expect(types()).to.deep.equal(['logs.failed']);
    expect((events[0] as { error: Error }).error.message).to.include('ENOSPC');
    unlinkSync(join(folder, one.name));
    clock.advance(10_000);
    one.add(line('written'), 0);
    await all.flushed();
    expect(textOf(one.name)).to.include('... 1 lines were lost here\n');
  });

  it('hold no more than a bound of what the disk does not take', async () => {
    const all = files({ maxFileBytes: 2 ** 30 });
    const one = all.open('w-1', 1, 0);
    // In one turn: nothing can be written meanwhile.
    for (let n = 0; n < 3_000; n += 1) one.add(line('x'.repeat(1_000)), 0);
    await all.flushed();
    expect(statSync(join(folder, one.name)).size).to.be.within(1_000_000, 1_048_576);
    one.add(line('after'), 0);
    await all.flushed();
    expect(textOf(one.name)).to.match(/\.\.\. \d{4} lines were lost here\n1970-01-01T00:00:00.000Z stdout after\n$/);
  });

  it('that somebody takes away are made anew', async () => {
    const all = files();
    const one = all.open('w-1', 1, 0);
    one.add(line('x'.repeat(8_000)), 0);
    await all.flushed();
    rmSync(join(folder, one.name));
    for (let n = 0; n < 5; n += 1) {
      one.add(line('x'.repeat(8_000)), 0);
      await all.flushed();
    }
    expect(textOf(one.name)).to.not.equal('');
    expect(events).to.deep.equal([]);
  });
});

describe('a pool with log files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oph-logs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const texts = () =>
    Object.fromEntries(
      readdirSync(folder).map((name) => [
        name.replace(/\.\d{8}T\d{9}Z\./, ' '),
        readFileSync(join(folder, name), 'utf8').slice(25),
      ]),
    );
  const flushed = async ({ app }: Awaited<ReturnType<typeof startWorkers>>) =>
    WorkerLogs.find(app.system, 'app/pools/p/manager')?.files?.flushed();

  it('has the output of each incarnation in a file of its own', async () => {
    await using t = await startWorkers({ logs: { folder } });
    const { process } = await t.ready(1);
    process.tell({ type: 'process.output', ...line('first') });
    process.exit(1);
    process.gone();
    const second = await t.processes.nth(2);
    second.tell({ type: 'process.output', ...line('second') });
    await flushed(t);
    expect(texts()).to.deep.equal({ 'p w-1.1.log': 'stdout first\n', 'p w-1.2.log': 'stdout second\n' });
  });

  it('goes on as it is when the actor of its files ends', async () => {
    await using t = await startWorkers({ logs: { folder } });
    const { process, pid } = await t.ready(1);
    t.app.system.lookup('app/pools/p/logs')?.kill();
    await t.settle();
    process.tell({ type: 'process.output', ...line('still written') });
    expect((await t.pool.status()).workers.map((worker) => String(worker.pid))).to.deep.equal([pid]);
    expect(t.app.system.lookup('app/pools/p/logs')).to.equal(undefined);
    await flushed(t);
    expect(texts()).to.deep.equal({ 'p w-1.1.log': 'stdout still written\n' });
  });

  it('serves where they cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await using t = await startWorkers({ logs: { folder: join(file, 'below') } });
    const { process } = await t.ready(1);
    process.tell({ type: 'process.output', ...line('only in memory') });
    expect(await t.event('logs.failed')).to.include({ pool: 'p', folder: join(file, 'below') });
    expect((await t.pool.logs('w-1')).map(({ text }) => text)).to.deep.equal(['only in memory']);
    expect((await t.pool.status()).restarts).to.equal(0);
  });

  it('keeps what is none of its logs', async () => {
    mkdirSync(join(folder, 'p.20260101T000000000Z.w-1.1.logs'));
    const t = await startWorkers({ logs: { folder, maxFiles: 1 } });
    await t.ready(1);
    await t.stop();
    expect(readdirSync(folder)).to.have.length(1);
  });
});
