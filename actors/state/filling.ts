/** Warnings before a bound of the vault is reached. */
import type { ActorContext } from '../core/index.ts';
import { isFilling, tell } from './events.ts';
import type { SessionEntry, SessionTable } from './tables.ts';

type Ctx = ActorContext<never>;

/** Warns once when the session that is about to be made leaves few places. */
export function crowding(table: SessionTable, max: number, ctx: Ctx): void {
  const open = table.entries.size + 1;
  const filling = isFilling(open, max);
  if (filling && !table.filling && open <= max) tell(ctx, { type: 'sessions.filling', realm: table.realm, open, max });
  table.filling = filling;
}

/** Warns when a session comes to have nearly as many variables as it may. */
export function growing(entry: SessionEntry, before: number, max: number, ctx: Ctx): void {
  const variables = entry.record.variables.length;
  if (variables <= before || isFilling(before, max) || !isFilling(variables, max)) return;
  tell(ctx, { type: 'variables.filling', realm: entry.realm, sessionId: entry.id, variables, max });
}
