/**
 * Ray, from PyPI: its driver is Python, so its callers are in Python, too. Where it is not installed the line is skipped,
 * and said so. `OPHION_RAY_PYTHON` names an interpreter that has it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { interpreter } from '../../workers/files.ts';
import { folder } from '../files.ts';

const python = process.env.OPHION_RAY_PYTHON ?? interpreter;

/** Calls a second; NaN where there is no Ray. */
export async function rayActor(callers: number, size: number): Promise<number> {
  if ((await run(['-c', 'import ray'])).code !== 0) {
    console.error('bench: Ray is not installed; `pip install ray`, and OPHION_RAY_PYTHON names its interpreter');
    return Number.NaN;
  }
  const { code, stdout } = await run([join(folder, 'others', 'ray_actor.py'), String(callers), String(size)]);
  if (code !== 0) throw new Error(`Ray's program ended with code ${code}`);
  return Number(stdout.trim().split('\n').at(-1));
}

async function run(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout };
}
