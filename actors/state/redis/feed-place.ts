/**
 * Where the feed of a provider lives: `redis/feed-1` below the tree's root. It is started at the first use, and again
 * whenever nobody is there, also after it was given up.
 */

import { DynamicSupervisorRef, dynamicSupervisor, SupervisorRef } from '../../../supervisors/index.ts';
import { addMonitor, isActorError, type Process } from '../../core/index.ts';
import { topOf } from '../retry.ts';
import { redisFeed } from './feed.ts';
import type { RedisHost } from './host.ts';

/** Between two looks for it, in milliseconds. */
const lookMs = 20;

export class FeedPlace {
  readonly #host: RedisHost;
  readonly #id: string;
  #watched: Process | undefined;
  #starting = false;

  constructor(host: RedisHost, number: number) {
    this.#host = host;
    this.#id = `feed-${number}`;
  }

  get path(): string {
    return `${this.#host.tables.root}/redis/${this.#id}`;
  }

  /** Sees to it that it lives; does not wait for it. */
  ensure(): void {
    const { system } = this.#host;
    const process = system.lookup(this.path);
    if (process === undefined) {
      void this.#start();
      return;
    }
    if (process === this.#watched) return;
    this.#watched = process;
    addMonitor(process, () => {
      this.#watched = undefined;
      // Its supervisor is quicker, as long as its budget lasts.
      this.#lookLater();
    });
  }

  tell(name: 'woken' | 'connected', arg?: unknown): void {
    // Nobody there: the next one begins with what all lack.
    this.#host.system.lookup(this.path)?.accept({ kind: 'cast', name, arg });
  }

  /** Not when all of it has ended, and a look that is due ends with it. */
  #lookLater(): void {
    this.#host.system.lookup(topOf(this.#host.tables.root))?.setDeadline(lookMs, () => this.ensure());
  }

  async #start(): Promise<void> {
    if (this.#starting) return;
    this.#starting = true;
    const { system, tables } = this.#host;
    const { root } = tables;
    try {
      const home = dynamicSupervisor({ perChildBudget: true });
      await harmless(new SupervisorRef(system, root).startChild({ id: 'redis', logic: home }));
      const spec = { id: this.#id, logic: redisFeed, input: { host: this.#host } };
      await harmless(new DynamicSupervisorRef(system, `${root}/redis`).startChild(spec));
    } catch {
      // Somebody is being restarted, or all of it ends: the next look tells.
    } finally {
      this.#starting = false;
    }
    if (system.lookup(this.path) === undefined) this.#lookLater();
    else this.ensure();
  }
}

/** Somebody else was quicker. */
async function harmless(starting: Promise<unknown>): Promise<void> {
  try {
    await starting;
  } catch (error) {
    if (!isActorError(error) || error.code !== 'already_started') throw error;
  }
}
