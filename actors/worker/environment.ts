/** The environment of a worker process. Nothing of ours in it is a secret: the token goes over standard input. */

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
  host: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string | undefined>>,
  nativeThreads = 1,
): Readonly<Record<string, string>> {
  const capped = Object.fromEntries(caps.map((name) => [name, String(nativeThreads)]));
  const all = { ...capped, ...host, PYTHONUNBUFFERED: '1', ...own };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
