/**
 * `npm run explore -- --seeds N [--seed S]`: our own system under random plans, from seed S (default 1) on, on all cores.
 *   --planted NAME   with a planted bug of spec/planted
 *   --max-failures N stops after so many (default 20)
 *   --replay FILE    runs a trace again
 * At the end it tells what was reached, and what never was. The last line is `N seeds, N failed`; the exit code is 1 if any
 * failed, or if of many seeds none had a fault at one of the points: then a new point is not tested.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coverage, type CoverageReport, formatCoverage } from '../../testing/explore/coverage.ts';
import { explore } from '../../testing/explore/explore.ts';
import { replay } from '../../testing/simulation/replay.ts';
import { failureReport } from '../../testing/trace/failure.ts';
import { readTrace, writeTrace } from '../../testing/trace/file.ts';
import { plantedBugs } from '../planted/index.ts';
import { type Input, makeInput, simpler } from './input.ts';
import { makePlan } from './plans.ts';
import { scenario, sometimes } from './scenario.ts';

const usage = 'usage: npm run explore -- --seeds N [--seed S] [--planted NAME] [--max-failures N] | --replay FILE';

interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly planted: string | undefined;
  readonly maxFailures: number;
}

/** What one process of ours tells another. */
type Told =
  | { readonly type: 'failure'; readonly text: string }
  | {
      readonly type: 'done';
      readonly seeds: number;
      readonly failed: number;
      readonly reached: readonly (readonly [string, { readonly times: number; readonly runs: number }])[];
    };

interface Total {
  readonly seeds: number;
  readonly failed: number;
  readonly coverage: CoverageReport;
}

/** With so many seeds each fault point is to have fired. */
const manySeeds = 100;

function count(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`--${name} ${given}: not a whole number\n${usage}`);
  return value;
}

function parse(): Options & { readonly replay: string | undefined; readonly part: string | undefined } {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      planted: { type: 'string' },
      'max-failures': { type: 'string' },
      replay: { type: 'string' },
      part: { type: 'string' },
    },
  });
  const { planted, replay: file, part } = values;
  if (planted !== undefined && plantedBugs[planted] === undefined) {
    throw new TypeError(`--planted ${planted}: there are ${Object.keys(plantedBugs).join(', ')}`);
  }
  return {
    seeds: count('seeds', values.seeds, 1),
    firstSeed: count('seed', values.seed, 1),
    planted,
    maxFailures: count('max-failures', values['max-failures'], 20),
    replay: file,
    part,
  };
}

const traceFile = (seed: number) => `.ophion/explore/seed-${seed}.trace.jsonl`;

/** Every `of`-th seed, from this one on; tells of each failure. */
async function exploreSome(options: Options, part: number, of: number, tell: (told: Told) => void): Promise<void> {
  const undo = options.planted === undefined ? undefined : plantedBugs[options.planted]?.plant();
  const { firstSeed, seeds, planted, maxFailures } = options;
  const mine = Array.from({ length: seeds }, (_, index) => firstSeed + index).filter((_, index) => index % of === part);
  const withBug = planted === undefined ? '' : ` --planted '${planted}'`;
  const command = (seed: number) => `npm run explore -- --seed ${seed}${withBug}`;
  const module = import.meta.resolve('./scenario.ts');
  const done = await explore<Input>(
    { seeds: mine, input: makeInput, plan: makePlan, simpler, maxFailures, sometimes, scenario: module },
    scenario,
  );
  for (const { seed, statement, error, trace } of done.failures) {
    const file = traceFile(seed);
    writeTrace(file, trace);
    const [, ...details] = error instanceof Error ? error.message.split('\n') : [];
    const text = [statement, ...details].join('\n');
    tell({ type: 'failure', text: `${text}\n${failureReport(trace, { command: command(seed), file })}\n` });
  }
  undo?.();
  tell({ type: 'done', seeds: done.seeds, failed: done.failures.length, reached: [...done.coverage.places] });
}

async function exploreAll(options: Options): Promise<Total> {
  const parts = Math.max(1, Math.min(availableParallelism(), options.seeds >= 20 ? Number.POSITIVE_INFINITY : 1));
  const total = { seeds: 0, failed: 0 };
  const coverage = new Coverage(sometimes);
  const take = (told: Told) => {
    if (told.type === 'failure') console.log(told.text);
    else {
      total.seeds += told.seeds;
      total.failed += told.failed;
      coverage.merge(told.reached);
    }
  };
  if (parts === 1) {
    await exploreSome(options, 0, 1, take);
    return { ...total, coverage: coverage.report() };
  }
  const children = Array.from({ length: parts }, (_, part) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--part', `${part}/${parts}`]);
    child.on('message', (told) => take(told as Told));
    return new Promise<void>((resolve, reject) => {
      child.on('exit', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`a part of the exploration ended with ${signal ?? `exit code ${code}`}`));
      });
    });
  });
  await Promise.all(children);
  return { ...total, coverage: coverage.report() };
}

async function main(): Promise<number> {
  const options = parse();
  if (options.replay !== undefined) {
    if (options.planted !== undefined) plantedBugs[options.planted]?.plant();
    const trace = readTrace(options.replay);
    await replay(trace, (sim) => scenario(sim, trace.header.input as Input));
    console.log('it does not fail any more');
    return 0;
  }
  if (options.part !== undefined) {
    const [part = 0, of = 1] = options.part.split('/').map(Number);
    await exploreSome(options, part, of, (told) => void process.send?.(told));
    process.disconnect?.();
    return 0;
  }
  const { seeds, failed, coverage } = await exploreAll(options);
  console.log(`${formatCoverage(coverage)}\n`);
  const silent = seeds >= manySeeds ? coverage.silentPoints : [];
  if (silent.length > 0)
    console.log(`no seed has a fault at ${silent.join(', ')}: add a rule to spec/explore/plans.ts\n`);
  console.log(`${seeds} seeds, ${failed} failed`);
  return failed === 0 && silent.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
