/**
 * Who serves, who waits to take a place, who leaves, and how many to start. Pure: from what is there to what to do. A
 * spare is a worker that is ready beyond the wanted size; when one in service is lost, a spare takes its place at once,
 * and whoever is ready next is a spare.
 */
import type { LeaveReason, RecycleReason } from './recycling.ts';

/** One ready worker that is not leaving. */
export interface Hand<P> {
  readonly pid: P;
  readonly active: boolean;
  /** How many requests it holds. */
  readonly load: number;
  /** A strict affinity key belongs to it. */
  readonly bound: boolean;
  readonly due: RecycleReason | undefined;
}

export interface Situation<P> {
  /** Those that are ready, in the order in which they were. */
  readonly hands: readonly Hand<P>[];
  /** Those that start, those that cannot be reached, and those whose next incarnation is to come. */
  readonly absent: number;
  /** Those that leave and are not gone. */
  readonly leaving: number;
}

export interface Wanted {
  /** How many in service. */
  readonly size: number;
  /** How many ready beyond that. */
  readonly spares: number;
  /** How many more there may be while one is replaced. */
  readonly surge: number;
}

export interface Staffing<P> {
  readonly active: readonly P[];
  readonly leave: readonly { readonly pid: P; readonly reason: LeaveReason }[];
  readonly start: number;
}

export function staff<P>({ hands, absent, leaving }: Situation<P>, { size, spares, surge }: Wanted): Staffing<P> {
  const leave: { pid: P; reason: LeaveReason }[] = [];
  let active = hands.filter((hand) => hand.active);
  let idle = hands.filter((hand) => !hand.active);
  const remove = (hand: Hand<P>, reason: LeaveReason) => {
    leave.push({ pid: hand.pid, reason });
    active = active.filter((one) => one !== hand);
    idle = idle.filter((one) => one !== hand);
  };

  // Who serves: those that do already, then who has waited longest.
  const fill = () => {
    while (active.length < size && idle.length > 0) active.push(idle.shift() as Hand<P>);
  };
  fill();
  // A spare that is due is in nobody's way; its place is filled below.
  for (const hand of idle) if (hand.due !== undefined) remove(hand, hand.due);
  // One in service is replaced by a spare that is ready.
  for (const hand of active) {
    if (hand.due === undefined) continue;
    const successor = idle.find(({ due }) => due === undefined);
    if (successor === undefined) break;
    remove(hand, hand.due);
    idle = idle.filter((one) => one !== successor);
    active.push(successor);
  }
  // Where there is no room for another one, it leaves first: one at a time, and only when nobody is missing.
  if (spares === 0 && surge === 0 && leaving + leave.length + absent === 0 && active.length >= size) {
    const hand = active.find(({ due }) => due !== undefined);
    if (hand?.due !== undefined) remove(hand, hand.due);
  }

  // Fewer are wanted: those with the least to finish go. What belongs to a key stays until the key is released.
  const replacing = spares === 0 ? Math.min(surge, active.filter(({ due }) => due !== undefined).length) : 0;
  let surplus = active.length + idle.length + absent - (size + spares + replacing);
  for (const hand of [...idle, ...active.toSorted((a, b) => a.load - b.load)]) {
    if (surplus <= 0 || active.length + idle.length <= size) break;
    if (hand.bound) continue;
    remove(hand, 'scale_down');
    surplus -= 1;
  }

  // Above the size, who has the least to finish waits.
  fill();
  active = active.toSorted((a, b) => Number(b.bound) - Number(a.bound) || b.load - a.load).slice(0, size);

  const there = hands.length - leave.length + absent;
  const missing = size + spares + replacing - there;
  const room = size + spares + surge - there - leaving - leave.length;
  return { active: active.map(({ pid }) => pid), leave, start: Math.max(0, Math.min(missing, room)) };
}
