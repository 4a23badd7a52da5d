/**
 * What a session was: its kept commits, and its variables as they stood at an earlier revision. Pure readings of a
 * record; nothing is stored for them beyond the history that watches use.
 */
import { StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';
import { rewound, snapshotOf } from './readings.ts';
import type { SessionRecord } from './record.ts';
import type { Commit, HistoryOptions, SessionHistory, Snapshot } from './session-data.ts';
import type { Variable } from './types.ts';
import { show } from './value.ts';

const defaultLimit = 100;
const limitMax = 1_000;

/** How many commits a history has at most. Throws StateError `invalid`. */
export function historyLimit(limit: number = defaultLimit): number {
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(`history: cannot have ${show(limit)} commits`);
  return Math.min(limit, limitMax);
}

/** The newest kept commits that fit, oldest first. Throws StateError `invalid` for a limit or revision that is none. */
export function historyOf(record: SessionRecord, options: HistoryOptions = {}): SessionHistory {
  const { names, since = 0, upTo = record.revision } = options;
  checkRevision(since);
  checkRevision(upTo);
  const { epoch, revision, history } = record;
  const set = names === undefined ? undefined : new Set(names);
  const most = historyLimit(options.limit);
  const commits: Commit[] = [];
  const oldest = Math.max(since + 1, history.first);
  for (let at = Math.min(upTo, revision); at >= oldest && commits.length < most; at -= 1) {
    const commit = history.at(at) as Commit;
    const seen = set === undefined ? commit : only(commit, (name) => set.has(name));
    if (seen !== undefined) commits.push(seen);
  }
  return { epoch, revision, first: history.first, commits: Object.freeze(commits.reverse()) };
}

/**
 * The variables (or those of `names`) as they were at a revision; those that are still there come first. Throws
 * StateError `compacted` when the history does not tell any more, `rewound` for a revision that was never reached.
 */
export function snapshotAt(record: SessionRecord, revision: number, names?: readonly string[]): Snapshot {
  checkRevision(revision);
  if (revision > record.revision) throw rewound(record, { revision });
  const now = snapshotOf(record, names);
  if (revision === record.revision) return now;
  if (!record.history.reaches(revision)) throw compacted(record, revision);
  const touched = touchedAfter(record, revision, names);
  const before = lastKnown(record, revision, touched);
  const variables: Variable[] = [];
  for (const variable of now.variables) {
    if (!touched.has(variable.name)) variables.push(variable);
    else add(variables, before, variable.name);
  }
  for (const name of touched) if (!record.places.has(name)) add(variables, before, name);
  return { sessionId: record.sessionId, epoch: record.epoch, revision, variables: Object.freeze(variables) };
}

/** What a commit did to these variables; undefined when nothing. */
export function only(commit: Commit, wanted: (name: string) => boolean): Commit | undefined {
  const written = commit.written.filter(({ name }) => wanted(name));
  const removed = commit.removed.filter(wanted);
  const seen = written.length + removed.length;
  if (seen === 0) return undefined;
  return seen === commit.written.length + commit.removed.length ? commit : { ...commit, written, removed };
}

function touchedAfter(record: SessionRecord, revision: number, names: readonly string[] | undefined): Set<string> {
  const wanted = names === undefined ? undefined : new Set(names);
  const touched = new Set<string>();
  for (const { written, removed } of record.history.after(revision)) {
    for (const { name } of written) if (wanted === undefined || wanted.has(name)) touched.add(name);
    for (const name of removed) if (wanted === undefined || wanted.has(name)) touched.add(name);
  }
  return touched;
}

/** What the last commits up to a revision made of these names; undefined: it was not there. */
function lastKnown(
  record: SessionRecord,
  revision: number,
  touched: ReadonlySet<string>,
): ReadonlyMap<string, Variable | undefined> {
  const { history } = record;
  const known = new Map<string, Variable | undefined>();
  for (let at = revision; at >= history.first && known.size < touched.size; at -= 1) {
    const { written, removed } = history.at(at) as Commit;
    for (const variable of written)
      if (touched.has(variable.name) && !known.has(variable.name)) known.set(variable.name, variable);
    for (const name of removed) if (touched.has(name) && !known.has(name)) known.set(name, undefined);
  }
  // Of what is not kept nobody knows; with the whole life of the session kept, it was not there.
  if (known.size < touched.size && history.first > 1) throw compacted(record, revision);
  return known;
}

function add(variables: Variable[], before: ReadonlyMap<string, Variable | undefined>, name: string): void {
  const variable = before.get(name);
  if (variable !== undefined) variables.push(variable);
}

export function checkRevision(revision: unknown): void {
  if (!Number.isSafeInteger(revision) || (revision as number) < 0) throw invalid(`${show(revision)} is no revision`);
}

function compacted(record: SessionRecord, revision: number): StateError {
  const { sessionId, history } = record;
  return new StateError(
    'compacted',
    `session '${sessionId}': what it was at revision ${revision} is not kept any more; the history begins at ${history.first}`,
    { details: { sessionId, revision, first: history.first } },
  );
}
