/** Which Python runs the workers: the one that is named, else the one beside the program, else the system's. */
import { accessSync, constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The interpreter for a working directory: the environment's OPHION_PYTHON, `.venv` in the folder or one above it,
 * `python3` of the PATH.
 */
export function findInterpreter(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
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
