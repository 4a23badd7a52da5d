/**
 * A process group: signalling it, and knowing when nobody of it lives any more. A zombie is dead: it only waits for
 * somebody to read its exit code, and in a container that may never happen.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../core/index.ts';

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

/** Tells, once, when the group is gone; with the ids of who is left when that takes longer than the limit. */
export function whenGone(group: number, clock: Clock, limitMs: number, tell: (left: readonly number[]) => void): void {
  const endMs = clock.monotonicMs() + limitMs;
  const look = (pauseMs: number) => {
    livingMembers(group).then(
      (left) => {
        if (left.length === 0 || clock.monotonicMs() >= endMs) tell(left);
        else clock.setTimer(pauseMs, () => look(Math.min(2 * pauseMs, longestPauseMs)));
      },
      // What cannot be read cannot be waited for: the group itself is named.
      () => tell([group]),
    );
  };
  look(firstPauseMs);
}

/** The processes of a group that are alive. */
export async function livingMembers(group: number): Promise<readonly number[]> {
  if (!signalGroup(group, 0)) return [];
  if (process.platform !== 'linux') return [group];
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(
    names.map(async (name) => ((await isLivingMember(name, group)) ? [Number(name)] : [])),
  );
  return members.flat();
}

async function isLivingMember(pid: string, group: number): Promise<boolean> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended while we looked.
    return false;
  }
  // The name stands in parentheses and may hold anything: state, parent and group come after the last one.
  const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(pgrp) === group && state !== 'Z' && state !== 'X';
}
