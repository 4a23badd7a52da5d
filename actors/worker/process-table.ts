/**
 * The living processes of this machine by their group, as Linux tells. However many ask at a time, there is one look at
 * them, a few files at a time: a hundred workers that end together need no more descriptors than one.
 */
import { readdir, readFile } from 'node:fs/promises';

export type Groups = ReadonlyMap<number, readonly number[]>;

/** As many files as Node reads at the same time anyway. */
const filesAtATime = 4;

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

/** Rejects with what the system says when it cannot be looked at, for want of descriptors for instance. */
export async function livingGroups(): Promise<Groups> {
  const groups = new Map<number, number[]>();
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).values();
  const readOn = async () => {
    for (const name of names) {
      const group = await groupOfLiving(name);
      if (group === undefined) continue;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [Number(name)]);
      else members.push(Number(name));
    }
  };
  await Promise.all(Array.from({ length: filesAtATime }, readOn));
  return groups;
}

async function groupOfLiving(pid: string): Promise<number | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // What cannot be read for want of descriptors may live. All others have ended while we looked, or are not ours.
    if (['EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
  // The name stands in parentheses and may hold anything: state, parent and group come after the last one.
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(group);
}
