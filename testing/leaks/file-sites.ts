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
  /** By path; the last to be made comes last. */
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
    return this.#sites.get(path);
  }

  /** All paths that were made, as far as they are known. */
  get paths(): Iterable<string> {
    return this.#sites.keys();
  }

  #wrap(owner: Makers, name: string): void {
    const make = owner[name];
    if (make === undefined) return;
    const note = (path: unknown, site: Site) => this.#note(path, site);
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const site = new Site(wrapped);
      if (!name.startsWith('mkdtemp')) {
        note(args[0], site);
        return make.apply(this, args);
      }
      // Its name is known only when it is made.
      const tell = args.at(-1);
      if (typeof tell === 'function') {
        args[args.length - 1] = (error: unknown, path: unknown) => {
          note(path, site);
          (tell as Make)(error, path);
        };
      }
      const made = make.apply(this, args);
      if (!(made instanceof Promise)) note(made, site);
      else {
        made.then(
          (path) => note(path, site),
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
    const path = given instanceof URL ? fileURLToPath(given) : given;
    if (typeof path !== 'string') return;
    this.#sites.delete(resolve(path));
    this.#sites.set(resolve(path), site);
    if (this.#sites.size > pathsKept) this.#sites.delete(this.#sites.keys().next().value as string);
  }
}
