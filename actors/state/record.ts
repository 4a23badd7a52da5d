/**
 * A session's record: its variables at one revision, and what led there. Immutable; a commit makes the next one (see
 * commit.ts). Pure: no clock, no actor, so that every store has the same.
 */
import { StateError } from '../core/index.ts';
import type { ComputedPlan } from './computed-plan.ts';
import { defaultHistoryLimits, History, type HistoryLimits } from './history.ts';
import { type Locks, noLocks } from './locks.ts';
import { isSecret } from './secret.ts';
import type { Variable } from './types.ts';
import { sizeOf } from './variable.ts';

export interface SessionRecord {
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
  /** In the order of their creation. */
  readonly variables: readonly Variable[];
  /** Where each name stands in `variables`; shared by all records with the same names. */
  readonly places: ReadonlyMap<string, number>;
  /** What of it is computed; undefined: nothing. Shared by all records with the same declarations. */
  readonly plan: ComputedPlan | undefined;
  /** How many bytes the values have together. */
  readonly valueBytes: number;
  readonly history: History;
  readonly locks: Locks;
}

export interface RecordLimits extends HistoryLimits {
  /** How many variables a session may have. Default 10,000. */
  readonly variablesMax: number;
}

export const defaultRecordLimits: RecordLimits = { ...defaultHistoryLimits, variablesMax: 10_000 };

export function emptyRecord(sessionId: string, epoch: number): SessionRecord {
  return {
    sessionId,
    epoch,
    revision: 0,
    variables: [],
    places: new Map(),
    plan: undefined,
    valueBytes: 0,
    history: History.after(0),
    locks: noLocks,
  };
}

/** Those that were made last, by their names: most sessions have the same ones. */
const known = new Map<string, ReadonlyMap<string, number>>();
const knownMax = 256;
const sharedMax = 100;

/** Sessions with the same names share it. */
export function placesOf(variables: readonly Variable[]): ReadonlyMap<string, number> {
  // No name has a control character.
  const key = variables.map(({ name }) => name).join('\n');
  let places = known.get(key);
  if (places === undefined) {
    places = new Map(variables.map((variable, place) => [variable.name, place]));
    // So many kinds of sessions are nobody's program; large ones are not worth it.
    if (known.size >= knownMax) known.clear();
    if (variables.length <= sharedMax) known.set(key, places);
  }
  return places;
}

export function valueBytesOf(variables: readonly Variable[]): number {
  return variables.reduce((sum, variable) => sum + sizeOf(variable), 0);
}

/** The variable of this name. */
export function find(record: SessionRecord, name: string): Variable | undefined {
  const place = record.places.get(name);
  return place === undefined ? undefined : record.variables[place];
}

/** Tells which variables of a record are secret. */
export function secretsOf(record: SessionRecord | undefined): (name: string) => boolean {
  return (name) => {
    const variable = record === undefined ? undefined : find(record, name);
    return variable !== undefined && isSecret(variable.constraints);
  };
}

export function unknownVariable(record: SessionRecord, name: string): StateError {
  return new StateError('not_found', `session '${record.sessionId}': has no variable '${name}'`, {
    details: { variable: name },
  });
}

/** Whether a record can be right: undefined, or what is wrong with it. */
export function checkRecord(record: SessionRecord): string | undefined {
  try {
    return faultOf(record);
  } catch (error) {
    return String(error);
  }
}

function faultOf(record: SessionRecord): string | undefined {
  const { revision, variables, places, history } = record;
  if (!Number.isSafeInteger(revision) || revision < 0) return `revision ${revision}`;
  if (history.last !== revision) return `history ends at ${history.last}, not at revision ${revision}`;
  if (places.size !== variables.length) return `${variables.length} variables in ${places.size} places`;
  for (let place = 0; place < variables.length; place += 1) {
    const variable = variables[place];
    if (variable === undefined || places.get(variable.name) !== place) return `variable ${place} is out of place`;
    if (!(variable.version <= revision)) return `variable '${variable.name}' is newer than the record`;
  }
  return undefined;
}
