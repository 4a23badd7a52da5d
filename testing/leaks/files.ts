/** Open files, as far as Linux tells, and what lies in the folder for temporary files. */
import { closeSync, existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import type { FileSites } from './file-sites.ts';
import type { LeakSource, Left } from './left.ts';
import type { Site } from './site.ts';

/** File descriptors of files and folders; sockets, pipes and devices have handles or are nobody's. */
export class OpenFiles implements LeakSource {
  readonly #sites: FileSites;

  constructor(sites: FileSites) {
    this.#sites = sites;
  }

  start(): void {}

  stop(): void {}

  look(): readonly Left[] {
    const folder = '/proc/self/fd';
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name): Left[] => {
      const fd = Number(name);
      const path = targetOf(join(folder, name));
      if (fd <= 2 || path === undefined || !/^\/(?!dev\/|proc\/|sys\/|memfd:)/.test(path)) return [];
      const site = this.#sites.siteOf(path.replace(/ \(deleted\)$/, ''));
      const what = `open file ${path} (descriptor ${fd})`;
      return [
        { kind: 'file', key: `${fd} ${path}`, what, madeAt: site?.place ?? site?.nearest, free: () => close(fd) },
      ];
    });
  }
}

/** Files and folders in the folder for temporary ones that this process made, and those that name it as their owner. */
export class TempFiles implements LeakSource {
  readonly #sites: FileSites;

  constructor(sites: FileSites) {
    this.#sites = sites;
  }

  start(): void {
    this.#sites.start();
  }

  stop(): void {
    this.#sites.stop();
  }

  look(): readonly Left[] {
    const bases = [...new Set([tmpdir(), realpathSync(tmpdir())])];
    const made = new Map<string, Site | undefined>();
    for (const [path, site] of this.#sites.made) {
      if (bases.some((base) => path.startsWith(base + sep))) made.set(path, site);
    }
    for (const name of namesIn(tmpdir())) {
      const path = join(tmpdir(), name);
      if (name.startsWith('ophion-') && ownerOf(path) === process.pid && !made.has(path)) made.set(path, undefined);
    }
    const inside = (path: string) => [...made.keys()].some((other) => path.startsWith(other + sep));
    return [...made].flatMap(([path, site]): Left[] => {
      if (site?.isRunner || !existsSync(path) || inside(path)) return [];
      const free = () => rmSync(path, { recursive: true, force: true });
      return [{ kind: 'temp', key: path, what: `temporary ${path}`, madeAt: site?.place ?? site?.nearest, free }];
    });
  }
}

/** A folder of ours names the process that made it. */
function ownerOf(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as { pid?: unknown }).pid;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    // The one with which the folder was read is closed by now.
    return undefined;
  }
}

function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Its owner was quicker.
  }
}
