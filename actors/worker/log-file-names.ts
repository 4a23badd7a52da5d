/** How the log files of a pool are called, and which of them are too many. Pure. */

export interface LogFileOf {
  readonly pool: string;
  /** When its incarnation began, since 1970. */
  readonly timeMs: number;
  readonly worker: string;
  readonly incarnation: number;
}

/** `models.20260102T030405678Z.w-3.2.log`: sorted by name they are sorted by age. */
export function fileName({ pool, timeMs, worker, incarnation }: LogFileOf): string {
  const time = new Date(timeMs).toISOString().replaceAll(/[-:.]/g, '');
  return `${encodeURIComponent(pool)}.${time}.${worker}.${incarnation}.log`;
}

/**
 * Those of a pool's files that have to go so that no more than so many are left: the oldest, whichever run they are of.
 * What is being written stays, and so does what is nobody's log.
 */
export function excess(names: readonly string[], pool: string, most: number, written: ReadonlySet<string>): string[] {
  const prefix = `${encodeURIComponent(pool)}.`;
  const own = names.filter(
    (name) => name.startsWith(prefix) && /^\d{8}T\d{9}Z\.[^.]+\.\d+\.log(\.1)?$/.test(name.slice(prefix.length)),
  );
  const old = own.filter((name) => !written.has(name.replace(/\.1$/, ''))).sort();
  return old.slice(0, Math.max(0, own.length - most));
}
