/**
 * One file for each incarnation of a worker, with what it prints. Written beside the actors, one write at a time for a
 * pool, so that a slow disk holds up no worker; what cannot be written is counted, told once, and lost. Nothing of ours
 * is in them: only what the process itself has printed.
 */
import { appendFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ActorError, type Clock } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import { excess, fileName } from './log-file-names.ts';
import type { OutputLine } from './output.ts';

export interface LogFileOptions {
  readonly pool: string;
  readonly folder: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
}

/** How much may wait for the disk, for all files of a pool together. */
const maxWaitingBytes = 1_048_576;
/** How long nothing is tried after a write has failed. */
const retryMs = 10_000;

/** What waits for the disk: a line, or a note of so many that were lost. */
interface Waiting {
  readonly bytes: Buffer;
  readonly lost: number;
}

export class LogFile {
  readonly name: string;
  readonly #files: LogFiles;
  waiting: Waiting[] = [];
  /** How many lines were lost since the last that was taken. */
  lost = 0;
  /** How long the file is; undefined before it is made. */
  size: number | undefined;
  ended = false;

  constructor(name: string, files: LogFiles) {
    this.name = name;
    this.#files = files;
  }

  add({ from, text, cut }: OutputLine, timeMs: number): void {
    this.#files.put(this, Buffer.from(`${new Date(timeMs).toISOString()} ${from} ${text}${cut ? ' ...' : ''}\n`));
  }

  end(): void {
    this.ended = true;
    this.#files.settle(this);
  }

  /** The lines that are written next: as many as fit, one at least. */
  take(room: number): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.waiting) {
      bytes += one.bytes.length;
      if (count > 0 && bytes > room) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}

export class LogFiles {
  readonly #options: LogFileOptions;
  readonly #clock: Clock;
  readonly #tell: (event: WorkerEvent) => void;
  /** Those whose incarnation lives, or that have something to write: they are not deleted. */
  readonly #living = new Set<LogFile>();
  /** Those that have something to write, in turn. */
  readonly #queue = new Set<LogFile>();
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #prepared = false;
  #failedUntilMs = Number.NEGATIVE_INFINITY;
  /** Since a write failed. */
  #failed = false;
  #lost = 0;

  constructor(options: LogFileOptions, clock: Clock, tell: (event: WorkerEvent) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The file of a new incarnation; it is there when something is printed. */
  open(worker: string, incarnation: number, timeMs: number): LogFile {
    const file = new LogFile(fileName({ pool: this.#options.pool, timeMs, worker, incarnation }), this);
    this.#living.add(file);
    return file;
  }

  put(file: LogFile, line: Buffer): void {
    if (this.#clock.monotonicMs() < this.#failedUntilMs || this.#waitingBytes + line.length > maxWaitingBytes) {
      file.lost += 1;
      if (this.#failed) this.#lost += 1;
      return;
    }
    if (file.lost > 0) this.#push(file, Buffer.from(`... ${file.lost} lines were lost here\n`), file.lost);
    file.lost = 0;
    this.#push(file, line, 0);
    this.#queue.add(file);
    this.#run();
  }

  #push(file: LogFile, bytes: Buffer, lost: number): void {
    file.waiting.push({ bytes, lost });
    this.#waitingBytes += bytes.length;
  }

  /** These are not waiting any more, and will not be written. */
  #lose(file: LogFile, those: readonly Waiting[]): void {
    for (const { lost } of those) {
      file.lost += lost || 1;
      if (lost === 0) this.#lost += 1;
    }
  }

  #taken(those: readonly Waiting[]): readonly Waiting[] {
    for (const { bytes } of those) this.#waitingBytes -= bytes.length;
    return those;
  }

  settle(file: LogFile): void {
    if (file.ended && file.waiting.length === 0) this.#living.delete(file);
  }

  /** Tries the folder before anything is printed, so that a wrong one is told at the start. */
  prepare(): void {
    this.#run();
  }

  /** Resolves when nothing waits for the disk. */
  async flushed(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #run(): void {
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = undefined;
      // What came in the very last moment.
      if (this.#queue.size > 0) this.#run();
    });
  }

  async #writeAll(): Promise<void> {
    try {
      if (!this.#prepared) await this.#prepare();
      for (let file = first(this.#queue); file !== undefined; file = first(this.#queue)) {
        // Behind the others, when there is more of it.
        this.#queue.delete(file);
        await this.#write(file);
        if (file.waiting.length > 0) this.#queue.add(file);
        this.settle(file);
      }
    } catch (error) {
      this.#failure(error as Error);
    }
  }

  async #prepare(): Promise<void> {
    const { folder, maxFiles } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#prune(maxFiles);
    this.#prepared = true;
  }

  async #write(file: LogFile): Promise<void> {
    const { folder, maxFileBytes, maxFiles } = this.#options;
    const path = join(folder, file.name);
    if (file.size === undefined) await this.#prune(maxFiles - 1);
    const size = file.size ?? 0;
    if (size > 0 && size + (file.waiting[0]?.bytes.length ?? 0) > maxFileBytes) {
      await rename(path, `${path}.1`).catch(unlessMissing);
      await this.#prune(maxFiles - 1);
      file.size = 0;
    }
    const taken = this.#taken(file.take(maxFileBytes - (file.size ?? 0)));
    const bytes = Buffer.concat(taken.map((one) => one.bytes));
    try {
      await appendFile(path, bytes, { mode: 0o600 });
    } catch (error) {
      this.#lose(file, taken);
      throw error;
    }
    file.size = (file.size ?? 0) + bytes.length;
    this.#success();
  }

  async #prune(most: number): Promise<void> {
    const { folder, pool } = this.#options;
    const written = new Set([...this.#living].map(({ name }) => name));
    for (const name of excess(await readdir(folder), pool, most, written))
      await rm(join(folder, name), { force: true });
  }

  /** What waits is lost, and so is what comes within a while. */
  #failure(cause: Error): void {
    this.#prepared = false;
    this.#failedUntilMs = this.#clock.monotonicMs() + retryMs;
    for (const file of this.#living) {
      this.#lose(file, this.#taken(file.waiting.splice(0)));
      this.settle(file);
    }
    this.#queue.clear();
    if (this.#failed) return;
    this.#failed = true;
    const { pool, folder } = this.#options;
    const error = new ActorError('log_write_failed', `the logs of pool '${pool}' in ${folder}: ${cause.message}`, {
      cause,
    });
    this.#tell({ type: 'logs.failed', pool, folder, error });
  }

  #success(): void {
    if (!this.#failed) return;
    const { pool, folder } = this.#options;
    this.#tell({ type: 'logs.resumed', pool, folder, lostLines: this.#lost });
    this.#failed = false;
    this.#lost = 0;
  }
}

/** Whoever tidies the folder may have taken it away. */
function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

const first = <T>(set: ReadonlySet<T>): T | undefined => set.values().next().value;
