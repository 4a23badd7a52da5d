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
 * @param {(text: string) => void} [options.print] where all of its output goes; default: what is one process has our stdout
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function runStage(stage, { root, env, signal, jobs, print }) {
  if (stage.missing) return { passed: 0, failed: 0, skipped: [{ title: stage.name, missing: stage.missing }] };
  const parts = stage.parts ?? [[]];
  const ends = AbortSignal.any([signal, AbortSignal.timeout(stageMaxMs)]);
  const how = howOf(stage, print !== undefined);
  const shown = new InTurn(parts.length, print ?? ((text) => process.stdout.write(text)));
  /** @type {import('./counts.mjs').Counts[]} */
  const counts = [];
  const waiting = [...parts.entries()];
  const job = async () => {
    for (let next = waiting.shift(); next && !ends.aborted; next = waiting.shift()) {
      const [index, args] = next;
      /** @param {string} text */
      const tell = (text) => shown.write(index, text);
      counts[index] = await runPart(stage, args, { root, env, signal: ends, how, print: tell });
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
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal
 * @param {import('./run.mjs').How} options.how
 * @param {(text: string) => void} options.print
 */
async function runPart(stage, part, { root, env, signal, how, print }) {
  const scratch = mkdtempSync(join(tmpdir(), 'ophion-test-'));
  const countsFile = join(scratch, 'counts');
  try {
    const report = stage.report?.(countsFile);
    const [command = '', ...args] = [...stage.command, ...(report?.args ?? []), ...part];
    const options = { cwd: join(root, stage.cwd ?? '.'), env: { ...env, ...report?.env }, signal, how, print };
    const { code, output } = await run(command, args, options);
    return stage.count(code, { output, countsFile });
  } catch (error) {
    print(`${stage.name}: ${error instanceof Error ? error.message : error}\n`);
    return asOneCheck(1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {boolean} printed whether its output goes to a function
 * @returns {import('./run.mjs').How}
 */
function howOf(stage, printed) {
  if (printed || (stage.parts && stage.parts.length > 1)) return 'all of it';
  return stage.readsOutput ? 'stdout' : 'nothing';
}
