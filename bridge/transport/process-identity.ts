/**
 * Which process a number means. Numbers are used again, and each container counts for itself: only with its start, the
 * boot of the machine and the container can anybody say later whether a process is still the one that was meant.
 */
import { readFileSync, readlinkSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own count; empty when there is no such process or nobody can tell. */
  readonly started: string;
  /** Which process numbers are meant: this boot of the machine, and this container. Empty when nobody can tell. */
  readonly where: string;
}

/** Who has this number now. */
export function identityOf(pid: number): ProcessIdentity {
  let where: string;
  try {
    where = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return { pid, started: '', where: '' };
  }
  try {
    return { pid, started: startOf(pid), where };
  } catch {
    return { pid, started: '', where: '' };
  }
}

/**
 * When a process started, in the kernel's own count; empty when none of this number lives. Throws what the system says
 * when that cannot be read, for want of descriptors for instance: it may live then.
 */
export function startOf(pid: number): string {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.started ?? '';
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

/** What the text of `/proc/PID/stat` says; undefined of a zombie, which is dead. */
export function parseStat(stat: string): { readonly group: number; readonly started: string } | undefined {
  // The name stands in parentheses and may hold anything: state, parent and group come after the last one, and the
  // start time is the 20th field there.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { group: Number(fields[2]), started: fields[19] ?? '' };
}

/** True only when it is known to be gone: a process of another boot or container nobody here can judge. */
export function isGone({ pid, started, where }: ProcessIdentity): boolean {
  const now = identityOf(pid);
  if (where === '' || now.where !== where) return false;
  return now.started !== started;
}

/** An identity as one line of text. */
export const formatIdentity = ({ pid, started, where }: ProcessIdentity): string => `${pid} ${started} ${where}`;

/** Undefined when the text is no identity. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const parts = /^(\d+) (\d+) (.+)$/.exec(text);
  return parts === null ? undefined : { pid: Number(parts[1]), started: parts[2] ?? '', where: parts[3] ?? '' };
}
