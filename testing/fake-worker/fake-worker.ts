/**
 * A worker process that misbehaves on request: it takes the place of `python -m ophion MODULE` in a pool, and follows a
 * script. A real process with real pipes, signals and sockets; it needs Python and nothing else, not even our package.
 */
import { fileURLToPath } from 'node:url';
import { SpecError } from '../../actors/core/index.ts';
import type { PythonOptions } from '../../actors/worker/index.ts';
import { type FakeStep, validateStep } from './steps.ts';

/** What `python()` takes to start a scripted worker. Other options go beside it. */
export type FakeWorker = Required<Pick<PythonOptions, 'module' | 'args'>> & {
  readonly env: Readonly<Record<string, string>>;
};

/** The script goes through one environment variable; Linux takes 128 KiB. */
const scriptMaxBytes = 64 * 1024;
/** Beside this file in the sources and in the package alike. */
const program = fileURLToPath(new URL('./fake_worker.py', import.meta.url));

/**
 * A script for a worker's first life, its second, and so on; the last one is for all that follow. When it has come to
 * its end, the worker stays as it is until it is drained or ended.
 *
 * @throws SpecError a step is wrong, there is none, or the script is longer than 64 KiB
 * @example
 * // Dies in its second call; the next incarnation answers.
 * python(
 *   fakeWorker(
 *     [{ type: 'dial' }, { type: 'hello' }, { type: 'ready' }, { type: 'echo', calls: 1 }, { type: 'swallow', calls: 1 }, { type: 'signal', signal: 'SIGSEGV' }],
 *     [...ready, { type: 'echo' }],
 *   ),
 * );
 */
export function fakeWorker(...lives: readonly (readonly FakeStep[])[]): FakeWorker {
  if (lives.length === 0) throw new SpecError('fakeWorker', 'missing_script');
  for (const [life, steps] of lives.entries()) {
    for (const [n, step] of steps.entries()) validateStep(step, `life ${life + 1}, step ${n + 1}`);
  }
  const script = JSON.stringify(lives);
  if (Buffer.byteLength(script) > scriptMaxBytes)
    throw new SpecError('fakeWorker', `script_too_long: more than ${scriptMaxBytes} bytes`, script.length);
  return { module: 'fake_worker', args: [program], env: { OPHION_FAKE_WORKER: script } };
}

/** The steps of a worker that connects and is ready: what most scripts begin with. */
export const readySteps = [
  { type: 'dial' },
  { type: 'hello' },
  { type: 'ready' },
] as const satisfies readonly FakeStep[];
