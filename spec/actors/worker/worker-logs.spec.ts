import { expect } from 'chai';
import fc from 'fast-check';
import { ActorError, SpecError } from '../../../actors/core/index.ts';
import { python } from '../../../actors/worker/index.ts';
import { checkLogs } from '../../../actors/worker/log-options.ts';
import type { OutputLine } from '../../../actors/worker/output.ts';
import { WorkerLogs } from '../../../actors/worker/worker-logs.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

const line = (text: string, from: OutputLine['from'] = 'stdout'): OutputLine => ({ from, text, cut: false });
const logsOf = (options: Parameters<typeof checkLogs>[0] = {}) => {
  const clock = new ManualClock();
  return { clock, logs: new WorkerLogs('p', checkLogs(options), clock, () => {}) };
};
const texts = (lines: readonly { readonly text: string }[]) => lines.map(({ text }) => text);

describe('what workers have printed', () => {
  it('is kept with its time, its stream, its incarnation and its place in it', () => {
    const { clock, logs } = logsOf();
    const first = logs.open('w-1', 1);
    first.add(line('one'));
    clock.advance(5);
    first.add({ from: 'stderr', text: 'two', cut: true });
    const [one, two] = logs.read('w-1', {});
    expect(two).to.deep.equal({
      worker: 'w-1',
      incarnation: 1,
      line: 2,
      timeMs: (one?.timeMs ?? 0) + 5,
      from: 'stderr',
      text: 'two',
      cut: true,
    });
  });

  it('is of all incarnations that are kept, of one, or its end', () => {
    const { logs } = logsOf();
    for (const incarnation of [1, 2, 3]) {
      const log = logs.open('w-1', incarnation);
      for (const n of [1, 2]) log.add(line(`${incarnation}.${n}`));
      log.end();
    }
    expect(texts(logs.read('w-1', {}))).to.deep.equal(['1.1', '1.2', '2.1', '2.2', '3.1', '3.2']);
    expect(texts(logs.read('w-1', { incarnation: 2 }))).to.deep.equal(['2.1', '2.2']);
    expect(texts(logs.read('w-1', { tail: 3 }))).to.deep.equal(['2.2', '3.1', '3.2']);
    expect(texts(logs.read('w-1', { incarnation: 1, tail: 1 }))).to.deep.equal(['1.2']);
  });

  it('loses its oldest lines beyond the number of an incarnation, and shows that it has', () => {
    const { logs } = logsOf({ maxLines: 3 });
    const log = logs.open('w-1', 1);
    for (let n = 1; n <= 100; n += 1) log.add(line(`${n}`));
    expect(logs.read('w-1', {}).map((one) => [one.line, one.text])).to.deep.equal([
      [98, '98'],
      [99, '99'],
      [100, '100'],
    ]);
  });

  it('loses them beyond its bytes, counted as they are written', () => {
    const { logs } = logsOf({ maxBytes: 32 * 1024 });
    const log = logs.open('w-1', 1);
    // 3 bytes each in UTF-8.
    for (let n = 0; n < 100; n += 1) log.add(line('\u20ac'.repeat(1_000)));
    expect(logs.read('w-1', {})).to.have.length(10);
    expect(logs.bytes).to.be.at.most(32 * 1024);
  });

  it('is of so many incarnations of a worker', () => {
    const { logs } = logsOf({ incarnations: 2 });
    for (const incarnation of [1, 2, 3]) logs.open('w-1', incarnation).add(line(`${incarnation}`));
    expect(texts(logs.read('w-1', {}))).to.deep.equal(['2', '3']);
    expect(() => logs.read('w-1', { incarnation: 1 }))
      .to.throw(ActorError, 'w-1: nothing that its incarnation 1 printed is kept; there are incarnations 2, 3')
      .with.property('code', 'unknown_worker');
  });

  it('keeps the end of each when a storm of one fills the whole', () => {
    const { logs } = logsOf({ maxTotalBytes: 64 * 1024, maxBytes: 1024 * 1024 });
    const crashed = logs.open('w-1', 1);
    for (let n = 1; n <= 10; n += 1) crashed.add(line(`last words ${n}`));
    crashed.end();
    const storm = logs.open('w-2', 1);
    for (let n = 1; n <= 5_000; n += 1) storm.add(line(`${n} ${'x'.repeat(200)}`));
    expect(logs.read('w-1', {})).to.have.length(10);
    expect(logs.read('w-2', {}).at(-1)?.line).to.equal(5_000);
    expect(logs.bytes).to.be.at.most(64 * 1024);
  });

  it('forgets who ended first when there are too many, also when they have printed nothing', () => {
    const { logs } = logsOf({ maxTotalBytes: 40 * 1024 });
    const living = logs.open('w-0', 1);
    for (let n = 1; n <= 100; n += 1) logs.open(`w-${n}`, 1).end();
    expect(() => logs.read('w-91', {})).to.throw('w-91: nothing that it printed is kept');
    expect(logs.read('w-92', {})).to.deep.equal([]);
    living.add(line('still here'));
    expect(texts(logs.read('w-0', {}))).to.deep.equal(['still here']);
  });

  it('stays within its bounds whatever is printed, and takes nothing of who is forgotten', () => {
    const step = fc.record({
      worker: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom('open', 'add', 'add', 'add', 'end'),
      size: fc.integer({ min: 0, max: 8_192 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { logs } = logsOf({ maxLines: 5, maxBytes: 40_000, incarnations: 2, maxTotalBytes: 60_000 });
        const open = new Map<number, ReturnType<typeof logs.open>>();
        const incarnations = new Map<number, number>();
        for (const { worker, what, size } of steps) {
          if (what === 'open') {
            const incarnation = (incarnations.get(worker) ?? 0) + 1;
            incarnations.set(worker, incarnation);
            open.set(worker, logs.open(`w-${worker}`, incarnation));
          } else if (what === 'add') open.get(worker)?.add(line('x'.repeat(size)));
          else open.get(worker)?.end();
          expect(logs.bytes).to.be.at.most(60_000);
        }
      }),
      { numRuns: 50 },
    );
  });

  for (const [query, value] of [
    [{ tail: 0 }, 0],
    [{ incarnation: 1.5 }, 1.5],
    [{ tail: 'all' }, 'all'],
  ] as const) {
    it(`refuses ${JSON.stringify(query)} by name and value`, () => {
      const { logs } = logsOf();
      logs.open('w-1', 1);
      expect(() => logs.read('w-1', query as object))
        .to.throw(SpecError, `invalid_${Object.keys(query)[0]}`)
        .with.property('value', value);
    });
  }
});

describe('the options of logs', () => {
  for (const [logs, field] of [
    [7, ''],
    [{ maxLines: 0 }, '.maxLines'],
    [{ maxBytes: 1_000 }, '.maxBytes'],
    [{ incarnations: 0 }, '.incarnations'],
    [{ maxTotalBytes: 1.5 }, '.maxTotalBytes'],
    [{ folder: '' }, '.folder'],
    [{ maxFileBytes: 10 }, '.maxFileBytes'],
    [{ maxFiles: 0 }, '.maxFiles'],
  ] as const) {
    it(`refuse ${JSON.stringify(logs)} where the pool is defined`, () => {
      expect(() => python({ module: 'm', logs: logs as object })).to.throw(SpecError, `invalid_logs${field}`);
    });
  }

  it('have defaults', () => {
    expect(checkLogs()).to.deep.equal({
      maxLines: 1_000,
      maxBytes: 262_144,
      incarnations: 5,
      maxTotalBytes: 16_777_216,
      folder: undefined,
      maxFileBytes: 8_388_608,
      maxFiles: 100,
    });
  });
});

describe('the logs of a pool', () => {
  it('can be read while a worker lives, after it has died, and by whoever has a ref', async () => {
    await using t = await startWorkers();
    const { process } = await t.ready(1);
    process.tell({ type: 'process.output', ...line('hello') });
    expect(texts(await t.pool.logs('w-1'))).to.deep.equal(['hello']);
    process.tell({ type: 'process.output', ...line('goodbye', 'stderr') });
    process.exit(1);
    process.gone();
    const second = await t.processes.nth(2);
    second.tell({ type: 'process.output', ...line('again') });
    expect((await t.pool.logs('w-1')).map(({ incarnation, from, text }) => [incarnation, from, text])).to.deep.equal([
      [1, 'stdout', 'hello'],
      [1, 'stderr', 'goodbye'],
      [2, 'stdout', 'again'],
    ]);
  });

  it('outlive the manager, which is not asked', async () => {
    await using t = await startWorkers();
    const { process } = await t.ready(1);
    process.tell({ type: 'process.output', ...line('before') });
    const down = t.pool.manager.monitor();
    t.pool.manager.send({ type: 'nonsense' });
    await down;
    expect(texts(await t.pool.logs('w-1'))).to.deep.equal(['before']);
    process.tell({ type: 'process.output', ...line('after') });
    expect(texts(await t.pool.logs('w-1'))).to.deep.equal(['before', 'after']);
  });

  it('have the last words of a worker whose actor was killed', async () => {
    await using t = await startWorkers();
    const { process, pid } = await t.ready(1);
    t.app.system.lookup(pid.split('#')[0] as string)?.kill();
    await t.processes.nth(2);
    process.tell({ type: 'process.output', ...line('not so fast') });
    expect(texts(await t.pool.logs('w-1', { incarnation: 1 }))).to.deep.equal(['not so fast']);
  });

  it('say so when they have nothing of a worker', async () => {
    await using t = await startWorkers();
    await t.processes.nth(1);
    expect(await t.pool.logs('w-1')).to.deep.equal([]);
    const error = await t.pool.logs('w-7').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ActorError).and.to.include({ code: 'unknown_worker' });
  });
});
