/** What readers get of a record: snapshots, and what they lack. */
import { StateError } from '../core/index.ts';
import { find, type SessionRecord } from './record.ts';
import type { AfterRevision, Changes, Folded, Snapshot } from './session-data.ts';
import type { Variable } from './types.ts';

/** All variables, or those of `names` that exist. */
export function snapshotOf(record: SessionRecord, names?: readonly string[]): Snapshot {
  const { sessionId, epoch, revision } = record;
  let variables = record.variables;
  if (names !== undefined) {
    const found: Variable[] = [];
    for (const name of names) {
      const variable = find(record, name);
      if (variable !== undefined) found.push(variable);
    }
    variables = found;
  }
  return { sessionId, epoch, revision, variables: Object.freeze(variables) };
}

/** The variables of these names alone. */
export function snapshotWhere(record: SessionRecord, wanted: (name: string) => boolean): Snapshot {
  const { sessionId, epoch, revision } = record;
  return { sessionId, epoch, revision, variables: Object.freeze(record.variables.filter(({ name }) => wanted(name))) };
}

/** What a reader who has the state `after` still lacks. */
export function changesOf(record: SessionRecord, after: AfterRevision | undefined): Changes {
  // Who knows another life of the session lacks everything; the snapshot's epoch tells him.
  if (after === undefined || after.epoch !== record.epoch) return { type: 'snapshot', snapshot: snapshotOf(record) };
  if (after.revision > record.revision) throw rewound(record, after);
  const { epoch, revision } = record;
  // As nearly every call of a tool finds it.
  if (after.revision === revision) return { type: 'commits', epoch, revision, commits: [] };
  if (record.history.reaches(after.revision)) {
    return { type: 'commits', epoch, revision, commits: record.history.after(after.revision) };
  }
  return { type: 'snapshot', snapshot: snapshotOf(record), folded: fold(after.revision, revision) };
}

export const fold = (after: number, upTo: number): Folded => ({ after, upTo });

/** Somebody knows a revision that this session never had. */
export function rewound(
  record: SessionRecord,
  known: { readonly epoch?: number | undefined; readonly revision: number },
): StateError {
  const { epoch, revision } = record;
  return new StateError(
    'rewound',
    `session '${record.sessionId}': is at revision ${revision} of epoch ${epoch}, not at ${known.revision}${known.epoch === undefined ? '' : ` of epoch ${known.epoch}`}`,
    { details: { epoch, revision } },
  );
}
