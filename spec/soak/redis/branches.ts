/**
 * Judges a session whose server failed over to a replica that did not have all of it: there are two histories then, with
 * a common beginning. What was answered before is held against the old one, what came after against the new one; and
 * between them nothing is silent: a session object that was told of what is lost is told `rewound` before a commit of it
 * is taken.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Commit } from '../../../actors/state/index.ts';
import type { VariablesState } from '../../../testing/models/variables.ts';
import { judge } from '../session-chaos/judge.ts';
import type { CommitLog } from '../session-chaos/log.ts';
import type { Recorded, Told } from '../session-chaos/records.ts';

export interface Branches {
  /** Of the server that is gone, up to when clients were cut off from it. */
  readonly old: CommitLog;
  /** Of the new one, from the same first revision. */
  readonly new: CommitLog;
  /** Of the new one, from the last common revision. */
  readonly after: CommitLog;
  /** When clients began to be cut off from the old one. */
  readonly cutNs: number;
  /** What was answered is kept, whatever the server does. */
  readonly keepsAnswered: boolean;
}

export interface BranchesJudged {
  readonly wrong: readonly string[];
  /** Commits that the new server does not have; how many of these were answered. */
  readonly lost: number;
  readonly lostAnswered: number;
  /** Session objects that were told of something that is lost, and how often `rewound` was told. */
  readonly knew: number;
  readonly rewound: number;
}

const never = Number.POSITIVE_INFINITY;
const noCalls: ReadonlyMap<string, number> = new Map();

/** Whether it is the same commit. Its epoch is that of the history which tells of it. */
export const same = (one: Commit | undefined, other: Commit | undefined): boolean =>
  one !== undefined && other !== undefined && isDeepStrictEqual({ ...one, epoch: 0 }, { ...other, epoch: 0 });

/** The last revision that both histories have as the same commit. */
export function lastCommon(one: CommitLog, other: CommitLog): number {
  let { revision } = one.first;
  while (same(one.at(revision + 1), other.at(revision + 1))) revision += 1;
  return revision;
}

export function judgeBranches(records: readonly Recorded[], branches: Branches): BranchesJudged {
  const { old, after, cutNs, keepsAnswered } = branches;
  const base = after.first.revision;
  const [oldStates, newStates] = [old.states(), branches.new.states()];
  const tokens = { lost: tokensOf(old.commits.slice(base - old.first.revision)), kept: tokensOf(after.commits) };
  const matches = (states: readonly VariablesState[], told: Extract<Told, { type: 'read' }>): boolean => {
    const state = states[told.revision - old.first.revision];
    return state !== undefined && holds(told.values, state.values);
  };
  /** Told by the old server: it can be by no other. */
  const isOld = ({ told, endNs, token }: Recorded): boolean => {
    if (endNs <= cutNs) return true;
    if (told.type === 'committed') {
      const { revision } = told;
      return revision !== undefined && tokens.lost.get(token) === revision && tokens.kept.get(token) !== revision;
    }
    return told.type === 'read' && matches(oldStates, told) && !matches(newStates, told);
  };
  const wrong: string[] = [];
  const before: Recorded[] = [];
  const later: Recorded[] = [];
  for (const one of records) {
    const { startNs, told } = one;
    if (isOld(one)) before.push(one);
    else if (startNs < cutNs) {
      // It may have happened there, and was asked for here again.
      if (one.asked.type !== 'read') before.push({ ...one, told: { type: 'unknown', why: 'cut off' }, endNs: never });
      if (told.type === 'read' && !matches(oldStates, told) && !matches(newStates, told))
        wrong.push(`${one.token} has read revision ${told.revision} as neither server had it`);
      // By whom it was told is not known.
      if (told.type === 'refused') later.push({ ...one, told: { type: 'refused', code: told.code } });
      else if (told.type === 'unknown' || tokens.kept.has(one.token)) later.push(one);
      else if (told.type === 'committed' && told.written?.length !== 0)
        wrong.push(`${one.token} was answered as revision ${told.revision}, which neither server has`);
    } else later.push(one);
  }
  wrong.push(
    ...judge(before, noCalls, old).wrong.map((one) => `before the failover: ${one}`),
    ...judge(later, noCalls, after).wrong.map((one) => `after the failover: ${one}`),
    ...silent(records, { isOld, base, kept: tokens.kept }),
  );
  const answered = records.filter(({ told, token }) => told.type === 'committed' && tokens.lost.has(token));
  const lost = answered.filter((one) => isOld(one) && !tokens.kept.has(one.token));
  if (keepsAnswered)
    wrong.push(...lost.map(({ token }) => `${token} was answered as a commit that the replica has, and is lost`));
  return {
    wrong,
    lost: old.revision - base,
    lostAnswered: lost.length,
    knew: knowing(records, isOld, base).size,
    rewound: records.filter(isRewound).length,
  };
}

const isRewound = ({ told }: Recorded): boolean => told.type === 'unknown' && told.code === 'rewound';

/** Session objects that were told of a revision that is lost, and since when. */
function knowing(
  records: readonly Recorded[],
  isOld: (one: Recorded) => boolean,
  base: number,
): ReadonlyMap<string, number> {
  const knew = new Map<string, number>();
  for (const one of records) {
    const { told, handle, endNs } = one;
    if (handle === undefined || (told.type !== 'committed' && told.type !== 'read')) continue;
    if (!isOld(one) || (told.revision ?? 0) <= base) continue;
    knew.set(handle, Math.min(knew.get(handle) ?? never, endNs));
  }
  return knew;
}

/** Commits that were taken from who knew what was lost, and had not been told. */
function silent(
  records: readonly Recorded[],
  {
    isOld,
    base,
    kept,
  }: {
    readonly isOld: (one: Recorded) => boolean;
    readonly base: number;
    readonly kept: ReadonlyMap<string, number>;
  },
): readonly string[] {
  const wrong: string[] = [];
  for (const [handle, sinceNs] of knowing(records, isOld, base)) {
    const own = records.filter((one) => one.handle === handle);
    const toldNs = Math.min(...own.filter(isRewound).map(({ startNs }) => startNs), never);
    for (const one of own) {
      const { told, token, endNs } = one;
      if (told.type !== 'committed' || isOld(one) || !kept.has(token)) continue;
      if (endNs > sinceNs && endNs < toldNs)
        wrong.push(`${handle} knew what was lost, and ${token} was taken from it without a word`);
    }
  }
  return wrong;
}

function holds(read: Readonly<Record<string, unknown>>, state: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(read).every(([name, value]) => isDeepStrictEqual(value, state[name]));
}

/** At which revision each token was written. */
function tokensOf(commits: readonly Commit[]): ReadonlyMap<string, number> {
  return new Map(
    commits.flatMap(({ revision, written }) =>
      written.map(({ value }) => {
        const token = typeof value === 'string' ? value : (value as { by?: string } | null)?.by;
        return [token ?? '', revision] as const;
      }),
    ),
  );
}
