/**
 * What goes from one actor to another arrives in the order in which it was sent (otp S-125): when something of it is
 * late, what comes behind it waits.
 */
import { Pid } from '../../actors/core/index.ts';

interface Late {
  readonly arrive: () => void;
  due: boolean;
}

export class InOrder {
  /** What waits, by receiver and sender; oldest first. */
  readonly #lines = new WeakMap<object, Map<Pid, Late[]>>();

  /** Whether something may arrive now. Otherwise it waits behind what is late, and arrives with that. */
  mayPass(from: Pid | undefined, to: object, arrive: () => void): boolean {
    const line = from === undefined ? undefined : this.#lines.get(to)?.get(from);
    if (line === undefined) return true;
    line.push({ arrive, due: true });
    return false;
  }

  /** Holds something back until what this returns is called. What comes from outside all actors has no order. */
  hold(from: Pid | undefined, to: object, arrive: () => void): () => void {
    if (from === undefined || from === Pid.outside) return arrive;
    const lines = this.#lines.get(to) ?? new Map<Pid, Late[]>();
    this.#lines.set(to, lines);
    const line = lines.get(from) ?? [];
    lines.set(from, line);
    const late: Late = { arrive, due: false };
    line.push(late);
    return () => {
      late.due = true;
      while (line[0]?.due) {
        const { arrive: first } = line[0];
        // The last one passes when it is gone: what it brings about comes behind it.
        line.shift();
        if (line.length === 0) lines.delete(from);
        first();
      }
    };
  }
}
