/** Which Python runs the workers: the one that is named, else the one beside the program, else the system's. */
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { SpecError } from '../core/index.ts';

/**
 * The interpreter for a working directory: the one that is named, the environment's OPHION_PYTHON, `.venv` in the
 * folder or one above it, `python3` of the PATH. Throws a SpecError that names it when it is not there.
 */
export function interpreterFor(
  named: string | undefined,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const path = named ?? found(cwd, env);
  const folders = path.includes('/') ? [''] : (env.PATH ?? '').split(delimiter);
  const there = folders.some((folder) => isExecutable(isAbsolute(path) ? path : resolve(folder || cwd, path)));
  if (there) return path;
  const way = 'install Python 3.10 or newer, or name another one (option executable, or OPHION_PYTHON)';
  throw new SpecError('python', `no_interpreter: there is no program '${path}'; ${way}`);
}

function found(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  const named = env.OPHION_PYTHON;
  if (named !== undefined && named !== '') return named;
  const inVenv = process.platform === 'win32' ? join('.venv', 'Scripts', 'python.exe') : join('.venv', 'bin', 'python');
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, inVenv);
    if (isExecutable(path)) return path;
    if (folder === dirname(folder)) return 'python3';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
