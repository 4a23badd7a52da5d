/**
 * Sessions of a store elsewhere, as far as this process knows them: for dev tools, which read them as they read the
 * tables of the vault. No actor is asked.
 */
import type { StateSession } from './provider.ts';
import type { SessionEntry } from './tables.ts';

export interface SessionsElsewhere {
  /** The kind of its provider: `redis`. */
  readonly kind: string;
  /** How many there are. */
  readonly size: number;
  /** Those that this process has used, as it last saw them; their watchers are those of this process. */
  entries(): Iterable<SessionEntry>;
  find(sessionId: string): SessionEntry | undefined;
  /**
   * Asks the store for what this process does not know of a session yet, its history included unless that is large. At
   * most once a second for each, for a second at most, and not an access. Resolves also where that failed: then the
   * session is as it was last seen.
   */
  refresh(sessionId: string): Promise<void>;
  /** When a session ends if nobody uses it, on the wall clock, as the last refresh has found it; undefined: not known. */
  expiresAtMs(sessionId: string): number | undefined;
  /** To write to one. */
  session(entry: SessionEntry): StateSession;
}
