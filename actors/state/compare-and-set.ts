/**
 * Read, decide, commit if nobody wrote in between, else again: what `update` and `rollback` are made of, on any backend.
 */
import { StateError } from '../core/index.ts';
import { functionOf } from './computed-plan.ts';
import type { WritableView } from './overlay-session.ts';
import type { Commit, CommitRequest, Snapshot, StateCallOptions } from './session-data.ts';
import type { Variable } from './types.ts';
import { equalValues, type Value } from './value.ts';

/** How often it is tried when others write in between; then `conflict`. */
export const attemptsMax = 100;

/**
 * Commits what `decide` makes of a reading of `names` (default: all variables), under the condition that these, or of
 * all variables those that it writes, are still as they were read, and what it expects itself. Rejects with what
 * `decide` throws (then nothing is written), with what a commit rejects with, and with `conflict` after 100 attempts.
 * `options` are those of each single operation.
 */
export async function compareAndSet(
  session: Pick<WritableView, 'read' | 'commit' | 'backoff'>,
  names: readonly string[] | undefined,
  decide: (read: Snapshot) => CommitRequest | Promise<CommitRequest>,
  options?: StateCallOptions,
): Promise<Commit> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await session.read(names, { ...options, ahead: true });
    const request = await decide(snapshot);
    try {
      const expect = { ...request.expect, ...expectedOf(snapshot, names, request) };
      return await session.commit({ ...request, expect }, options);
    } catch (error) {
      if (!(error instanceof StateError && error.code === 'conflict') || attempt === attemptsMax) throw error;
    }
    // Else who is always a little later would never have its turn.
    await session.backoff(attempt, options);
  }
}

export interface RollbackOptions extends StateCallOptions {
  /** Only these variables. Default: all. */
  readonly names?: readonly string[];
  /** Default `typescript`. */
  readonly writer?: string;
}

/**
 * Makes variables again what they were at a revision, as one new commit: values, types and constraints; those that
 * were not there go. What is as it was is not written. Rejects with `compacted` when the history does not tell any
 * more, `rewound` for a revision that was never reached.
 */
export async function rollback(
  session: WritableView,
  revision: number,
  { names, writer, ...options }: RollbackOptions = {},
): Promise<Commit> {
  const decide = async ({ variables }: Snapshot): Promise<CommitRequest> => {
    // Read again each time: it may be compacted meanwhile, and then the truth is not known.
    const past = await session.at(revision, names, options);
    const request = difference(variables, past.variables);
    return writer === undefined ? request : { ...request, writer };
  };
  return compareAndSet(session, names, decide, options);
}

/** What makes the variables of now those of then. */
export function difference(now: readonly Variable[], then: readonly Variable[]): CommitRequest {
  const current = new Map(now.map((variable) => [variable.name, variable]));
  const set: [string, Value][] = [];
  const declare: [string, NonNullable<CommitRequest['declare']>[string]][] = [];
  const remove: string[] = [];
  for (const { name, type, value, constraints, description } of then) {
    const known = current.get(name);
    current.delete(name);
    const same = known?.type === type && known.description === description;
    if (known !== undefined && same && equalValues(known.constraints, constraints)) {
      // What is computed follows from the others.
      if (functionOf(known) === undefined && !equalValues(known.value, value)) set.push([name, value as Value]);
    } else {
      if (known !== undefined) remove.push(name);
      declare.push([name, { type, default: value, constraints, description }]);
    }
  }
  remove.push(...current.keys());
  return { set: Object.fromEntries(set), declare: Object.fromEntries(declare), remove };
}

/** The versions that were read, of all names that were asked for, or, of everything, those that are written. */
function expectedOf(
  { variables }: Snapshot,
  names: readonly string[] | undefined,
  { set = {}, declare = {}, remove = [] }: CommitRequest,
): Record<string, number | null> {
  const versions = new Map(variables.map(({ name, version }) => [name, version]));
  const concerned = new Set(names ?? [...Object.keys(set), ...Object.keys(declare), ...remove]);
  return Object.fromEntries([...concerned].map((name) => [name, versions.get(name) ?? null]));
}
