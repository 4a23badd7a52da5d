/** Which processes live, by their group, by the run that started them, or by number; a zombie does not. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Sought {
  /** Process groups. */
  readonly groups?: Iterable<number>;
  /** Systems that start workers: what carries one of these in its environment. */
  readonly runIds?: Iterable<string>;
  readonly osPids?: Iterable<number>;
}

/** One look at all processes of the machine. */
export function living(sought: Sought): readonly number[] {
  const groups = new Set(sought.groups);
  const osPids = new Set(sought.osPids);
  const runIds = new Set([...(sought.runIds ?? [])].map((id) => `OPHION_RUN_ID=${id}`));
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? read(`/proc/${name}/stat`) : undefined;
    if (stat === undefined) return [];
    // The name stands in parentheses and may hold anything: state, parent and group come after the last one.
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if ('ZX'.includes(state)) return [];
    const isSought = osPids.has(pid) || groups.has(Number(group)) || (runIds.size > 0 && carries(pid, runIds));
    return isSought ? [pid] : [];
  });
}

const carries = (pid: number, variables: ReadonlySet<string>): boolean =>
  (read(`/proc/${pid}/environ`) ?? '').split('\0').some((variable) => variables.has(variable));

/** Undefined when it ended while we looked, or is somebody else's. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Resolves when none of them lives any more, to how long that took; to undefined after the limit. */
export async function untilNoneLives(sought: Sought, limitMs: number): Promise<number | undefined> {
  const begunMs = performance.now();
  while (living(sought).length > 0) {
    if (performance.now() - begunMs > limitMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - begunMs;
}
