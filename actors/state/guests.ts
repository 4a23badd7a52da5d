/**
 * Sessions whose variables another provider holds, such as Redis: of them only tools are here, with a Session actor as
 * any. An actor of this kind lives from the first tool that is offered here until the session ends, wherever that is
 * said.
 */
import { isActorError } from '../core/index.ts';
import { isGone } from './followed.ts';
import type { StateHost } from './local-state.ts';
import { sessionPath } from './paths.ts';
import type { StateProvider, StateSession } from './provider.ts';
import { emptyRecord } from './record.ts';
import { type Attempt, callOptions, pause } from './retry.ts';
import { placeOf } from './session-providers.ts';
import { SessionEntry, stateTables } from './tables.ts';

/** Between two attempts at following one, in milliseconds. */
const pauseMs = 1_000;

/**
 * Whether a session is bridged, or has been made a guest. False for one that is elsewhere and has no tools here, unless
 * `admit` says to make it a guest. Rejects when it is nowhere.
 */
export async function isHere(
  host: StateHost,
  usual: StateProvider | undefined,
  id: string,
  admit: boolean,
  attempt: Attempt,
): Promise<boolean> {
  const tables = stateTables(host.system, host.root);
  if (tables.bridged.entries.has(id) || tables.guests.has(id)) return true;
  const provider = placeOf(host, id) ?? usual;
  if (provider === undefined) return true;
  const session = await provider.find(id, callOptions(attempt));
  // It was looked for here, too, and perhaps started.
  if (tables.bridged.entries.has(id) || tables.local.entries.has(id)) return true;
  if (!admit) return false;
  if (!tables.guests.has(id)) {
    const nowMs = host.system.runtime.clock.monotonicMs();
    const entry = new SessionEntry('bridged', emptyRecord(id, 0), undefined, nowMs, 'durable');
    tables.guests.set(id, entry);
    void follow(host, session, entry);
  }
  return true;
}

/** Waits for the end of a guest; then nothing of it stays. */
async function follow({ system, root }: StateHost, session: StateSession, entry: SessionEntry): Promise<void> {
  const tables = stateTables(system, root);
  for (;;) {
    try {
      // No variable is asked for: only that it is there.
      for await (const _ of session.watch({ names: [] }));
      break;
    } catch (error) {
      if (isGone(error)) break;
      // With the system all of it ends.
      if (isActorError(error) && error.code === 'actor_down') return;
      try {
        await pause(system, pauseMs, undefined);
      } catch {
        return;
      }
    }
  }
  if (tables.guests.get(session.id) === entry) tables.guests.delete(session.id);
  system.lookup(sessionPath(root, session.id))?.accept({ kind: 'info', message: { type: 'session.ended' } });
}
