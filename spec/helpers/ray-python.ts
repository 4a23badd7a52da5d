/** The interpreter that has Ray: what `OPHION_RAY_PYTHON` names, else where .ci/run puts one. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ours = fileURLToPath(new URL('../../.ophion/ray/bin/python', import.meta.url));

/** Undefined: there is none. */
export function rayPython(): string | undefined {
  const python = process.env.OPHION_RAY_PYTHON ?? ours;
  return spawnSync(python, ['-c', 'import ray']).status === 0 ? python : undefined;
}
