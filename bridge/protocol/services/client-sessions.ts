/**
 * Which sessions a client may touch. It is told by their ids alone, so it holds over every restart, for every
 * backend, and whoever opened the session: a client of its own (`own`) has the ids that begin with its name and a
 * colon. What is there under other ids it does not learn.
 */
import { AuthError, SpecError } from '../../../actors/core/index.ts';
import { checkSessionId } from '../../../actors/state/index.ts';
import type { Client } from './access.ts';

/**
 * `all`: every session. `own`: those whose id begins with the client's name and a colon; the ones that it opens
 * without an id are such. A prefix: those whose id begins with it.
 */
export type ClientSessions = 'all' | 'own' | { readonly prefix: string };

/** Throws SpecError for what is no such rule. */
export function checkClientSessions(target: string, name: string, sessions: ClientSessions): void {
  if (sessions === 'all') return;
  if (sessions !== 'own' && typeof sessions?.prefix !== 'string')
    throw new SpecError(target, "invalid_sessions: 'all', 'own' or a prefix", sessions);
  const prefix = prefixOf({ name, sessions });
  // 'a' and 'a:b' would share what begins with 'a:b:'.
  if (sessions === 'own' && name.includes(':'))
    throw new SpecError(target, "invalid_name: a client with sessions of its 'own' has no colon in its name", name);
  try {
    checkSessionId(prefix);
  } catch (error) {
    throw new SpecError(target, `invalid_sessions: ${(error as Error).message}`, sessions);
  }
}

/** With what the ids of all sessions begin that this client may touch. */
export function prefixOf({ name, sessions }: Pick<Client, 'name' | 'sessions'>): string {
  if (sessions === 'all') return '';
  return sessions === 'own' ? `${name}:` : sessions.prefix;
}

/** Throws AuthError `permission_denied` for a session that is not for this client, whether it is there or not. */
export function checkSessionOf(client: Client, sessionId: string): void {
  if (sessionId.startsWith(prefixOf(client))) return;
  throw new AuthError(
    'permission_denied',
    `the token of '${client.name}' is for sessions whose id begins with '${prefixOf(client)}'`,
  );
}
