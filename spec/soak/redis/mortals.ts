/** Sessions with a time to live: used for a while, then left alone, watched by all. Each must end once, and not too early. */
import type { StateProvider } from '../../../actors/state/index.ts';
import { shardOf } from '../../../actors/state/redis/keys.ts';
import { integer, isActorError } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { sleep } from '../sleep.ts';

/** They are in so many parts of the index: a sweeper finds several at a time. */
export const mortalShards = 2;
/** How long one that is not used lives. */
const [leastMs, mostMs] = [250, 600];
/** A use that comes early may not be written down: a tenth of the time to live. */
const unwritten = 0.1;
/** How long after its end a watch may be told, in milliseconds: the server may be away. */
const lateMs = 30_000;

export class Mortals {
  readonly wrong: string[] = [];
  ended = 0;
  readonly #providers: readonly StateProvider[];
  readonly #random: RandomStream;
  #made = 0;

  constructor(providers: readonly StateProvider[], random: RandomStream) {
    this.#providers = providers;
    this.#random = random;
  }

  /** One session, from its begin to its end. */
  async live(): Promise<void> {
    const id = this.#nextId();
    const ttlMs = leastMs + this.#random.below(mostMs - leastMs);
    const [first] = this.#providers;
    try {
      const session = await (first as StateProvider).open(id, { ttlMs });
      let usedMs = Date.now();
      const told = this.#providers.map((provider) => endOf(provider, id));
      for (let uses = this.#random.below(4); uses > 0; uses -= 1) {
        const askedMs = Date.now();
        await session.commit(uses === 1 ? { declare: { n: integer() } } : {}, { timeoutMs: ttlMs });
        usedMs = askedMs;
        await sleep(this.#random.below(ttlMs / 2));
      }
      await this.#judge(id, usedMs, ttlMs, told);
    } catch (error) {
      // It could not be had, or has ended before it was used again.
      if (!isActorError(error)) throw error;
    }
  }

  #nextId(): string {
    let id: string;
    do {
      this.#made += 1;
      id = `mortal-${this.#made}`;
    } while (shardOf(id) >= mortalShards);
    return id;
  }

  async #judge(id: string, usedMs: number, ttlMs: number, told: readonly Promise<End>[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), ttlMs + lateMs);
    });
    const ends = await Promise.all(told.map((one) => Promise.race([one, late])));
    clearTimeout(timer);
    this.ended += 1;
    for (const end of ends) {
      if (end === 'late') this.wrong.push(`${id}: a watch was not told of its end`);
      else if (end.code !== 'expired') this.wrong.push(`${id}: a watch ended with ${end.code}`);
      else if (end.atMs < usedMs + (1 - unwritten) * ttlMs - 2)
        this.wrong.push(`${id}: ended ${end.atMs - usedMs} ms after it was used, with ${ttlMs} ms to live`);
    }
  }
}

interface End {
  readonly code: string;
  readonly atMs: number;
}

/** What a watch ends with, and when. */
async function endOf(provider: StateProvider, id: string): Promise<End> {
  try {
    const session = await provider.find(id);
    for await (const _ of session.watch());
    return { code: 'nothing', atMs: Date.now() };
  } catch (error) {
    return { code: isActorError(error) ? error.code : String(error), atMs: Date.now() };
  }
}
