/**
 * Where files are made. No hook of Node's tells of it, so the functions of `node:fs` that make files are wrapped while
 * leaks are looked for: they note the path and do what they always do.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
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
  /** By path, or by the beginning of one that the system completes; the last to be made comes last. */
  readonly #sites = new Map<string, Site>();
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
  }

  /** Where this path was made by this process; undefined when it was not. */
  siteOf(path: string): Site | undefined {
    // What `mkdtemp` makes has six characters more than it was asked for.
    return this.#sites.get(path) ?? this.#sites.get(`${path.slice(0, -6)}*`);
  }

  /** All paths that were made, as far as they are known. */
  get paths(): Iterable<string> {
    return this.#sites.keys();
  }

  #wrap(owner: Makers, name: string): void {
    const make = owner[name];
    if (make === undefined) return;
    const note = (path: unknown, site: Site) => this.#note(path, name.startsWith('mkdtemp'), site);
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      note(args[0], new Site(wrapped));
      return make.apply(this, args);
    };
    owner[name] = wrapped;
    this.#undo.push(() => {
      // Somebody else may have wrapped it since.
      if (owner[name] === wrapped) owner[name] = make;
    });
  }

  #note(given: unknown, isBeginning: boolean, site: Site): void {
    const path = given instanceof URL ? fileURLToPath(given) : typeof given === 'string' ? given : undefined;
    if (path === undefined) return;
    const key = isBeginning ? `${resolve(path)}${/[\\/]$/.test(path) ? '/' : ''}*` : resolve(path);
    this.#sites.delete(key);
    this.#sites.set(key, site);
    if (this.#sites.size <= pathsKept) return;
    for (const oldest of this.#sites.keys()) {
      this.#sites.delete(oldest);
      break;
    }
  }
}
