// Finds the Python that the virtual environment is made from: OPHION_PYTHON when it is set, else
// the first good one of PATH. When none will do, the error lists what was found and why not.
import { spawnSync } from 'node:child_process';

import { SetupError } from './errors.mjs';

const oldestMinor = 10;
const candidates = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3', 'python'];
// Plain enough for Python 2 to run it, so that the error can say which version was found.
const probe = `
import sys
try:
    import venv, ensurepip
    missing = ""
except ImportError as error:
    missing = str(error.name)
sys.stdout.write("\\t".join(["ophion-probe", ".".join(map(str, sys.version_info[:3])), sys.executable, missing]) + "\\n")
`;

/** @typedef {{ command: string, executable: string, version: string }} FoundPython */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {FoundPython}
 * @throws {SetupError}
 */
export function findPython(env) {
  const named = env.OPHION_PYTHON;
  /** @type {string[]} */
  const rejected = [];
  let lacksVenv = false;
  for (const command of named ? [named] : candidates) {
    const result = examine(command, env);
    if ('found' in result) return result.found;
    lacksVenv ||= result.lacksVenv === true;
    if (result.problem) rejected.push(`${command}: ${result.problem}`);
  }
  const wanted = `3.${oldestMinor}`;
  throw new SetupError(named ? `OPHION_PYTHON=${named} cannot be used` : `no Python ${wanted} or newer was found`, {
    why: rejected.length > 0 ? rejected : [`looked for ${candidates.join(', ')} on PATH: none is there`],
    todo: [
      lacksVenv
        ? "install Python's venv module (on Debian and Ubuntu the package python3-venv)"
        : `install Python ${wanted} or newer (3.10 to 3.13 are tested)`,
      'or name one: OPHION_PYTHON=/path/to/python3 npm start',
    ],
  });
}

/**
 * @param {string} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ found: FoundPython } | { problem?: string, lacksVenv?: boolean }}
 */
function examine(command, env) {
  const { stdout, stderr, error, status } = spawnSync(command, ['-c', probe], {
    env,
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code === 'ENOENT') return command.includes('/') ? { problem: 'there is no such file' } : {};
    return { problem: error.message };
  }
  const answer = stdout.split('\n').find((line) => line.startsWith('ophion-probe\t'));
  const [, version, executable, missing] = answer?.split('\t') ?? [];
  if (!version || !executable) {
    // A store alias or a broken install says something else.
    const said = (stderr || stdout).trim().split('\n').at(-1) ?? '';
    return { problem: `does not run (exit code ${status}${said ? `: ${said}` : ''})` };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== 3 || minor < oldestMinor) {
    return { problem: `is Python ${version} (${executable}), not 3.${oldestMinor} or newer` };
  }
  if (missing) {
    return { problem: `is Python ${version} (${executable}), without its module ${missing}`, lacksVenv: true };
  }
  return { found: { command, executable, version } };
}
