/** What Linux tells of a process of this machine: what it is, how busy, how large. Nothing elsewhere. */
import { readdir, readFile } from 'node:fs/promises';

export interface OsFacts {
  readonly command: string;
  readonly threads: number;
  readonly fds: number | undefined;
  readonly rssBytes: number;
  /** Processor time since it began, in milliseconds. */
  readonly cpuMs: number;
}

/** Clock ticks a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

/** Resolves to undefined when there is no such process, or no such table. */
export async function osFactsOf(osPid: number): Promise<OsFacts | undefined> {
  try {
    const [stat, cmdline] = await Promise.all([
      readFile(`/proc/${osPid}/stat`, 'utf8'),
      readFile(`/proc/${osPid}/cmdline`, 'utf8'),
    ]);
    // The command may hold spaces and brackets; behind its last bracket everything is a field.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [userTicks = 0, systemTicks = 0] = fields.slice(11, 13);
    return {
      command: cmdline.split('\0').filter(Boolean).join(' '),
      threads: fields[17] ?? 0,
      fds: await openFiles(osPid),
      rssBytes: (fields[21] ?? 0) * pageBytes,
      cpuMs: ((userTicks + systemTicks) * 1_000) / ticksPerSecond,
    };
  } catch {
    return undefined;
  }
}

async function openFiles(osPid: number): Promise<number | undefined> {
  try {
    return (await readdir(`/proc/${osPid}/fd`)).length;
  } catch {
    // Another user's.
    return undefined;
  }
}
