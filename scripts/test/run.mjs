// Runs one program of a stage to its end.
import { spawn } from 'node:child_process';

const outputMax = 4 * 1024 * 1024;
const graceMs = 15_000;

/** @typedef {'nothing' | 'stdout' | 'all of it'} How what of its output goes through here; the rest goes straight to ours */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {NodeJS.ProcessEnv} options.env
 * @param {How} options.how
 * @param {AbortSignal} options.signal ends it: by SIGTERM, and by SIGKILL 15 s later
 * @param {(text: string) => void} options.print
 * @returns {Promise<{ code: number, output: string }>} code 1 too when it could not be started or died by a signal; of its
 *   stdout what went through here, at most its last 4 MiB
 */
export function run(command, args, { cwd, env, how, signal, print }) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', how === 'nothing' ? 'inherit' : 'pipe', how === 'all of it' ? 'pipe' : 'inherit'],
    });
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      print(chunk);
      output = (output + chunk).slice(-outputMax);
    });
    child.stderr?.setEncoding('utf8').on('data', print);
    /** @type {NodeJS.Timeout | undefined} */
    let hard;
    const stop = () => {
      child.kill('SIGTERM');
      hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => {
      print(`cannot run ${command}: ${error.message}\n`);
      resolve({ code: 1, output });
    });
    child.on('close', (code) => {
      clearTimeout(hard);
      signal.removeEventListener('abort', stop);
      resolve({ code: code ?? 1, output });
    });
  });
}
