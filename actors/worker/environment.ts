/** The environment of a worker process. Nothing of ours in it is a secret: the token goes over standard input. */

/**
 * Libraries for numbers take all cores by default; with several workers on a machine that makes all of them slow, and
 * a hundred of them can exhaust the system's threads. Whoever sets one of these, for the host or a pool, is obeyed.
 */
const caps: Readonly<Record<string, string>> = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  NUMEXPR_NUM_THREADS: '1',
  VECLIB_MAXIMUM_THREADS: '1',
};

/** The host's own variables, with the pool's over them; undefined takes one away. */
export function workerEnvironment(
  host: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const all = { ...caps, ...host, PYTHONUNBUFFERED: '1', ...own };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
