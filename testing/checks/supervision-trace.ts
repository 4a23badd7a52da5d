/** What happened in a system of supervisors, in order, and told again as the reign of each supervisor. */
import type { ExitReason, Pid } from '../../actors/core/index.ts';
import type { SupervisorShape } from '../../supervisors/index.ts';
import { Restarts, type Start } from './restarts.ts';

export type SupervisionEntry = { readonly atMs: number } /** A supervisor is about to start its first child. */ & (
  | { readonly what: 'begins'; readonly pid: Pid; readonly shape: SupervisorShape }
  | { readonly what: 'started'; readonly pid: Pid; readonly by: Pid | undefined }
  | { readonly what: 'not started'; readonly pid: Pid }
  /** A supervisor could not start a child. */
  | { readonly what: 'failed'; readonly pid: Pid; readonly id: string }
  /** This was started again by its supervisor, in the place of `previous`. */
  | { readonly what: 'restarted'; readonly pid: Pid; readonly previous: Pid | undefined }
  | { readonly what: 'ended'; readonly pid: Pid; readonly reason: ExitReason }
  /** A supervisor has heard of the end of a child that it is to start again. */
  | { readonly what: 'decides'; readonly pid: Pid; readonly id: string }
  /** It does so later, when a wait is over. */
  | { readonly what: 'waits'; readonly pid: Pid }
  /** It had one restart too many: that of this child. */
  | { readonly what: 'gave up'; readonly pid: Pid; readonly id: string }
  /** It ends, or is to end, for a reason that is not its supervisor. */
  | { readonly what: 'asked to end'; readonly pid: Pid }
);

export interface End {
  readonly index: number;
  readonly at: number;
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** One incarnation of a supervisor. */
export interface Reign {
  readonly pid: Pid;
  readonly shape: SupervisorShape;
  /** Where in the trace it was up; none when it never was. */
  upAt: number;
  endedAt: number;
  gaveUpAt: number;
  /** Tries to start a child, failed ones included. */
  readonly starts: Start[];
  readonly ends: End[];
  /** What counts for its budget, and what it did for each. */
  readonly restarts: Restarts;
}

export const notYet = Number.POSITIVE_INFINITY;

/** The id of a child: the last part of its path. */
export const idOf = ({ path }: Pid): string => path.slice(path.lastIndexOf('/') + 1);

export function reignsOf(trace: readonly SupervisionEntry[]): readonly Reign[] {
  const reigns = new Map<Pid, Reign>();
  /** Who has started whom. */
  const above = new Map<Pid, Reign>();
  const starts = new Map<Pid, Start>();
  const places = new Places();
  trace.forEach((entry, at) => {
    const { pid, atMs } = entry;
    const reign = reigns.get(pid);
    switch (entry.what) {
      case 'begins': {
        const { shape } = entry;
        const restarts = new Restarts(shape.strategy !== 'one_for_one');
        reigns.set(pid, {
          pid,
          shape,
          upAt: notYet,
          endedAt: notYet,
          gaveUpAt: notYet,
          starts: [],
          ends: [],
          restarts,
        });
        break;
      }
      case 'started': {
        if (reign !== undefined) reign.upAt = at;
        const by = entry.by === undefined ? undefined : reigns.get(entry.by);
        if (by === undefined) break;
        const start: Start = { index: places.of(by, idOf(pid)), atMs, at, pid, isRestart: false };
        by.starts.push(start);
        starts.set(pid, start);
        above.set(pid, by);
        break;
      }
      case 'restarted': {
        const start = starts.get(pid);
        if (start === undefined) break;
        start.isRestart = true;
        above.get(pid)?.restarts.started(start, atMs);
        break;
      }
      case 'failed': {
        if (reign === undefined) break;
        const start: Start = { index: places.of(reign, entry.id), atMs, at, pid: undefined, isRestart: true };
        reign.starts.push(start);
        if (reign.upAt !== notYet) reign.restarts.started(start, atMs);
        break;
      }
      case 'decides':
        reign?.restarts.decided(entry.id, atMs);
        break;
      case 'waits':
        reign?.restarts.waits(atMs);
        break;
      case 'gave up':
        if (reign === undefined) break;
        reign.gaveUpAt = at;
        reign.restarts.gaveUp(entry.id, atMs);
        break;
      case 'not started':
        if (reign !== undefined) reign.endedAt = at;
        break;
      case 'ended': {
        if (reign !== undefined) reign.endedAt = at;
        const by = above.get(pid);
        by?.ends.push({ index: places.of(by, idOf(pid)), at, pid, reason: entry.reason });
        break;
      }
      case 'asked to end':
        break;
      default: {
        const unknown: never = entry;
        throw new TypeError(String(unknown));
      }
    }
  });
  return [...reigns.values()];
}

/** The place of each child among its siblings: as defined, and then as added. */
class Places {
  readonly #added = new Map<Reign, string[]>();

  of(reign: Reign, id: string): number {
    const { children } = reign.shape;
    const index = children.findIndex((child) => child.id === id);
    if (index >= 0) return index;
    const added = this.#added.get(reign) ?? [];
    this.#added.set(reign, added);
    if (!added.includes(id)) added.push(id);
    return children.length + added.indexOf(id);
  }
}
