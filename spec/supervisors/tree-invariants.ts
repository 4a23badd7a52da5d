/**
 * What must be true of any run of any supervision tree, judged from the trace alone: budgets and windows, who is
 * touched by a death, the order of starts and ends, one DOWN for each monitor, and nothing left behind.
 */
import type { Pid } from '../../actors/core/index.ts';
import type { Entry, Node, Outcome } from './random-tree.ts';

interface Start {
  readonly index: number;
  readonly atMs: number;
  readonly at: number;
  /** Undefined when it failed. */
  readonly pid: Pid | undefined;
}

interface End {
  readonly index: number;
  readonly at: number;
  readonly pid: Pid;
}

/** One incarnation of a supervisor. */
interface Reign {
  readonly pid: Pid;
  readonly node: Node;
  /** Where in the trace it was up; none when it never was. */
  upAt: number;
  endedAt: number;
  gaveUpAt: number;
  /** Tries to start a child, failed ones included. */
  readonly starts: Start[];
  readonly ends: End[];
}

const never = Number.POSITIVE_INFINITY;

/** What is wrong with a run, in words; nothing if it is right. */
export function violations({ trace, downs, missing, left }: Outcome): string[] {
  const found: string[] = [];
  const asked = new Set<Pid>();
  for (const entry of trace) if (entry.what === 'asked to end' || entry.what === 'gave up') asked.add(entry.pid);
  for (const reign of reignsOf(trace)) {
    found.push(...budget(reign, trace), ...order(reign), ...touches(reign, asked));
  }
  for (const { pid, times } of downs) if (times !== 1) found.push(`a monitor of ${pid} was told ${times} times`);
  for (const path of missing) found.push(`${path} is permanent, and was not started again`);
  for (const one of left) found.push(`${one} left behind`);
  return found;
}

function reignsOf(trace: readonly Entry[]): Reign[] {
  const reigns = new Map<Pid, Reign>();
  /** Who has started whom. */
  const above = new Map<Pid, Reign>();
  trace.forEach((entry, at) => {
    const { pid, atMs } = entry;
    const reign = reigns.get(pid);
    const index = Number(pid.path.slice(pid.path.lastIndexOf('/') + 1));
    switch (entry.what) {
      case 'begins': {
        const { node } = entry;
        reigns.set(pid, { pid, node, upAt: never, endedAt: never, gaveUpAt: never, starts: [], ends: [] });
        break;
      }
      case 'started': {
        if (reign !== undefined) reign.upAt = at;
        const by = entry.by === undefined ? undefined : reigns.get(entry.by);
        if (by === undefined) break;
        by.starts.push({ index, atMs, at, pid });
        above.set(pid, by);
        break;
      }
      case 'failed':
        reign?.starts.push({ index: entry.index, atMs, at, pid: undefined });
        break;
      case 'gave up':
        if (reign !== undefined) reign.gaveUpAt = at;
        break;
      case 'not started':
      case 'ended':
        if (reign !== undefined) reign.endedAt = at;
        above.get(pid)?.ends.push({ index, at, pid });
        break;
      case 'asked to end':
        break;
    }
  });
  return [...reigns.values()];
}

/**
 * The restarts of one reign: every start under one_for_one; otherwise runs of rising places, as every round ends with
 * the last child or with one that fails.
 */
function rounds({ node, starts, upAt }: Reign): Start[] {
  const restarts = starts.filter(({ at }) => at > upAt);
  if (node.strategy === 'one_for_one') return restarts;
  return restarts.filter(({ index }, i) => i === 0 || index <= (restarts[i - 1] as Start).index);
}

/** As many restarts as are tolerated, and no giving up before (otp S-046 to S-050). */
function budget(reign: Reign, trace: readonly Entry[]): string[] {
  const { pid, node, gaveUpAt } = reign;
  const times = rounds(reign).map(({ atMs }) => atMs);
  const used = (nowMs: number, before: number) =>
    times.slice(0, before).filter((atMs) => nowMs <= atMs + node.periodMs).length;
  const found = times.flatMap((atMs, i) =>
    used(atMs, i) < node.maxRestarts ? [] : [`${pid} restarted once more than ${node.maxRestarts} times`],
  );
  if (gaveUpAt !== never && used((trace[gaveUpAt] as Entry).atMs, times.length) < node.maxRestarts) {
    found.push(`${pid} gave up before its budget was used`);
  }
  if (gaveUpAt !== never && reign.starts.some(({ at }) => at > gaveUpAt)) found.push(`${pid} started after giving up`);
  return found;
}

/** Starts in order, ends in reverse order, ends before starts (otp S-014, S-034, S-035, S-061). */
function order(reign: Reign): string[] {
  const { pid, node, starts, ends, upAt } = reign;
  const found: string[] = [];
  const first = starts.filter(({ at }) => at < upAt);
  first.forEach(({ index }, i) => {
    if (i > 0 && index <= (first[i - 1] as Start).index) found.push(`${pid} started ${index} out of order`);
  });
  if (node.strategy === 'one_for_one') return found;
  const leader = (node.children ?? []).findIndex(({ restart }) => restart !== 'temporary');
  for (const round of rounds(reign)) {
    if (node.strategy === 'one_for_all' && round.index !== leader) {
      found.push(`${pid} restarted from ${round.index}, not from ${leader}`);
    }
    const from = node.strategy === 'one_for_all' ? 0 : round.index;
    const ended = new Set(ends.filter(({ at }) => at < round.at).map((end) => end.pid));
    for (const start of starts) {
      if (start.pid === undefined || start.at >= round.at || start.index < from || ended.has(start.pid)) continue;
      found.push(`${pid} restarted ${round.index} while ${start.index} still lived`);
    }
  }
  return found;
}

/**
 * Nobody is ended because of a death that is not its business, and who is ended, is in reverse order (otp S-033 to
 * S-035, S-061). Ended by its supervisor is whom the script did not end, and who did not give up.
 */
function touches(reign: Reign, asked: ReadonlySet<Pid>): string[] {
  const { pid, node, starts, ends, endedAt } = reign;
  const found: string[] = [];
  const deaths = [...ends.filter((end) => asked.has(end.pid)), ...starts.filter((start) => start.pid === undefined)];
  let last: End | undefined;
  for (const end of ends) {
    if (asked.has(end.pid) || end.at > endedAt) continue;
    const startsBetween = (from: number, to: number) => starts.filter(({ at }) => from < at && at < to);
    if (last !== undefined && end.index > last.index && startsBetween(last.at, end.at).length === 0) {
      found.push(`${pid} ended ${last.index} before ${end.index}`);
    }
    last = end;
    const isEnding = endedAt !== never && startsBetween(end.at, endedAt).length === 0;
    const isTouched = deaths.some(
      ({ index, at }) =>
        at < end.at &&
        (node.strategy === 'one_for_all' || (node.strategy === 'rest_for_one' && index < end.index)) &&
        !startsBetween(at, end.at).some((start) => start.index === index && start.pid !== undefined),
    );
    if (!isEnding && !isTouched) found.push(`${pid} ended ${end.index} for nothing`);
  }
  return found;
}
