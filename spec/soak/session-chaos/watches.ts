/**
 * Who watches the session all through: iterators of all of it, of two variables, and of a reader that falls behind so
 * far that commits are folded; a callback; a tool in Python, asked again, from where it was, when its worker is lost.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Commit, Snapshot, StateSession } from '../../../actors/state/index.ts';
import { type Context, isActorError, pythonTool } from '../../../index.ts';
import { WatchCheck } from '../../../testing/checks/watch.ts';
import type { CommitLog } from './log.ts';
import { linesOf } from './python-client.ts';

const follow = pythonTool<{ file: string; after: number | null }, number>('follow');
/** As long as a run may take. */
const timeoutMs = 600_000;

export interface WatchesOptions {
  readonly session: StateSession;
  readonly context: Context;
  readonly first: Snapshot;
  /** Where the watch in Python notes what it is told; none: there is no Python. */
  readonly folder: string | undefined;
  /** Holds up the reader that is to fall behind: resolves when it may read on. */
  readonly pause: (told: number) => Promise<void>;
  /** A commit of Python, or another, was told. */
  readonly told: (commit: Commit) => Promise<void>;
}

interface Watching {
  readonly name: string;
  readonly check: WatchCheck;
  readonly ended: Promise<void>;
}

/** What a callback, or a tool in Python, is told. */
interface Change {
  readonly revision: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly removed: readonly string[];
  readonly folded: boolean;
}

interface PythonChange extends Omit<Change, 'folded'> {
  readonly kind: 'snapshot' | 'commit';
  readonly folded: readonly [number, number] | null;
  /** The revision of the variables when it was told. */
  readonly read: number;
}

export class Watches {
  /** Events that were told. */
  events = 0;
  /** Marks that stand for several commits. */
  folded = 0;
  /** How often the watch in Python was asked for again. */
  resumed = 0;
  readonly #options: WatchesOptions;
  readonly #abort = new AbortController();
  readonly #watching: readonly Watching[];
  readonly #all: Commit[] = [];
  readonly #changes: Change[] = [];
  readonly #wrong: string[] = [];
  readonly #subscription: { readonly ended: Promise<void>; stop(): Promise<void> };
  readonly #python: Promise<void>;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { context, folder, first, told, pause } = options;
    const everything = this.#follow('a watch of everything', {}, (commit) => {
      this.#all.push(commit);
      return told(commit);
    });
    const some = this.#follow('a watch of p and q', { names: ['p', 'q'] });
    let slowly = 0;
    const slow = this.#follow('a slow watch', { from: first.revision, epoch: first.epoch }, () => {
      slowly += 1;
      return pause(slowly);
    });
    this.#watching = [everything, some, slow];
    const changed = (change: Change) => {
      this.events += 1;
      if (change.folded) this.folded += 1;
      this.#changes.push(change);
    };
    this.#subscription = context.variables.onChange(changed, { from: first.revision });
    this.#subscription.ended.catch((error: unknown) => this.#wrong.push(`a callback has ended with ${String(error)}`));
    this.#python = folder === undefined ? Promise.resolve() : this.#followInPython(join(folder, 'watch'));
  }

  /**
   * What is wrong with what they were told, in words, once all of them have been told of the session's last revision;
   * whoever has not been within the grace is behind.
   */
  async judge(log: CommitLog, reading: Snapshot, graceMs: number): Promise<readonly string[]> {
    const { revision } = reading;
    const endMs = performance.now() + graceMs;
    const isBehind = () =>
      this.#watching.some(({ name, check }) => name !== 'a watch of p and q' && (check.revision ?? 0) < revision) ||
      (this.#changes.at(-1)?.revision ?? 0) < revision;
    while (isBehind() && performance.now() < endMs) await new Promise(setImmediate);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      const leftMs = Math.max(0, endMs - performance.now());
      timer = setTimeout(() => resolve('the watch in Python does not end'), leftMs);
    });
    const python = await Promise.race([this.#python.then(() => undefined), late]);
    clearTimeout(timer);
    this.#abort.abort();
    await this.#subscription.stop();
    const wrong = [...this.#wrong, ...(python === undefined ? [] : [python])];
    for (const { name, check, ended } of this.#watching) {
      await ended;
      wrong.push(...check.compare(reading).map((one) => `${name}: ${one}`));
    }
    for (const commit of this.#all) {
      if (isDeepStrictEqual(commit, log.at(commit.revision))) continue;
      wrong.push(`a watch of everything was told another revision ${commit.revision} than the history tells`);
    }
    const { folder, first } = this.#options;
    wrong.push(...wrongWith('a callback', this.#changes, log, first.revision));
    if (folder === undefined) return wrong;
    const told = linesOf<PythonChange>(join(folder, 'watch'));
    const changes = told.map((one) => ({ ...one, folded: one.folded !== null }));
    // Its beginning is what was there when it was called.
    const [snapshot, ...commits] = changes;
    wrong.push(...wrongWith('a watch in Python', commits, log, snapshot?.revision ?? 0));
    for (const { read, revision: at } of told)
      if (read < at) wrong.push(`a watch in Python was told revision ${at} with variables of ${read}`);
    this.events += told.length;
    this.folded += commits.filter(({ folded }) => folded).length;
    return wrong;
  }

  #follow(
    name: string,
    options: ConstructorParameters<typeof WatchCheck>[0] & object,
    seen: (commit: Commit) => void | Promise<void> = () => {},
  ): Watching {
    const check = new WatchCheck(options);
    const { signal } = this.#abort;
    const run = async () => {
      try {
        for await (const event of this.#options.session.watch({ ...options, signal })) {
          this.events += 1;
          if (event.folded !== undefined) this.folded += 1;
          check.see(event);
          if (event.type === 'commit') await seen(event.commit);
        }
        this.#wrong.push(`${name} has ended`);
      } catch (error) {
        if (!signal.aborted) this.#wrong.push(`${name} has ended with ${String(error)}`);
      }
    };
    return { name, check, ended: run() };
  }

  async #followInPython(file: string): Promise<void> {
    for (;;) {
      const after = linesOf<PythonChange>(file).at(-1)?.revision ?? null;
      try {
        await this.#options.context.call(follow, { file, after }, { timeoutMs });
        return;
      } catch (error) {
        if (!isActorError(error) || error.code !== 'worker_lost') {
          this.#wrong.push(`a watch in Python has ended with ${String(error)}`);
          return;
        }
        this.resumed += 1;
      }
    }
  }
}

/** What is wrong with what a reader of all changes after a revision was told. */
function wrongWith(name: string, changes: readonly Change[], log: CommitLog, from: number): readonly string[] {
  const wrong: string[] = [];
  let place = from;
  for (const { revision, values, removed, folded } of changes) {
    const commit = log.at(revision);
    if (revision <= place) wrong.push(`${name}: revision ${revision} came after revision ${place}`);
    else if (folded) {
      place = revision;
      continue;
    } else if (revision !== place + 1)
      wrong.push(`${name}: revision ${revision} came after revision ${place}: ${revision - place - 1} are missing`);
    place = revision;
    const written = Object.fromEntries((commit?.written ?? []).map(({ name: one, value }) => [one, value]));
    if (!isDeepStrictEqual([{ ...values }, [...removed]], [written, [...(commit?.removed ?? [])]]))
      wrong.push(
        `${name}: revision ${revision} was told as ${JSON.stringify(values)}, and is ${JSON.stringify(written)}`,
      );
  }
  if (place !== log.revision) wrong.push(`${name}: it ended at revision ${place}, and the session at ${log.revision}`);
  return wrong;
}
