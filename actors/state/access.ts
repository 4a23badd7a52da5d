/**
 * Access rules: who may write a variable (the constraint `writers`), and for whom it is there at all (`readers`). What a
 * session tells somebody goes through here: a snapshot, a commit, changes, an event of a watch. Pure. Where nothing has
 * readers, what is given is what is answered.
 */
import { StateError } from '../core/index.ts';
import { matcher } from './pattern.ts';
import type { Changes, Commit, Snapshot, WatchEvent } from './session-data.ts';
import type { Variable } from './types.ts';

/** The host application's own code, for which every variable is there. */
export const hostReader = 'typescript';

type Ruled = Pick<Variable, 'name' | 'constraints'>;
interface Rules {
  readonly writers?: readonly string[];
  readonly readers?: readonly string[];
}

/** Whether a variable is there for this reader. */
export function isSeen({ constraints }: Pick<Variable, 'constraints'>, reader: string): boolean {
  return mayRead((constraints as Rules).readers, reader);
}

/** Throws StateError `denied` unless this writer may write, remove or declare a variable anew; `read_only`: nobody may. */
export function checkWriter({ name, constraints }: Ruled, writer: string): void {
  const { writers, readers } = constraints as Rules;
  if (writers === undefined ? mayRead(readers, writer) : matchesOne(writers, writer)) return;
  if (writers?.length === 0 && mayRead(readers, writer))
    throw new StateError('read_only', `variable '${name}': is read-only`, { details: { variable: name, writer } });
  const only = writers === undefined || !mayRead(readers, writer) ? '' : `, only ${writers.join(', ')}`;
  throw new StateError('denied', `variable '${name}': '${writer}' may not write it${only}`, {
    details: { variable: name, writer, ...(only === '' ? {} : { writers }) },
  });
}

/** Throws StateError `denied` when a variable that is there already is not to be known by who declares it. */
export function checkDeclarer(known: Ruled, writer: string): void {
  if (!isSeen(known, writer)) checkWriter(known, writer);
}

/** The version that a variable has for whoever expects one; null: it is not there. */
export function versionFor(variable: Variable | undefined, reader: string): number | null {
  return variable === undefined || !isSeen(variable, reader) ? null : variable.version;
}

/** What is to be known of variables that a commit has removed, also to declare them anew, and who could see them. */
export function beforeOf(
  names: readonly string[],
  before: (name: string) => Ruled | undefined,
  after: (name: string) => Ruled | undefined,
): Commit['before'] {
  const told: NonNullable<Commit['before']>[number][] = [];
  for (const name of names) {
    const { readers = null } = (before(name)?.constraints ?? {}) as Rules;
    const now = (after(name)?.constraints as Rules | undefined)?.readers;
    if (readers !== null || now !== undefined) told.push(Object.freeze({ name, readers }));
  }
  return told.length === 0 ? undefined : Object.freeze(told);
}

export function snapshotFor(snapshot: Snapshot, reader: string): Snapshot {
  const variables = snapshot.variables.filter((variable) => isSeen(variable, reader));
  return variables.length === snapshot.variables.length
    ? snapshot
    : { ...snapshot, variables: Object.freeze(variables) };
}

/** What a commit was for a reader. When it was nothing, only its revision is told, and that it was made. */
export function commitFor(commit: Commit, reader: string): Commit {
  const { before, ...plain } = commit;
  const written = commit.written.filter((variable) => isSeen(variable, reader));
  if (written.length === commit.written.length && before === undefined) return commit;
  const could = new Map(before?.map(({ name, readers }) => [name, mayRead(readers ?? undefined, reader)]));
  const removed = commit.removed.filter((name) => could.get(name) !== false);
  // What was declared anew for others is gone for him.
  for (const variable of commit.written)
    if (!isSeen(variable, reader) && could.get(variable.name)) removed.push(variable.name);
  const nothing = written.length + removed.length === 0;
  return Object.freeze({
    ...plain,
    written: Object.freeze(written),
    removed: Object.freeze(removed),
    ...(nothing ? { writer: '', committedAtMs: 0 } : {}),
  });
}

/** Whether a commit has anything to tell. */
export const tells = ({ written, removed }: Commit): boolean => written.length + removed.length > 0;

/** As they are for a reader: he has every revision, and nothing of what he may not see. */
export function changesFor(changes: Changes, reader: string): Changes {
  if (changes.type === 'snapshot') {
    const snapshot = snapshotFor(changes.snapshot, reader);
    return snapshot === changes.snapshot ? changes : { ...changes, snapshot };
  }
  const commits = eachFor(changes.commits, reader);
  return commits === changes.commits ? changes : { ...changes, commits };
}

export function eachFor(commits: readonly Commit[], reader: string): readonly Commit[] {
  const seen = commits.map((commit) => commitFor(commit, reader));
  return seen.every((commit, index) => commit === commits[index]) ? commits : seen;
}

/** What a watch tells a reader; undefined: nothing. */
export function eventFor(event: WatchEvent, reader: string): WatchEvent | undefined {
  if (event.type === 'snapshot') {
    const snapshot = snapshotFor(event.snapshot, reader);
    return snapshot === event.snapshot ? event : { ...event, snapshot };
  }
  const commit = commitFor(event.commit, reader);
  if (commit === event.commit) return event;
  return tells(commit) ? { ...event, commit } : undefined;
}

function mayRead(readers: readonly string[] | undefined, reader: string): boolean {
  return readers === undefined || reader === hostReader || matchesOne(readers, reader);
}

const matchesOne = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => matcher(pattern)(name));
