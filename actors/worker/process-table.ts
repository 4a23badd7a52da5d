/**
 * The processes of this machine, as Linux tells. They are read a few at a time, and however many ask which groups live,
 * there is one look: a hundred workers that end together need no more descriptors than one.
 */
import { readdir, readFile } from 'node:fs/promises';
import { parseStat } from '../../bridge/transport/index.ts';

export type Groups = ReadonlyMap<number, readonly number[]>;

/** So many keep Node's threads busy; more would only cost descriptors. */
const filesAtATime = 16;

/**
 * What `read` makes of each process; undefined is left out. Rejects when there is no process table, or with what `read`
 * rejects with.
 */
export async function ofEachProcess<T>(read: (osPid: string) => Promise<T | undefined>): Promise<readonly T[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).values();
  const found: T[] = [];
  const readOn = async () => {
    for (const name of names) {
      const one = await read(name);
      if (one !== undefined) found.push(one);
    }
  };
  await Promise.all(Array.from({ length: filesAtATime }, readOn));
  return found;
}

export class ProcessTable {
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<Groups> | undefined;

  /** Resolves to a look that begins after this call; who asks before it begins shares it. Rejects as `livingGroups`. */
  look(): Promise<Groups> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      const looking = livingGroups();
      this.#last = looking.catch(() => {});
      return looking;
    });
    return this.#next;
  }
}

/**
 * The living processes of each group. Rejects with what the system says when it cannot be looked at, for want of
 * descriptors for instance.
 */
export async function livingGroups(): Promise<Groups> {
  const groups = new Map<number, number[]>();
  for (const { osPid, group } of await ofEachProcess(living)) {
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [osPid]);
    else members.push(osPid);
  }
  return groups;
}

async function living(name: string): Promise<{ readonly osPid: number; readonly group: number } | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${name}/stat`, 'utf8');
  } catch (error) {
    // What cannot be read for want of descriptors may live. All others have ended while we looked, or are not ours.
    if (['EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
  const alive = parseStat(stat);
  return alive === undefined ? undefined : { osPid: Number(name), group: alive.group };
}
