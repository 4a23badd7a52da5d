/**
 * What the SessionStore has to do for a session: a task, and its next step. The step follows from what is there, so
 * it does not matter who began what.
 */
import { type ActorContext, type From, StateError } from '../core/index.ts';
import { sessionPath } from './paths.ts';
import type { SessionExport, VaultKind } from './session-data.ts';
import type { SessionEntry, StateTables } from './tables.ts';
import { checkVault } from './vault-kind.ts';

type Ctx = ActorContext<never>;
/** More steps than any task needs: somebody keeps undoing what this one does. */
const stepsMax = 10;

/** One thing that is wanted of a session. Those of one session are done one after the other. */
export interface Task {
  readonly goal: 'open' | 'find' | 'close' | 'expire';
  readonly from: From | undefined;
  readonly ttlMs?: number | undefined;
  readonly content?: SessionExport | undefined;
  readonly sealedMs?: number | undefined;
  readonly vault?: VaultKind | undefined;
  steps: number;
  /** The vault has made the session for this task. */
  created?: boolean;
  /** The Session actor has been ended. */
  terminated?: boolean;
}

export type Step = 'create' | 'start' | 'end' | 'terminate';

/** What there is to be done for a task; undefined when all of it is. Throws what the task fails with. */
export function nextStep(tables: StateTables, id: string, task: Task, ctx: Ctx): Step | undefined {
  task.steps += 1;
  if (task.steps > stepsMax)
    throw new StateError('unavailable', `session '${id}': could not be ${task.goal === 'open' ? 'opened' : 'found'}`);
  const nowMs = ctx.runtime.clock.monotonicMs();
  const entry = tables.bridged.entries.get(id);
  switch (task.goal) {
    case 'open':
      if (entry === undefined || entry.expired(nowMs)) return 'create';
      if (task.content !== undefined && !task.created) {
        throw new StateError('already_exists', `session '${id}': is open already`, { details: { sessionId: id } });
      }
      if (!task.created) checkVault(entry, task.vault);
      return living(tables, entry, nowMs, ctx);
    case 'find':
      return living(tables, tables.guests.get(id) ?? tables.bridged.access(id, nowMs), nowMs, ctx);
    case 'close':
      if (entry !== undefined) return 'end';
      return task.terminated ? undefined : 'terminate';
    case 'expire':
      if (entry?.expired(nowMs)) return 'end';
      return entry !== undefined || task.terminated ? undefined : 'terminate';
    default: {
      const never: never = task.goal;
      throw new TypeError(String(never));
    }
  }
}

function living(tables: StateTables, entry: SessionEntry, nowMs: number, ctx: Ctx): Step | undefined {
  if (ctx.ref(sessionPath(tables.root, entry.id)).pid === undefined) return 'start';
  entry.touchedAtMs = nowMs;
  return undefined;
}
