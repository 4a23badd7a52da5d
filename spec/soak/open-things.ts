/**
 * What this process holds: descriptors, handles and timers of its event loop, folders of sockets. Counted by kind before
 * and after, without the hooks of `ophion/testing` that know where each was made, which would slow a soak down.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Counts = Readonly<Record<string, number>>;

/** How long is waited for what is about to end. */
const graceMs = 5_000;
const pauseMs = 20;

export class OpenThings {
  readonly #before = openThings();

  /** What there is more than before, in words, when all is quiet or the grace is over. */
  async more(): Promise<readonly string[]> {
    const endMs = performance.now() + graceMs;
    for (;;) {
      const more = Object.entries(openThings()).filter(([what, count]) => count > (this.#before[what] ?? 0));
      if (more.length === 0 || performance.now() >= endMs)
        return more.map(([what, count]) => `left behind: ${count - (this.#before[what] ?? 0)} ${what}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

export const descriptors = (): number => readdirSync('/proc/self/fd').length;

function openThings(): Counts {
  const counts: Record<string, number> = { descriptors: descriptors() };
  const add = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  for (const resource of process.getActiveResourcesInfo()) add(resource);
  for (const folder of socketFoldersOf(process.pid)) add(`folder ${folder}`);
  return counts;
}

/** The folders for socket files that a process has made. */
export function socketFoldersOf(pid: number): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('ophion-') && ownerOf(join(tmpdir(), name)) === pid);
}

function ownerOf(folder: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as { readonly pid: number }).pid;
  } catch {
    // Another test's, or just being removed.
    return undefined;
  }
}
