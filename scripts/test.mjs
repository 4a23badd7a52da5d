#!/usr/bin/env node
// `npm test`: every check and every test, in stages that are told one after the other; all of them run even when
// one fails. What failed is told once more at the end: a log of CI is often cut to its last lines.
// The last line is `N passed, N failed, N skipped`. With names, only those stages:
// `npm test -- types unit`. As many checks, or parts of a stage, run at a time as there are processors: OPHION_TEST_JOBS
// sets another number.
import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runStages } from './test/run-stages.mjs';
import { stages } from './test/stages.mjs';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
const jobs = Number(process.env.OPHION_TEST_JOBS ?? availableParallelism());
if (!Number.isSafeInteger(jobs) || jobs < 1) {
  console.error(`OPHION_TEST_JOBS=${process.env.OPHION_TEST_JOBS}: not a number of jobs`);
  process.exit(2);
}
const all = stages(root, jobs);
const names = process.argv.slice(2);
const unknown = names.filter((name) => !all.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`no such stage: ${unknown.join(', ')}; there are ${all.map((stage) => stage.name).join(', ')}`);
  process.exit(2);
}

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interruption.abort());

/** How many failures are told again, and how many lines of each. */
const toldMax = 20;
const linesMax = 12;

const total = { passed: 0, failed: 0, skipped: /** @type {import('./test/counts.mjs').Skip[]} */ ([]) };
/** @type {string[]} */
const failed = [];
/** @type {import('./test/counts.mjs').Failure[]} */
const failures = [];
const wanted = all.filter((stage) => names.length === 0 || names.includes(stage.name));
const results = await runStages(wanted, { root, env: process.env, signal: interruption.signal, jobs });
for (const { name, counts } of results) {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped.push(...counts.skipped);
  if (counts.failed > 0) failed.push(name);
  failures.push(...(counts.failures ?? []));
}

console.log('');
for (const { title, missing } of total.skipped) console.log(`skipped: ${title}: missing ${missing}`);
for (const { title, why } of failures.slice(0, toldMax)) {
  console.log(`failed: ${title}\n${why.split('\n').slice(0, linesMax).join('\n')}\n`);
}
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
if (interruption.signal.aborted) console.log('interrupted');
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed > 0 || interruption.signal.aborted ? 1 : 0;
