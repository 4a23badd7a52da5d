/** A whole session as data, and back: lossless, and checked as strictly as a write (parity lessons 48b, 50). */
import { StateError } from '../core/index.ts';
import { type ComputedPlan, planOf } from './computed-plan.ts';
import { coerce } from './constraints.ts';
import { checkName, declarationOf, storedFor } from './declare.ts';
import { History } from './history.ts';
import { invalid } from './invalid.ts';
import { locksFrom, noLocks } from './locks.ts';
import { matcher } from './pattern.ts';
import { placesOf, type RecordLimits, type SessionRecord, valueBytesOf } from './record.ts';
import { isSecret } from './secret.ts';
import type { Commit, SessionExport } from './session-data.ts';
import type { Variable } from './types.ts';
import { equalValues, show } from './value.ts';
import { freeze } from './variable.ts';

export function exportOf(record: SessionRecord): SessionExport {
  const { sessionId, epoch, revision, variables, history, locks } = record;
  return Object.freeze({
    format: 1,
    sessionId,
    epoch,
    revision,
    variables: Object.freeze(variables),
    history: Object.freeze(history.after(0)),
    outcomes: Object.freeze(history.outcomes().filter((outcome) => outcome.revision >= history.first)),
    ...(locks === noLocks ? {} : { locks: Object.freeze([...locks.held.values()]), fence: locks.fence }),
  });
}

/** Makes the record of an export. Throws StateError `invalid`, which says where, or `too_large`, `quota`. */
export function recordOf(content: SessionExport, limits: RecordLimits, nowMs: number): SessionRecord {
  checkFormat(content);
  const sessionId = checkSessionId(content.sessionId);
  const epoch = whole(content.epoch, 'epoch');
  const revision = whole(content.revision, 'revision');
  const variables = variablesFrom(content.variables, revision);
  if (variables.length > limits.variablesMax) {
    throw new StateError(
      'quota',
      `import: a session may have ${limits.variablesMax} variables; raise limits.variablesMax`,
      {
        details: { max: limits.variablesMax },
      },
    );
  }
  const places = placesOf(variables);
  if (places.size !== variables.length) throw malformed('a variable is there twice');
  const plan = checkedPlan(variables);
  const history = historyFrom(content, { sessionId, epoch, revision }, limits, nowMs);
  const locks = locksFrom(content.locks, content.fence);
  const valueBytes = valueBytesOf(variables);
  return { sessionId, epoch, revision, variables, places, plan, valueBytes, history, locks };
}

/** Nothing is left out, and nothing is too much. */
const everything: RecordLimits = {
  historyMax: Number.POSITIVE_INFINITY,
  historyBytesMax: Number.POSITIVE_INFINITY,
  outcomesMax: Number.POSITIVE_INFINITY,
  outcomeTtlMs: Number.POSITIVE_INFINITY,
  variablesMax: Number.POSITIVE_INFINITY,
};

/** An export, checked, with nothing in it that its giver could change; of any size. Throws as `recordOf` does. */
export function checkedExport(content: SessionExport): SessionExport {
  return exportOf(recordOf(content, everything, 0));
}

/** The variables of an export, checked. Throws as `recordOf` does. */
export function variablesOf(content: SessionExport): readonly Variable[] {
  checkFormat(content);
  const variables = variablesFrom(content.variables, whole(content.revision, 'revision'));
  if (placesOf(variables).size !== variables.length) throw malformed('a variable is there twice');
  return variables;
}

function checkFormat(content: SessionExport): void {
  if (typeof content !== 'object' || content === null) throw malformed(`${show(content)} is no export`);
  if (content.format !== 1) throw malformed(`format ${show(content.format)} is not known`);
}

/** The variables of an export at this revision, checked. Throws as `recordOf` does. */
export function variablesFrom(given: unknown, revision: number): readonly Variable[] {
  return list(given, 'variables').map((variable) => variableFrom(variable, revision).variable);
}

/** Whether two exports are of the same content. */
export function equalExports(a: SessionExport, b: SessionExport): boolean {
  return equalValues(a, b);
}

