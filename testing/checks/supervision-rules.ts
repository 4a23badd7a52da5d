/**
 * What must be true of each reign of a supervisor, judged from the trace alone: budget and window, who is touched by a
 * death, the order of starts and ends.
 */
import type { Pid } from '../../actors/core/index.ts';
import type { Start } from './restarts.ts';
import { type End, notYet, type Reign } from './supervision-trace.ts';

/** As many restarts as are tolerated, and no giving up before (otp S-046 to S-050). */
export function budget({ pid, shape, starts, gaveUpAt, restarts }: Reign): string[] {
  const { maxRestarts, periodMs } = shape;
  return [
    ...(restarts.isOver(maxRestarts, periodMs) ? [`${pid} restarted once more than ${maxRestarts} times`] : []),
    ...(restarts.gaveUpEarly(maxRestarts, periodMs) ? [`${pid} gave up before its budget was used`] : []),
    ...(starts.some(({ at }) => at > gaveUpAt) ? [`${pid} started after giving up`] : []),
  ];
}

/** Starts in order, ends before starts (otp S-014, S-034, S-035). */
export function order(reign: Reign): string[] {
  const { pid, shape, starts, ends, upAt } = reign;
  const found: string[] = [];
  const nameOf = (index: number) => shape.children[index]?.id ?? String(index);
  const first = starts.filter(({ at }) => at < upAt);
  first.forEach(({ index }, i) => {
    if (i > 0 && index <= (first[i - 1] as Start).index) found.push(`${pid} started ${nameOf(index)} out of order`);
  });
  if (shape.strategy === 'one_for_one') return found;
  const leader = shape.children.findIndex(({ restart }) => restart !== 'temporary');
  for (const round of reign.restarts.rounds) {
    const isAll = shape.strategy === 'one_for_all';
    if (isAll && leader >= 0 && round.index !== leader) {
      found.push(`${pid} restarted from ${nameOf(round.index)}, not from ${nameOf(leader)}`);
    }
    const from = isAll ? 0 : round.index;
    const ended = new Set(ends.filter(({ at }) => at < round.at).map((end) => end.pid));
    for (const start of starts) {
      if (start.pid === undefined || start.at >= round.at || start.index < from || ended.has(start.pid)) continue;
      found.push(`${pid} restarted ${nameOf(round.index)} while ${nameOf(start.index)} still lived`);
    }
  }
  return found;
}

/** What is known of the ends of a reign's children. */
export interface Ends {
  /** They ended by themselves, or by somebody else's hand. */
  readonly asked: ReadonlySet<Pid>;
  /** In whose place another was started by the supervisor. */
  readonly replaced: ReadonlySet<Pid>;
  /** Whether nobody terminates children by hand: then an end that nothing explains is wrong, replaced or not. */
  readonly nobodyTerminates: boolean;
}

/**
 * Nobody is ended because of a death that is not its business, and who is ended, is in reverse order (otp S-033 to
 * S-035, S-061).
 */
export function touches(reign: Reign, { asked, replaced, nobodyTerminates }: Ends): string[] {
  const { pid, shape, starts, ends, endedAt } = reign;
  const found: string[] = [];
  const nameOf = (index: number) => shape.children[index]?.id ?? String(index);
  const deaths = [...ends.filter((end) => asked.has(end.pid)), ...starts.filter((start) => start.pid === undefined)];
  let last: End | undefined;
  for (const end of ends) {
    if (asked.has(end.pid) || end.at > endedAt) continue;
    const startsBetween = (from: number, to: number) => starts.filter(({ at }) => from < at && at < to);
    const isEnding = endedAt !== notYet && startsBetween(end.at, endedAt).length === 0;
    // One that was terminated by hand follows no order.
    const isJudged = nobodyTerminates || isEnding || replaced.has(end.pid);
    if (isJudged && last !== undefined && end.index > last.index && startsBetween(last.at, end.at).length === 0) {
      found.push(`${pid} ended ${nameOf(last.index)} before ${nameOf(end.index)}`);
    }
    last = isJudged ? end : undefined;
    const isTouched = deaths.some(
      ({ index, at }) =>
        at < end.at &&
        (shape.strategy === 'one_for_all' || (shape.strategy === 'rest_for_one' && index < end.index)) &&
        !startsBetween(at, end.at).some((start) => start.index === index && start.pid !== undefined),
    );
    if (isJudged && !isEnding && !isTouched) found.push(`${pid} ended ${nameOf(end.index)} for nothing`);
  }
  return found;
}
