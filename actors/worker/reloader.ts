/**
 * Hears of changes of the files that a pool's workers run, and tells the pool's manager once they have settled. Stands
 * behind the manager; its crash touches nobody else.
 */
import { type ActorContext, SpecError, server, type TimerHandle } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import { type FileEvent, type WatchFiles, watchPythonFiles } from './file-watch.ts';
import { checkNumbers, notNegative } from './option-rules.ts';
import { poolManagerRef } from './pool.ts';
import { tellPool } from './pool-casts.ts';

export interface ReloadOptions {
  /** The folders whose Python files are watched, with all that is below them. Default: those of `pythonPath`. */
  readonly folders?: readonly string[];
  /** How long no file may change before the change counts, in milliseconds. Default 200. */
  readonly debounceMs?: number;
  /** How files are watched; for simulations. */
  readonly watch?: WatchFiles;
}

const defaultDebounceMs = 200;
/** How many names of changed files are told; the rest is as changed as they are. */
const maxNames = 100;

/** Throws a SpecError that names the wrong field and its value. */
export function checkReload(reload: boolean | ReloadOptions): ReloadOptions | undefined {
  if (reload === false) return undefined;
  if (reload === true) return {};
  if (typeof reload !== 'object' || reload === null)
    throw new SpecError('python', 'invalid_reload: must be true, false or an object', reload);
  checkNumbers({ reload }, { 'reload.debounceMs': notNegative });
  const { folders } = reload;
  const isFolder = (folder: unknown) => typeof folder === 'string' && folder !== '' && !folder.includes('\0');
  if (folders !== undefined && !(Array.isArray(folders) && folders.length > 0 && folders.every(isFolder)))
    throw new SpecError('python', 'invalid_reload.folders: must be paths of folders', folders);
  return reload;
}

export interface ReloaderInput {
  readonly pool: string;
  readonly manager: string;
  readonly folders: readonly string[];
  readonly options: ReloadOptions;
}

type Message = Exclude<FileEvent, { type: 'file.changed' }> | { readonly type: 'changed' | 'settled' };

class Reloader {
  readonly #ctx: ActorContext<ReloaderInput>;
  readonly #changed = new Set<string>();
  /** It is told of a change, and has not looked yet: files may change faster than it looks. */
  #told = false;
  #timer: TimerHandle | undefined;

  constructor(ctx: ActorContext<ReloaderInput>) {
    this.#ctx = ctx;
    const { folders, options } = ctx.input;
    const close = (options.watch ?? watchPythonFiles)(folders, (event) => this.#hear(event));
    // However this actor ends.
    ctx.signal.addEventListener('abort', close, { once: true });
  }

  #hear(event: FileEvent): void {
    const { self } = this.#ctx;
    if (event.type !== 'file.changed') {
      this.#ctx.send(self, event);
      return;
    }
    if (this.#changed.size < maxNames) this.#changed.add(event.path);
    if (this.#told) return;
    this.#told = true;
    this.#ctx.send(self, { type: 'changed' } satisfies Message);
  }

  heard(message: Message): void {
    const { pool, options } = this.#ctx.input;
    switch (message.type) {
      case 'changed':
        this.#told = false;
        this.#ctx.cancelTimer(this.#timer);
        this.#timer = this.#ctx.setTimer(options.debounceMs ?? defaultDebounceMs, {
          type: 'settled',
        } satisfies Message);
        return;
      case 'settled':
        this.#settled();
        return;
      case 'file.watching':
        this.#emit({ type: 'reload.watching', pool, folders: message.folders });
        return;
      case 'file.unwatched':
        this.#emit({ type: 'reload.unwatched', pool, error: message.error });
        return;
      default: {
        const never: never = message;
        throw new TypeError(`the reloader does not know this message: ${String(never)}`);
      }
    }
  }

  #settled(): void {
    // One came in this moment: it is not over.
    if (this.#told) return;
    const files = [...this.#changed].sort();
    this.#changed.clear();
    tellPool(poolManagerRef(this.#ctx as ActorContext<never>, this.#ctx.input.manager), 'reload', { files });
  }

  #emit(event: WorkerEvent): void {
    this.#ctx.emit(event);
  }
}

export const reloader = server({
  host: 'xstate',
  init: (ctx: ActorContext<ReloaderInput>) => new Reloader(ctx),
  info: (state, message) => {
    state.heard(message as Message);
    return state;
  },
});
