/** Open sessions of a table, a page at a time, by id: so a page can go on behind a session that is gone meanwhile. */

import { invalid } from './invalid.ts';
import type { ListOptions, SessionList } from './session-data.ts';
import type { SessionTable } from './tables.ts';
import { show } from './value.ts';

const defaultLimit = 100;
const limitMax = 1_000;

/** Throws StateError `invalid` for a limit that is no whole number above 0. */
export function listOf(table: SessionTable, nowMs: number, options: ListOptions = {}): SessionList {
  const { limit = defaultLimit, after = '', prefix = '' } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(`sessions: a page cannot have ${show(limit)}`);
  const ids: string[] = [];
  for (const [id, entry] of table.entries) {
    if (id > after && id.startsWith(prefix) && !entry.expired(nowMs)) ids.push(id);
  }
  ids.sort((a, b) => (a < b ? -1 : 1));
  const sessionIds = ids.slice(0, Math.min(limit, limitMax));
  return { sessionIds, next: sessionIds.length < ids.length ? sessionIds.at(-1) : undefined };
}
