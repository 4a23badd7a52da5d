/**
 * OS processes: children of this one, and whatever carries the run id of one of its systems in its environment, which
 * finds grandchildren and what was left by a child that has ended. Linux tells both; elsewhere Node's own children.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { LeakSource, Left } from './left.ts';
import type { Resources } from './resources.ts';

/** What workers have in their environment (actors/worker). */
const runIdVariable = 'OPHION_RUN_ID';

export class Processes implements LeakSource {
  readonly #resources: Resources;
  readonly #runIds: () => ReadonlySet<string>;
  /** By pid: the same for as long as it is the same process. */
  readonly #keys = new Map<number, { readonly started: string }>();

  /** `runIds` are those of all systems of this process so far. */
  constructor(resources: Resources, runIds: () => ReadonlySet<string>) {
    this.#resources = resources;
    this.#runIds = runIds;
  }

  start(): void {}

  stop(): void {
    this.#keys.clear();
  }

  look(): readonly Left[] {
    const pids = new Set([
      ...(childrenOf(process.pid) ?? this.#resources.childProcesses),
      ...withRunId(this.#runIds()),
    ]);
    for (const pid of this.#keys.keys()) if (!pids.has(pid)) this.#keys.delete(pid);
    const left: Left[] = [];
    for (const pid of pids) {
      const site = this.#resources.siteOfProcess(pid);
      if (site?.isRunner) continue;
      const what = `process ${pid} (${commandOf(pid)})`;
      const madeAt = site?.place ?? site?.nearest;
      left.push({ kind: 'process', key: this.#keyOf(pid), what, madeAt, free: () => kill(pid) });
    }
    return left;
  }

  #keyOf(pid: number): object {
    const started = statOf(pid)?.started ?? '';
    const known = this.#keys.get(pid);
    if (known?.started === started) return known;
    const key = { started };
    this.#keys.set(pid, key);
    return key;
  }
}

/** Living children of a process; undefined where the system does not tell. */
function childrenOf(pid: number): readonly number[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
      .map(Number)
      .filter((child) => child > 0 && isAlive(child));
  } catch {
    return undefined;
  }
}

/** Living processes that carry one of these run ids; none where the system does not tell. */
export function withRunId(runIds: ReadonlySet<string>): readonly number[] {
  if (runIds.size === 0) return [];
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && runIds.has(runIdOf(pid) ?? '') && isAlive(pid));
  } catch {
    return [];
  }
}

function runIdOf(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return variables.find((one) => one.startsWith(`${runIdVariable}=`))?.slice(runIdVariable.length + 1);
  } catch {
    // It has ended, or is somebody else's.
    return undefined;
  }
}

/** One that has ended and was not waited for yet is none. */
const isAlive = (pid: number) => !['Z', 'X', undefined].includes(statOf(pid)?.state);

function statOf(pid: number): { readonly state: string | undefined; readonly started: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold anything; the state comes after it, the start time as the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return command.length > 100 ? `${command.slice(0, 99)}…` : command;
  } catch {
    return 'command unknown';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
