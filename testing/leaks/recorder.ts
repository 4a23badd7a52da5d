/**
 * Notes what is there before a test and tells what is there more after it. Quiescence is waited for: what ends by
 * itself within a grace, such as a socket that closes, is not left behind.
 */
import { nodeRuntime } from '../../actors/core/index.ts';
import { FileSites } from './file-sites.ts';
import { OpenFiles, TempFiles } from './files.ts';
import type { LeakSource, Left } from './left.ts';
import { Listeners } from './listeners.ts';
import { Processes } from './processes.ts';
import { Resources } from './resources.ts';
import { Systems } from './systems.ts';

export interface LeakOptions {
  /** More to look for, such as `redisKeys(...)`. Default: none. */
  readonly sources?: readonly LeakSource[];
  /** What may stay. Default: nothing. */
  readonly ignore?: (left: Left) => boolean;
  /** How long is waited for what is about to end, in milliseconds. Default 1,000. */
  readonly graceMs?: number;
}

/** What was there at some moment. */
export interface LeakSnapshot {
  readonly keys: ReadonlySet<unknown>;
}

/** The first looks follow each other without a pause; then each pause is twice as long, up to this. */
const pauseMaxMs = 50;

export class LeakRecorder {
  readonly #resources = new Resources();
  readonly #systems = new Systems();
  readonly #sources: readonly LeakSource[];
  readonly #ignore: (left: Left) => boolean;
  readonly #graceMs: number;
  #running = false;

  /** Notes nothing before `start`. */
  constructor({ sources = [], ignore = () => false, graceMs = 1_000 }: LeakOptions = {}) {
    const sites = new FileSites();
    this.#sources = [
      this.#systems,
      this.#resources,
      new Processes(this.#resources, () => this.#systems.runIds),
      new Listeners(),
      new TempFiles(sites),
      new OpenFiles(sites),
      ...sources,
    ];
    this.#ignore = ignore;
    this.#graceMs = graceMs;
  }

  /** Begins to note where things are made: what was made before has no place, and counts as there. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const source of this.#sources) source.start();
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    for (const source of this.#sources) source.stop();
  }

  /** All that is there. */
  async look(): Promise<readonly Left[]> {
    const all: Left[] = [];
    for (const source of this.#sources) all.push(...(await source.look()));
    return all.filter((one) => !this.#ignore(one));
  }

  async snapshot(): Promise<LeakSnapshot> {
    return { keys: new Set((await this.look()).map(({ key }) => key)) };
  }

  /** What is there more than at the snapshot, when all is quiet or the grace is over. */
  async leftSince(snapshot: LeakSnapshot): Promise<readonly Left[]> {
    return this.#waitUntilNone(() => this.#more(snapshot), this.#graceMs);
  }

  /** Ends what was left behind. Resolves to what is still there then. */
  async free(left: readonly Left[]): Promise<readonly Left[]> {
    const failed = await freeAll(left);
    const keys = new Set(left.map(({ key }) => key));
    const still = async () => (await this.look()).filter(({ key }) => keys.has(key));
    const rest = await this.#waitUntilNone(still, this.#graceMs);
    if (rest.length > 0) await freeAll(rest);
    return [...new Set([...failed, ...(rest.length > 0 ? await still() : [])])];
  }

  async #more({ keys }: LeakSnapshot): Promise<readonly Left[]> {
    const more = (await this.look()).filter(({ key }) => !keys.has(key));
    const told = new Set(more.map(({ key }) => key));
    const isOfActors = more.some(({ kind }) => kind === 'actor');
    return more.filter(
      ({ within, isOwn = false }) => (within === undefined || !told.has(within)) && !(isOwn && isOfActors),
    );
  }

  async #waitUntilNone(look: () => Promise<readonly Left[]>, graceMs: number): Promise<readonly Left[]> {
    const { clock, turns } = nodeRuntime();
    const untilMs = clock.monotonicMs() + graceMs;
    let left = await look();
    for (let round = 0; left.length > 0 && clock.monotonicMs() < untilMs; round += 1) {
      await new Promise<void>((resolve) => {
        if (round < 3) turns.afterIo(resolve);
        else clock.setTimer(Math.min(2 ** (round - 3), pauseMaxMs), resolve);
      });
      left = await look();
    }
    return left;
  }
}

/** Answers those that could not be ended. */
async function freeAll(left: readonly Left[]): Promise<readonly Left[]> {
  const failed: Left[] = [];
  for (const one of left) {
    try {
      await one.free();
    } catch {
      // It is told of below, among those that are still there.
      failed.push(one);
    }
  }
  return failed;
}
