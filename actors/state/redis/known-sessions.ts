/** What dev tools see of the sessions of a provider: its copies. See elsewhere.ts. */
import type { SessionsElsewhere } from '../elsewhere.ts';
import type { StateSession } from '../provider.ts';
import type { Attempt } from '../retry.ts';
import type { SessionEntry } from '../tables.ts';
import type { Copy } from './copies.ts';
import type { RedisHost } from './host.ts';
import { lookScript } from './scripts/lives.ts';
import { RedisSession } from './session.ts';

/** How often a session is looked at, and how long that may take, in milliseconds. */
const pauseMs = 1_000;
const answerMs = 1_000;
/** A history that has more is not fetched to be looked at, nor the news of a session whose values have more. */
const historyBytesMax = 4 * 1024 * 1024;
const valueBytesMax = 16 * 1024 * 1024;

interface Look {
  readonly atMs: number;
  readonly done: Promise<void>;
  expiresAtMs: number | undefined;
}

export class KnownSessions implements SessionsElsewhere {
  readonly kind = 'redis';
  readonly #host: RedisHost;
  /** Of copies that were looked at; gone with them. */
  readonly #looks = new WeakMap<Copy, Look>();

  constructor(host: RedisHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#host.copies.size;
  }

  *entries(): Generator<SessionEntry> {
    for (const { entry } of this.#host.copies.all()) yield entry;
  }

  find(sessionId: string): SessionEntry | undefined {
    return this.#host.copies.peek(sessionId)?.entry;
  }

  async refresh(sessionId: string): Promise<void> {
    const copy = this.#host.copies.peek(sessionId);
    if (copy === undefined || copy.reading.record.valueBytes > valueBytesMax) return;
    const { clock } = this.#host.system.runtime;
    const last = this.#looks.get(copy);
    if (last !== undefined && clock.monotonicMs() - last.atMs < pauseMs) {
      await last.done;
      return;
    }
    const done = this.#look(copy);
    this.#looks.set(copy, { atMs: clock.monotonicMs(), done, expiresAtMs: last?.expiresAtMs });
    await done;
  }

  async #look(copy: Copy): Promise<void> {
    const attempt: Attempt = { number: 0, timeoutMs: answerMs };
    try {
      const [, text, left] = await this.#host.run(lookScript, copy.id, ['0'], attempt);
      const { head } = copy.reading;
      const fits = head.sum - head.floor <= historyBytesMax;
      if (!copy.whole && fits) await this.#host.load(copy.id, 'log', attempt, false);
      else if (text !== head.text) await this.#host.catchUp(copy, 'head', attempt);
      const look = this.#looks.get(copy);
      if (look === undefined) return;
      look.expiresAtMs = left === '' ? undefined : this.#host.system.runtime.clock.wallMs() + Number(left);
    } catch {
      // It is gone, which the copies have been told, or cannot be had now: then it is shown as it was last seen.
    }
  }

  expiresAtMs(sessionId: string): number | undefined {
    const copy = this.#host.copies.peek(sessionId);
    return copy && this.#looks.get(copy)?.expiresAtMs;
  }

  session({ id, ttlMs }: SessionEntry): StateSession {
    return new RedisSession(this.#host, id, ttlMs);
  }
}

/** Lets dev tools see them, once for each host. */
export function showSessions(host: RedisHost): RedisHost {
  const { elsewhere } = host.tables;
  if (!elsewhere.has(host)) elsewhere.set(host, new KnownSessions(host));
  return host;
}
