// Runs one stage: its output is shown as it comes, and what it counted is read at its end. A stage in parts has a process for
// each, some of them at a time; their output is shown one after the other all the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asOneCheck, inAll } from './counts.mjs';
import { InTurn } from './in-turn.mjs';
import { run } from './run.mjs';

/** No stage may hang for ever. */
const stageMaxMs = 30 * 60_000;

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal ends the stage
 * @param {number} options.jobs how many parts run at a time
 * @param {(text: string) => void} [options.print] default: to stdout
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function runStage(stage, { root, env, signal, jobs, print = (text) => process.stdout.write(text) }) {
  if (stage.missing) return { passed: 0, failed: 0, skipped: [{ title: stage.name, missing: stage.missing }] };
  const parts = stage.parts ?? [[]];
  const ends = AbortSignal.any([signal, AbortSignal.timeout(stageMaxMs)]);
  const shown = new InTurn(parts.length, print);
  /** @type {import('./counts.mjs').Counts[]} */
  const counts = [];
  const waiting = [...parts.entries()];
  const job = async () => {
    for (let next = waiting.shift(); next && !ends.aborted; next = waiting.shift()) {
      const [index, args] = next;
      counts[index] = await runPart(stage, args, {
        root,
        env,
        signal: ends,
        print: (text) => shown.write(index, text),
      });
      shown.end(index);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, parts.length)) }, job));
  shown.endAll();
  return inAll(parts.map((_, index) => counts[index] ?? asOneCheck(1)));
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {readonly string[]} part
 * @param {{ root: string, env: NodeJS.ProcessEnv, signal: AbortSignal, print: (text: string) => void }} options
 */
async function runPart(stage, part, { root, env, signal, print }) {
  const scratch = mkdtempSync(join(tmpdir(), 'ophion-test-'));
  const countsFile = join(scratch, 'counts');
  try {
    const report = stage.report?.(countsFile);
    const [command = '', ...args] = [...stage.command, ...(report?.args ?? []), ...part];
    const options = { cwd: join(root, stage.cwd ?? '.'), env: { ...env, ...report?.env }, signal, print };
    const { code, output } = await run(command, args, { ...options, how: howOf(stage) });
    return stage.count(code, { output, countsFile });
  } catch (error) {
    print(`${stage.name}: ${error instanceof Error ? error.message : error}\n`);
    return asOneCheck(1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {import('./stages.mjs').Stage} stage @returns {import('./run.mjs').How} */
function howOf(stage) {
  if (stage.parts && stage.parts.length > 1) return 'all of it';
  return stage.readsOutput ? 'stdout' : 'nothing';
}
