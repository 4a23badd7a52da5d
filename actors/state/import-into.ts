/**
 * What an export has, into a session that is there: one commit. Values, types, constraints and descriptions come; versions,
 * history, outcomes and locks are the session's own. (A provider's `import` makes a new session of all of it.)
 */
import { compareAndSet, difference } from './compare-and-set.ts';
import { variablesOf } from './export.ts';
import { invalid } from './invalid.ts';
import type { WritableView } from './overlay-session.ts';
import type { Commit, CommitRequest, SessionExport, Snapshot, StateCallOptions } from './session-data.ts';
import { show } from './value.ts';

/**
 * What becomes of a variable:
 *
 * | | in both | in the session alone | in the export alone |
 * | --- | --- | --- | --- |
 * | `replace` | as in the export, its type as well | is removed | is declared |
 * | `merge` | as in the export, its type as well | stays | is declared |
 * | `keep` | as in the session | stays | is declared |
 */
export type ImportStrategy = 'replace' | 'merge' | 'keep';

export interface ImportIntoOptions extends StateCallOptions {
  readonly strategy: ImportStrategy;
  /** Only these variables, of the session and of the export. Default: all. */
  readonly names?: readonly string[];
  /** Default `typescript`. */
  readonly writer?: string;
}

const strategies: readonly ImportStrategy[] = ['replace', 'merge', 'keep'];

/**
 * Commits it, all or nothing; what is the same already is not written. Of what it writes nobody may have written anything
 * meanwhile: else it is tried again, as `compareAndSet` does. Rejects with `invalid` for what is no export or strategy,
 * and with what a commit rejects with.
 */
export async function importInto(
  session: WritableView,
  content: SessionExport,
  { strategy, names, writer, ...options }: ImportIntoOptions,
): Promise<Commit> {
  if (!strategies.includes(strategy))
    throw invalid(`import: ${show(strategy)} is no strategy, but ${strategies.map(show).join(', ')} are`);
  const wanted = names === undefined ? () => true : (name: string) => names.includes(name);
  const imported = variablesOf(content).filter(({ name }) => wanted(name));
  const known = new Set(imported.map(({ name }) => name));
  const decide = ({ variables }: Snapshot): CommitRequest => {
    const there = new Set(variables.map(({ name }) => name));
    const then = strategy === 'keep' ? imported.filter(({ name }) => !there.has(name)) : imported;
    const now = variables.filter(({ name }) => (strategy === 'replace' ? wanted(name) : known.has(name)));
    const request = difference(strategy === 'keep' ? [] : now, then);
    return writer === undefined ? request : { ...request, writer };
  };
  return compareAndSet(session, undefined, decide, options);
}
