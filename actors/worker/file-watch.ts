/**
 * Hears of changes of Python files in folders and all that is below them, folders that come later included. Hidden
 * folders, caches, packages of others and virtual environments are left out. The one place that watches files.
 */
import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ActorError } from '../core/index.ts';

export type FileEvent =
  | { readonly type: 'file.changed'; readonly path: string }
  /** So many folders are watched: what changes from now on is told. */
  | { readonly type: 'file.watching'; readonly folders: number }
  /** What changes there is not told: `watch_failed`. */
  | { readonly type: 'file.unwatched'; readonly error: ActorError };

/** Begins to watch; what it answers ends that. */
export type WatchFiles = (folders: readonly string[], tell: (event: FileEvent) => void) => () => void;

/** More of them are no module of one's own, and each costs the system something. */
const maxFolders = 4_096;
const others = new Set(['__pycache__', 'node_modules', 'site-packages']);
const isOthers = (name: string): boolean => name.startsWith('.') || others.has(name);
/** In the folder of each virtual environment. */
const venvMark = 'pyvenv.cfg';

export const watchPythonFiles: WatchFiles = (folders, tell) => {
  const watching = new Watching(tell);
  void watching.begin(folders);
  return () => watching.close();
};

class Watching {
  readonly #tell: (event: FileEvent) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #full = false;
  #closed = false;

  constructor(tell: (event: FileEvent) => void) {
    this.#tell = (event) => {
      if (!this.#closed) tell(event);
    };
  }

  async begin(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      const error = await this.#add(folder, false);
      if (error !== undefined) this.#unwatched(folder, error);
    }
    this.#tell({ type: 'file.watching', folders: this.#watchers.size });
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** With `news` its files are new. Answers why it cannot be watched. */
  async #add(folder: string, news: boolean): Promise<Error | undefined> {
    if (this.#closed || this.#watchers.has(folder)) return undefined;
    if (this.#watchers.size >= maxFolders) {
      this.#tooMany(folder);
      return undefined;
    }
    try {
      // Before it is read: what comes in between is told by the one or the other.
      this.#watch(folder);
      const entries = await readdir(folder, { withFileTypes: true });
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) await this.#addBelow(path, news);
        else if (news && entry.name.endsWith('.py')) this.#tell({ type: 'file.changed', path });
      }
      return undefined;
    } catch (error) {
      this.#forget(folder);
      return error as Error;
    }
  }

  async #addBelow(folder: string, news: boolean): Promise<void> {
    if (isOthers(basename(folder)) || (await exists(join(folder, venvMark)))) return;
    const error = await this.#add(folder, news);
    if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT') this.#unwatched(folder, error);
  }

  #watch(folder: string): void {
    const watcher = watch(folder, { persistent: false }, (kind, name) => {
      if (name === null) this.#tell({ type: 'file.changed', path: folder });
      else if (name.endsWith('.py')) this.#tell({ type: 'file.changed', path: join(folder, name) });
      else if (kind === 'rename') void this.#cameOrWent(join(folder, name));
    });
    watcher.on('error', (error) => {
      this.#forget(folder);
      this.#unwatched(folder, error);
    });
    this.#watchers.set(folder, watcher);
  }

  async #cameOrWent(path: string): Promise<void> {
    const isFolder = await lstat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) await this.#addBelow(path, true);
    // With it went its files.
    else if (this.#forget(path)) this.#tell({ type: 'file.changed', path });
  }

  /** Ends the watch of a folder and those below it. False when there was none. */
  #forget(folder: string): boolean {
    let found = false;
    for (const [path, watcher] of [...this.#watchers]) {
      if (path !== folder && !path.startsWith(join(folder, '/'))) continue;
      watcher.close();
      this.#watchers.delete(path);
      found = true;
    }
    return found;
  }

  #tooMany(folder: string): void {
    if (this.#full) return;
    this.#full = true;
    this.#unwatched(folder, new Error(`there are more than ${maxFolders} folders; name fewer (reload.folders)`));
  }

  #unwatched(folder: string, cause: Error): void {
    const hint =
      (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? '; raise fs.inotify.max_user_watches of this machine' : '';
    const error = new ActorError('watch_failed', `${folder}: cannot be watched: ${cause.message}${hint}`, { cause });
    this.#tell({ type: 'file.unwatched', error });
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
