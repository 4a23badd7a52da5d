/**
 * What of a trace of format 2 is compared: the events of each actor in their order, not those of different actors among
 * each other; and who is alive and linked.
 *
 * One thing is left out of a recording. OTP 25 leaves the exit message of a start that failed with a trapping starter,
 * OTP 26 and we consume it (rule S-201, feature `otp25:failed_start_exit_message`): that one message is dropped.
 */
import { type Step, sortedJson } from '../scenario.ts';
import type { TraceEvent } from './format.ts';

export function comparable(steps: readonly Step[], { reports }: { readonly reports: boolean }): Step[] {
  return steps.map((step) => {
    const { events, op, alive, links } = step as Step & { events: readonly TraceEvent[] };
    const byActor: Record<string, unknown[]> = {};
    for (const { actor, ...event } of events) {
      if (event.ev === 'report' && !reports) continue;
      byActor[actor] ??= [];
      byActor[actor].push(event);
    }
    return { op, alive, ...(links === undefined ? {} : { links }), events: byActor };
  });
}

/** A recording without the exit messages of failed starts, one for each. */
export function withoutFailedStarts(steps: readonly Step[]): Step[] {
  const failed = failedStarts(steps);
  const keep = ({ actor, ev, cb, msg }: TraceEvent): boolean => {
    if (ev !== 'msg' && !(ev === 'cb' && cb === 'info')) return true;
    const [from, reason] = (msg as { exit?: [string, unknown] } | null)?.exit ?? [];
    return !failed.delete(sortedJson([actor, from, reason]));
  };
  return steps.map((step) => {
    const { events } = step as Step & { events: readonly TraceEvent[] };
    return { ...step, events: events.filter(keep) };
  });
}

/** Starter, process and reason of each start that failed: the process ends when the starter hears of it. */
function failedStarts(steps: readonly Step[]): Set<string> {
  const started = new Set<unknown>();
  const each = steps as readonly (Step & { events: readonly TraceEvent[] })[];
  const starts = (event: TraceEvent) => event.ev === 'result' && event.op === 'start';
  for (const { events } of each) {
    for (const event of events) if (starts(event)) started.add((event.value as { ok?: string }).ok);
  }
  const failed = new Set<string>();
  for (const { events } of each) {
    const ended = events.filter(({ ev, actor }) => ev === 'down' && !started.has(actor));
    const starters = events.filter((event) => starts(event) && (event.value as { ok?: string }).ok === undefined);
    for (const { actor } of starters) {
      for (const { actor: label, reason } of ended) failed.add(sortedJson([actor, label, reason]));
    }
  }
  return failed;
}
