/**
 * What is told on a session's channel. A small commit comes along as its entry of the log, with the tip that it follows:
 * who has just that takes it on, everybody else fetches what he lacks.
 */
import type { RawEntry } from './rows.ts';

export interface Wake {
  readonly epoch: number;
  readonly revision: number;
  readonly tip: string;
  /** The tip of the commit before it. */
  readonly after: string;
  readonly entry: RawEntry;
}

/** Undefined for what tells only that there is something. */
export function wakeOf(message: string): Wake | undefined {
  const lines = message.split('\n');
  const [time, id, after, said, ...fields] = lines;
  if (id === undefined || after === undefined || said === undefined) return undefined;
  const dash = id.indexOf('-');
  return {
    epoch: Number(id.slice(0, dash)),
    revision: Number(id.slice(dash + 1)),
    tip: said.split(' ', 3)[2] ?? '',
    after,
    entry: [id, ['commit', `${time} ${said}`, ...fields]],
  };
}
