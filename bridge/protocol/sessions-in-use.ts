/**
 * Sessions that calls are at work on. One does not expire while a call of it is open, however long that takes and
 * whatever little it asks of the state: a session with a time to live is accessed now and then meanwhile.
 */
import { isActorError, type TimerHandle } from '../../actors/core/index.ts';
import { isGone, type StateProvider } from '../../actors/state/index.ts';

export interface InUseOptions {
  readonly provider: StateProvider;
  readonly timers: { set(ms: number, fire: () => void): TimerHandle };
  /** What an incarnation of the bridge leaves to the next one: it has timers that nobody else would cancel. */
  readonly uses: Map<string, Use>;
}

export interface Use {
  calls: number;
  timer: TimerHandle | undefined;
}

/** When a call is looked at first, in milliseconds: most are over by then. */
const firstMs = 100;
/** How soon a session that could not be had is looked for again. */
const againMs = 1_000;

export class SessionsInUse {
  readonly #options: InUseOptions;
  readonly #uses: Map<string, Use>;

  /** Begins anew: whoever still has an open call says so. */
  constructor(options: InUseOptions) {
    this.#options = options;
    this.#uses = options.uses;
    for (const { timer } of this.#uses.values()) timer?.cancel();
    this.#uses.clear();
  }

  /** A call of this session is open, until the answered function is called. */
  begin(sessionId: string): () => void {
    let use = this.#uses.get(sessionId);
    if (use === undefined) {
      use = { calls: 0, timer: undefined };
      this.#uses.set(sessionId, use);
      this.#later(sessionId, use, firstMs);
    }
    const one = use;
    one.calls += 1;
    return () => {
      one.calls -= 1;
      if (one.calls > 0) return;
      one.timer?.cancel();
      if (this.#uses.get(sessionId) === one) this.#uses.delete(sessionId);
    };
  }

  #later(sessionId: string, use: Use, ms: number): void {
    use.timer = this.#options.timers.set(ms, () => void this.#access(sessionId, use));
  }

  async #access(sessionId: string, use: Use): Promise<void> {
    const { provider } = this.#options;
    const wanted = () => this.#uses.get(sessionId) === use;
    try {
      const session = await provider.find(sessionId);
      if (session.ttlMs === undefined) return;
      await session.read([]);
      if (wanted()) this.#later(sessionId, use, session.ttlMs / 3);
    } catch (error) {
      if (!isActorError(error)) throw error;
      // It is over, which the call will hear when it asks for it; or it cannot be had at the moment.
      if (!isGone(error) && wanted()) this.#later(sessionId, use, againMs);
    }
  }
}