/** Throws StateError `invalid` for what cannot be a session's id: it has to fit into an actor's path. */
export function checkSessionId(id: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (typeof id === 'string' && id !== '' && id.length <= 200 && !/[/#~\u0000-\u001f\u007f]/.test(id)) return id;
  throw invalid(`session ${show(id)}: an id is 1 to 200 characters without / # ~ and control characters`);
}

function checkedPlan(variables: readonly Variable[]): ComputedPlan | undefined {
  try {
    return planOf(variables);
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

interface Head {
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
}

function historyFrom(content: SessionExport, head: Head, limits: RecordLimits, nowMs: number): History {
  const commits = list(content.history, 'history');
  const first = head.revision - commits.length + 1;
  if (first < 1 && commits.length > 0) throw malformed('history has more commits than the revision says');
  const kept = new Map<number, { readonly key: string; readonly outcome: Uint8Array | undefined }>();
  for (const one of list(content.outcomes, 'outcomes')) {
    const { key, revision, outcome } = (one ?? {}) as { key: unknown; revision: unknown; outcome?: unknown };
    const isBytes = outcome === undefined || outcome instanceof Uint8Array;
    if (typeof key !== 'string' || key === '' || !isBytes || !within(revision, first, head.revision))
      throw malformed('an outcome is malformed');
    kept.set(revision as number, { key, outcome: outcome?.slice() });
  }
  let history = History.after(first - 1);
  commits.forEach((given, index) => {
    const { commit, bytes } = commitFrom(given, head, first + index);
    const { key, outcome } = kept.get(commit.revision) ?? {};
    history = history.add({ commit, bytes, key, outcome }, nowMs, limits);
  });
  return history;
}

function commitFrom(given: unknown, head: Head, revision: number): { commit: Commit; bytes: number } {
  const { written, removed, before, writer, committedAtMs, ...rest } = (given ?? {}) as Partial<Commit>;
  if (rest.revision !== revision || rest.epoch !== head.epoch || rest.sessionId !== head.sessionId) {
    throw malformed(`history has something else where revision ${revision} belongs`);
  }
  if (typeof writer !== 'string' || typeof committedAtMs !== 'number')
    throw malformed(`the commit of revision ${revision} is malformed`);
  const names = list(removed, 'removed').map((name) => {
    checkName(name);
    return name;
  });
  let bytes = 0;
  const variables = list(written, 'written').map((variable) => {
    const made = variableFrom(variable, revision);
    bytes += made.bytes;
    return made.variable;
  });
  return {
    commit: Object.freeze({
      sessionId: head.sessionId,
      epoch: head.epoch,
      revision,
      written: Object.freeze(variables),
      removed: Object.freeze(names),
      writer,
      committedAtMs,
      ...(before === undefined ? {} : { before: Object.freeze(list(before, 'before').map(beforeFrom)) }),
    }),
    bytes,
  };
}

function beforeFrom(given: unknown): NonNullable<Commit['before']>[number] {
  const { name, readers } = (given ?? {}) as { readonly name: unknown; readonly readers: unknown };
  checkName(name);
  const patterns = readers === null ? null : list(readers, 'readers').map((one) => matcher(one) && String(one));
  return Object.freeze({ name, readers: patterns && Object.freeze(patterns) });
}

function variableFrom(given: unknown, revision: number): { variable: Variable; bytes: number } {
  const { name, value, version, ...kind } = (given ?? {}) as Partial<Variable>;
  checkName(name);
  if (!within(version, 0, revision))
    throw malformed(`variable '${name}' is of version ${show(version)}, above revision ${revision}`);
  const { type, constraints, description } = declarationOf(name, { ...kind, default: value });
  const stored = storedFor(name, type, isSecret(constraints), value);
  const fitting = coerce(name, type, constraints, stored.value);
  return {
    variable: freeze(
      { name, type, value: fitting, version: version as number, constraints, description },
      stored.bytes,
    ),
    bytes: stored.bytes,
  };
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw malformed(`${what} is no list`);
}

function whole(value: unknown, what: string): number {
  if (within(value, 0, Number.MAX_SAFE_INTEGER)) return value as number;
  throw malformed(`${what} cannot be ${show(value)}`);
}

function within(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

const malformed = (why: string): StateError => invalid(`import: ${why}`);
