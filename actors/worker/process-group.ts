/**
 * A process group: signalling it, and knowing when nobody of it lives any more. A zombie is dead: it only waits for
 * somebody to read its exit code, and in a container that may never happen.
 */
import type { Clock } from '../core/index.ts';
import { type Groups, livingGroups, ProcessTable } from './process-table.ts';

/** Sends a signal to every process of a group. False when there is none left. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: it is there, and it is not ours to signal.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const firstPauseMs = 1;
const longestPauseMs = 50;

/** One for each system: those of its groups that end at the same time are looked for together. */
const tables = new WeakMap<Clock, ProcessTable>();

function tableOf(clock: Clock): ProcessTable {
  const table = tables.get(clock) ?? new ProcessTable();
  tables.set(clock, table);
  return table;
}

/** Tells, once, when the group is gone; with the ids of who is left when that takes longer than the limit. */
export function whenGone(group: number, clock: Clock, limitMs: number, tell: (left: readonly number[]) => void): void {
  const endMs = clock.monotonicMs() + limitMs;
  const table = tableOf(clock);
  const look = (pauseMs: number) => {
    const seen = (left: readonly number[]) => {
      if (left.length === 0 || clock.monotonicMs() >= endMs) tell(left);
      else clock.setTimer(pauseMs, () => look(Math.min(2 * pauseMs, longestPauseMs)));
    };
    // What cannot be read now may be read later; the group itself is named until then.
    membersIn(group, () => table.look()).then(seen, () => seen([group]));
  };
  look(firstPauseMs);
}

/** The processes of a group that are alive. Rejects when that cannot be read. */
export const livingMembers = (group: number): Promise<readonly number[]> => membersIn(group, livingGroups);

async function membersIn(group: number, look: () => Promise<Groups>): Promise<readonly number[]> {
  if (!signalGroup(group, 0)) return [];
  if (process.platform !== 'linux') return [group];
  return (await look()).get(group) ?? [];
}
