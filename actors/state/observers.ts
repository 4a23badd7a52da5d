/**
 * The ObserverManager: wakes who watches a session after a commit, so that the vault does not have to. Watchers pull
 * what they lack from the kept history, each with a place of its own; so there is no queue per watcher, and a wake
 * that is lost loses nothing: the next incarnation wakes everybody.
 */
import { type ActorContext, reply, server } from '../core/index.ts';
import type { SessionEntry } from './tables.ts';
import { type StateTables, stateTables } from './tables.ts';

export interface ObserversInput {
  /** The path of the ophion tree. */
  readonly root: string;
}

export interface ObserversState {
  readonly tables: StateTables;
  /** Counted in place: a new state for each commit would be the most of what it does. */
  wakes: number;
}

/** Wakes all who watch a session; answers how many. */
function wakeAll(tables: StateTables, entry: SessionEntry): number {
  // Before the wakes, so that a commit made from now on is told again.
  entry.waking = false;
  const { watchers } = entry;
  if (watchers === undefined) return 0;
  for (const watcher of watchers) watcher.wake();
  if (entry.ended !== undefined) tables.watched.delete(entry);
  return watchers.size;
}

export const observers = server({
  host: 'xstate',
  init(ctx: ActorContext<ObserversInput>): ObserversState {
    const tables = stateTables(ctx.system, ctx.input.root);
    let wakes = 0;
    for (const entry of [...tables.watched]) wakes += wakeAll(tables, entry);
    return { tables, wakes };
  },
  call: {
    /**
     * How many sessions are watched and by how many; how many revisions the slowest watcher is behind; how often this
     * incarnation woke somebody; watches since the system was started.
     */
    stats(state: ObserversState) {
      const { watched, watches } = state.tables;
      let watchers = 0;
      let largestLag = 0;
      for (const entry of watched) {
        watchers += entry.watchers?.size ?? 0;
        for (const { lag } of entry.watchers ?? []) largestLag = Math.max(largestLag, lag);
      }
      return reply({ sessions: watched.size, watchers, largestLag, wakes: state.wakes, ...watches }, state);
    },
  },
  cast: {
    /** The vault tells: this session has a new record, or has ended. */
    committed(state: ObserversState, entry: SessionEntry): ObserversState {
      state.wakes += wakeAll(state.tables, entry);
      return state;
    },
  },
});
