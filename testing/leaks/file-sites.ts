/**
 * Where files are made. No hook of Node's tells of it, so the functions of `node:fs` that make files are wrapped while
 * leaks are looked for: they note the path and do what they always do.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Site } from './site.ts';

type Make = (...args: unknown[]) => unknown;
type Makers = Record<string, Make>;

const inCallbacks = ['open', 'mkdtemp', 'mkdir', 'writeFile', 'appendFile', 'createWriteStream', 'createReadStream'];
const synchronous = ['openSync', 'mkdtempSync', 'mkdirSync', 'writeFileSync', 'appendFileSync'];
const inPromises = ['open', 'mkdtemp', 'mkdir', 'writeFile', 'appendFile'];

/** How many paths are remembered; the oldest are forgotten. */
const pathsKept = 10_000;

export class FileSites {
  /** By path; the last to be made comes last. */
  readonly #sites = new Map<string, Site>();
  /** What was not there before this process made it: of folders in folders, the outermost. */
  readonly #made = new Map<string, Site>();
  #undo: (() => void)[] = [];

  start(): void {
    for (const name of [...inCallbacks, ...synchronous]) this.#wrap(fs as unknown as Makers, name);
    for (const name of inPromises) this.#wrap(fs.promises as unknown as Makers, name);
    syncBuiltinESMExports();
  }

  stop(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
    syncBuiltinESMExports();
    this.#sites.clear();
    this.#made.clear();
  }

  /** Where this path was made by this process; undefined when it was not. */
  siteOf(path: string): Site | undefined {
    return this.#sites.get(path);
  }

  /** What this process has made that was not there before, and where. Reading or overwriting a file makes nothing. */
  get made(): Iterable<readonly [path: string, site: Site]> {
    return this.#made;
  }

  #wrap(owner: Makers, name: string): void {
    const make = owner[name];
    if (make === undefined) return;
    const note = (path: unknown, site: Site) => this.#note(path, site);
    const noteMade = (path: string | undefined, site: Site) => this.#noteMade(path, site);
    const noteFolder = (path: unknown, site: Site) => {
      note(path, site);
      noteMade(pathOf(path), site);
    };
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const site = new Site(wrapped);
      if (!name.startsWith('mkdtemp')) {
        note(args[0], site);
        if (makes(name, args[1])) noteMade(outermostMissing(args[0]), site);
        return make.apply(this, args);
      }
      // Its name is known only when it is made.
      const tell = args.at(-1);
      if (typeof tell === 'function') {
        args[args.length - 1] = (error: unknown, path: unknown) => {
          noteFolder(path, site);
          (tell as Make)(error, path);
        };
      }
      const made = make.apply(this, args);
      if (!(made instanceof Promise)) noteFolder(made, site);
      else {
        made.then(
          (path) => noteFolder(path, site),
          () => {},
        );
      }
      return made;
    };
    owner[name] = wrapped;
    this.#undo.push(() => {
      // Somebody else may have wrapped it since.
      if (owner[name] === wrapped) owner[name] = make;
    });
  }

  #note(given: unknown, site: Site): void {
    const path = pathOf(given);
    if (path !== undefined) remember(this.#sites, path, site);
  }

  #noteMade(path: string | undefined, site: Site): void {
    if (path !== undefined) remember(this.#made, path, site);
  }
}

function remember(sites: Map<string, Site>, path: string, site: Site): void {
  sites.delete(path);
  sites.set(path, site);
  if (sites.size > pathsKept) sites.delete(sites.keys().next().value as string);
}

function pathOf(given: unknown): string | undefined {
  const path = given instanceof URL ? fileURLToPath(given) : given;
  return typeof path === 'string' ? resolve(path) : undefined;
}

/** Whether a call makes what is not there: to open does so only with flags that say it. */
function makes(name: string, flags: unknown): boolean {
  if (name === 'createReadStream') return false;
  if (!name.startsWith('open')) return true;
  return typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wa]/.test(String(flags ?? 'r'));
}

/** The outermost folder or file on the way to a path that is not there yet; undefined when all of it is. */
function outermostMissing(given: unknown): string | undefined {
  let missing: string | undefined;
  for (let path = pathOf(given); path !== undefined && !fs.existsSync(path); path = dirname(path)) missing = path;
  return missing;
}
