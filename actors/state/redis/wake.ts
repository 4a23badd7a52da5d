/**
 * What is told on a session's channel. A small commit comes along as its entry of the log, with the tip that it follows:
 * who has just that takes it on, everybody else fetches what he lacks.
 */
import type { RawEntry } from './entries.ts';

export interface Wake {
  /** `<epoch>-<revision>`. */
  readonly id: string;
  readonly tip: string;
  /** The tip of the commit before it. */
  readonly after: string;
  readonly entry: RawEntry;
}

/** Undefined for what tells only that there is something. */
export function wakeOf(message: string): Wake | undefined {
  const lines = message.split('\n');
  const [time, id, after, said] = lines;
  if (id === undefined || after === undefined || said === undefined) return undefined;
  // In their places there are what an entry has: what it says of itself, then fields and values.
  lines[2] = 'commit';
  lines[3] = `${time} ${said}`;
  return { id, tip: said.split(' ', 3)[2] ?? '', after, entry: [id, lines.slice(2)] };
}
