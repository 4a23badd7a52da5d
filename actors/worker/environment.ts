/** The environment of a worker process. Nothing of ours in it is a secret: the token goes over standard input. */
import { SpecError } from '../core/index.ts';

/** Variables by name; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Libraries for numbers take all cores by default; with several workers on a machine that makes all of them slow, and
 * a hundred of them can exhaust the system's threads. Whoever sets one of these, for the host or a pool, is obeyed.
 */
const caps = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'BLIS_NUM_THREADS',
  'RAYON_NUM_THREADS',
  'POLARS_MAX_THREADS',
];

/** The host's own variables, with the pool's over them; undefined takes one away. `nativeThreads` caps each library. */
export function workerEnvironment(
  host: Environment,
  own: Environment,
  nativeThreads = 1,
): Readonly<Record<string, string>> {
  const capped = Object.fromEntries(caps.map((name) => [name, String(nativeThreads)]));
  const all = { ...capped, ...host, PYTHONUNBUFFERED: '1', ...own };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Throws a SpecError that names the wrong variable. Its value may be a secret, so only what kind of value it is is told. */
export function checkEnvironment(value: unknown, target: string): Environment {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SpecError(target, 'invalid_env: must be an object of texts', typeof value);
  for (const [name, text] of Object.entries(value)) {
    if (!/^[^=\0]+$/.test(name)) throw new SpecError(target, 'invalid_env: no system takes this name', name);
    if (text !== undefined && typeof text !== 'string')
      throw new SpecError(target, `invalid_env.${name}: must be a text or undefined, not a ${typeof text}`);
    if (text?.includes('\0') === true) throw new SpecError(target, `invalid_env.${name}: must hold no character 0`);
  }
  return value as Environment;
}
