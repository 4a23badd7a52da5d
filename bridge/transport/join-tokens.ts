/**
 * The tokens with which workers that nobody here spawned may join a pool. They stand in the system's tables, as
 * digests, and outlive the actors that issue and check them; they expire by the host's monotonic clock alone, so a
 * wall clock that is set, here or at the worker, neither prolongs nor ends one.
 */
import { ActorError, type ActorRef, type ActorSystem, SpecError } from '../../actors/core/index.ts';
import { digestOf, SharedTokens } from './shared-tokens.ts';

export interface JoinTokenOptions {
  /** How long workers may join with it. Default 3,600,000 ms (an hour). */
  readonly ttlMs?: number;
  /** How many workers may join with it. Default: any number, within the pool's own limit. */
  readonly uses?: number;
}

export interface JoinToken {
  /** A secret: for the worker's token file. */
  readonly token: string;
  readonly ttlMs: number;
}

/** Tokens of a file, which others have as well. */
interface Shared {
  readonly tokens: SharedTokens;
  readonly manager: ActorRef;
}

interface Known {
  readonly pool: string;
  /** Who decides about joins. */
  readonly manager: ActorRef;
  readonly endMs: number;
  uses: number;
}

/** What a token is good for, or why it is not. */
export type JoinCheck =
  | { readonly pool: string; readonly manager: ActorRef; readonly giveBack: () => void }
  | { readonly refused: string };

/** How many tokens that have not expired a system takes. */
const maxTokens = 1_000;
/** How long an expired token is remembered, so that who comes late with it is told so. */
const rememberedMs = 24 * 60 * 60 * 1_000;

export class JoinTokens {
  readonly #system: ActorSystem;
  /** By digest: what is looked up is no secret, so the time that takes tells nothing of one. */
  readonly #known = new Map<string, Known>();
  /** By pool. */
  readonly #shared = new Map<string, Shared>();

  private constructor(system: ActorSystem) {
    this.#system = system;
  }

  static of(system: ActorSystem, linksPath: string): JoinTokens {
    const name = `${linksPath}/join-tokens`;
    let tokens = system.tables.get(name) as JoinTokens | undefined;
    if (tokens === undefined) {
      tokens = new JoinTokens(system);
      system.tables.set(name, tokens);
    }
    return tokens;
  }

  /**
   * Makes a token.
   *
   * @throws SpecError an option is wrong
   * @throws ActorError `too_many_join_tokens`
   */
  issue(pool: string, manager: ActorRef, options: JoinTokenOptions = {}): JoinToken {
    const { ttlMs = 60 * 60 * 1_000, uses = Number.POSITIVE_INFINITY } = options;
    if (!(Number.isFinite(ttlMs) && ttlMs > 0)) throw new SpecError(`pool '${pool}'`, 'invalid_ttlMs', ttlMs);
    if (!(uses >= 1)) throw new SpecError(`pool '${pool}'`, 'invalid_uses', uses);
    const nowMs = this.#nowMs;
    let living = 0;
    for (const [digest, { endMs }] of this.#known) {
      if (endMs > nowMs) living += 1;
      else if (endMs + rememberedMs < nowMs || this.#known.size > 2 * maxTokens) this.#known.delete(digest);
    }
    if (living >= maxTokens) {
      const message = `pool '${pool}': ${maxTokens} join tokens are valid already; issue fewer, or shorter ones`;
      throw new ActorError('too_many_join_tokens', message);
    }
    const { ids } = this.#system.runtime;
    const token = `${ids.next()}${ids.next()}`;
    this.#known.set(digestOf(token), { pool, manager, endMs: nowMs + ttlMs, uses });
    return { token, ttlMs };
  }

  /**
   * Takes the tokens of a file, too, as long as they stand there and however often they are used.
   *
   * @throws SpecError says what is wrong with the file
   */
  share(pool: string, manager: ActorRef, file: string): void {
    const { log } = this.#system.runtime;
    const onWrong = (error: Error) => log('error', `pool '${pool}': ${error.message}; the tokens before stay`);
    this.#shared.set(pool, { tokens: new SharedTokens(file, onWrong), manager });
  }

  /** Uses a token once. */
  use(token: string): JoinCheck {
    const digest = digestOf(token);
    const known = this.#known.get(digest);
    if (known === undefined) return this.#useShared(digest);
    if (known.endMs <= this.#nowMs) return { refused: 'this join token has expired' };
    if (known.uses <= 0) return { refused: 'this join token has been used' };
    known.uses -= 1;
    const { pool, manager } = known;
    const giveBack = () => {
      known.uses += 1;
    };
    return { pool, manager, giveBack };
  }

  #useShared(digest: string): JoinCheck {
    for (const [pool, { tokens, manager }] of this.#shared)
      if (tokens.has(digest)) return { pool, manager, giveBack: () => {} };
    return { refused: 'this join token is not known here' };
  }

  /** No worker joins with it any more; those that have joined stay. */
  revoke(token: string): void {
    this.#known.delete(digestOf(token));
  }

  get #nowMs(): number {
    return this.#system.runtime.clock.monotonicMs();
  }
}
