/** Why an actor restarted or is gone: by its own last crash, by that of a sibling that it restarts with, or by no crash. */
import type { ActorDetail, CrashReport, IncarnationRow, Viewer } from '../protocol/index.ts';
import { type CrashTextOptions, crashSummary, crashText } from '../report/crash-text.ts';
import { plain } from '../report/paint.ts';
import { counted, moment } from '../report/units.ts';
import { oneLine } from '../report/visible.ts';

export interface Reason {
  readonly path: string;
  /** `sibling`: the crash is of another child of its supervisor, and it was restarted along. */
  readonly because: 'crash' | 'sibling' | 'ended' | 'never_ended';
  readonly restarts: number;
  readonly crash: CrashReport | null;
  /** How its last incarnation that is over ended. */
  readonly ended: IncarnationRow | null;
}

/** How many crashes of others are looked through. */
const lookedMax = 50;

export async function reasonOf(viewer: Viewer, path: string): Promise<Reason> {
  const { head } = await viewer.get({ view: 'actor', path });
  const ended = lastEnded(head);
  const base = { path, restarts: head.restarts, ended };
  const own = await lastCrash(viewer, path);
  if (own !== null && (ended === null || ended.crash === own.id)) return { ...base, because: 'crash', crash: own };
  if (ended !== null) {
    const crash = await crashOfSibling(viewer, head, ended);
    if (crash !== null) return { ...base, because: 'sibling', crash };
    return { ...base, because: 'ended', crash: own };
  }
  return { ...base, because: 'never_ended', crash: null };
}

/** For people. `full`: the whole report. */
export function reasonText(
  reason: Reason,
  { full = false, ...options }: CrashTextOptions & { readonly full?: boolean },
) {
  const { path, because, restarts, crash, ended } = reason;
  const { paint = plain } = options;
  const what = paint.bold(oneLine(path));
  const often = restarts === 0 ? 'was not restarted' : `was restarted ${counted(restarts, 'time')}`;
  const report = crash === null ? [] : full ? crashText(crash, options).split('\n') : shortReport(crash, options);
  const end =
    ended === null ? '' : `${oneLine(ended.pid)} ended${atText(ended)}: ${oneLine(ended.reason ?? 'unknown')}`;
  switch (because) {
    case 'crash':
      return [`${what} ${often}; its last crash:`, '', ...report];
    case 'sibling':
      return [
        `${what} ${often}, the last time along with ${oneLine(crash?.path ?? '')}, which crashed:`,
        '',
        ...report,
      ];
    case 'ended':
      return [`${what} ${often}; it did not crash the last time.`, end];
    case 'never_ended':
      return [`${what} has not ended since its supervisor started it.`];
  }
}

const atText = ({ endedAtMs }: IncarnationRow): string => (endedAtMs === null ? '' : ` at ${moment(endedAtMs)}`);

/** Who, why and what then, and the errors without their stacks' depth. */
function shortReport(crash: CrashReport, options: CrashTextOptions): string[] {
  const errors = crash.causes.flatMap(({ name, message, stack, traceback }, nth) => {
    const frame = stack?.split('\n').find((line) => /^\s+at /.test(line));
    const lines = traceback?.trimEnd().split('\n').slice(-3) ?? [];
    const head = `  ${nth === 0 ? 'error' : 'caused by'}: ${oneLine(`${name}: ${message}`)}`;
    return [head, ...[...(frame === undefined ? [] : [frame]), ...lines].map((line) => `    ${oneLine(line.trim())}`)];
  });
  return [...crashSummary(crash, options), ...errors, '', `the whole report: ophion crashes ${crash.id}`];
}

function lastEnded({ incarnations }: ActorDetail): IncarnationRow | null {
  const over = incarnations.filter(({ endedAtMs, reason }) => endedAtMs !== null || reason !== null);
  return over.reduce<IncarnationRow | null>(
    (last, one) => (last === null || (one.endedAtMs ?? 0) >= (last.endedAtMs ?? 0) ? one : last),
    null,
  );
}

async function lastCrash(viewer: Viewer, path: string): Promise<CrashReport | null> {
  const { rows } = await viewer.get({ view: 'crashes', path, limit: 1_000 });
  const ids = rows.map(([, row]) => row).filter((row) => row.path === path);
  return ids.length === 0 ? null : reportOf(viewer, Math.max(...ids.map(({ id }) => id)));
}

/** The newest crash below the same supervisor whose decision names this actor, before its end. */
async function crashOfSibling(viewer: Viewer, { path, parent }: ActorDetail, { endedAtMs }: IncarnationRow) {
  if (parent === null) return null;
  const { rows } = await viewer.get({ view: 'crashes', limit: 1_000 });
  const near = rows
    .map(([, row]) => row)
    .filter((row) => row.path !== path && row.path.startsWith(`${parent}/`))
    .filter(({ atMs }) => endedAtMs === null || atMs <= endedAtMs)
    .sort((one, other) => other.id - one.id);
  for (const { id } of near.slice(0, lookedMax)) {
    const report = await reportOf(viewer, id);
    if (report.decision?.siblings.includes(path)) return report;
  }
  return null;
}

const reportOf = async (viewer: Viewer, id: number): Promise<CrashReport> =>
  (await viewer.get({ view: 'crash', id })).head;
