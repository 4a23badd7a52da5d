// Runs one stage: its output streams through as it comes, and what it counted is read at its end.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asOneCheck } from './counts.mjs';

const outputMax = 4 * 1024 * 1024;
const graceMs = 15_000;
/** No stage may hang for ever. */
const stageMaxMs = 30 * 60_000;

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal ends the stage
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function runStage(stage, { root, env, signal }) {
  if (stage.missing) return { passed: 0, failed: 0, skipped: [{ title: stage.name, missing: stage.missing }] };
  const scratch = mkdtempSync(join(tmpdir(), 'ophion-test-'));
  const countsFile = join(scratch, 'counts');
  try {
    const report = stage.report?.(countsFile);
    const [command = '', ...args] = [...stage.command, ...(report?.args ?? [])];
    const { code, output } = await run(command, args, {
      cwd: join(root, stage.cwd ?? '.'),
      env: { ...env, ...report?.env },
      capture: stage.readsOutput === true,
      signal: AbortSignal.any([signal, AbortSignal.timeout(stageMaxMs)]),
    });
    return stage.count(code, { output, countsFile });
  } catch (error) {
    console.error(`${stage.name}: ${error instanceof Error ? error.message : error}`);
    return asOneCheck(1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, capture: boolean, signal: AbortSignal }} options
 * @returns {Promise<{ code: number, output: string }>} code 1 too when it could not be started or died by a signal
 */
function run(command, args, { cwd, env, capture, signal }) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'] });
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      process.stdout.write(chunk);
      output = (output + chunk).slice(-outputMax);
    });
    /** @type {NodeJS.Timeout | undefined} */
    let hard;
    const stop = () => {
      child.kill('SIGTERM');
      hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => {
      console.error(`cannot run ${command}: ${error.message}`);
      resolve({ code: 1, output });
    });
    child.on('close', (code) => {
      clearTimeout(hard);
      signal.removeEventListener('abort', stop);
      resolve({ code: code ?? 1, output });
    });
  });
}
