/**
 * The variables of sessions, as StateProvider has them: commits of several variables with expected versions, reads of
 * one revision. `recordedSession` makes the history while a test uses a session.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  Commit,
  CommitRequest,
  Snapshot,
  StateCallOptions,
  StateSession,
  Value,
} from '../../actors/state/index.ts';
import type { History, RunOptions } from '../history.ts';
import { illegal, type Model, unseen } from '../model.ts';

export type VariablesOp =
  | { readonly type: 'read'; readonly session: string; readonly names?: readonly string[] | undefined }
  | { readonly type: 'commit'; readonly session: string; readonly request: CommitRequest };

export interface VersionedValue {
  readonly value: Value;
  readonly version: number;
}

/** What a read saw, or what a commit wrote and at which revision. */
export interface VariablesResult {
  readonly revision: number;
  readonly values: Readonly<Record<string, VersionedValue>>;
}

/** One session: its revision, and each variable with the revision that wrote it. */
export type VariablesState = VariablesResult;

/** Sessions by id; each begins at revision 0, or with these contents. */
export function variablesModel(
  initial: VariablesState = { revision: 0, values: {} },
): Model<VariablesState, VariablesOp, VariablesResult> {
  return {
    name: 'variables of session',
    init: () => initial,
    step(state, op, result) {
      return op.type === 'read' ? read(state, op.names, result) : commit(state, op.request, result);
    },
    hash: hashOf,
    isRead: ({ type }) => type === 'read',
    partition: ({ session }) => session,
    describe(op, result) {
      const what = op.type === 'read' ? `read ${op.names?.join(' ') ?? 'all'}` : `commit ${requestText(op.request)}`;
      return result === unseen ? `${what} → ?` : `${what} → ${stateText(result, op.type === 'read')}`;
    },
    describeState: (state) => stateText(state, true),
  };
}

/** With what has changed last: commits of which nobody knows when they happened lead to many states of one revision. */
function hashOf({ revision, values }: VariablesState): string {
  let hash = `${revision}`;
  for (const name of Object.keys(values).sort()) {
    const { value, version } = values[name] as VersionedValue;
    const shown = typeof value === 'string' ? value.slice(0, 32) : typeof value === 'number' ? value : '';
    hash += ` ${name}@${version} ${shown}`;
  }
  return hash;
}

function read(state: VariablesState, names: readonly string[] | undefined, result: VariablesResult | typeof unseen) {
  if (result === unseen) return state;
  const expected =
    names === undefined
      ? state.values
      : Object.fromEntries(Object.entries(state.values).filter(([name]) => names.includes(name)));
  return result.revision === state.revision && isDeepStrictEqual(result.values, expected) ? state : illegal;
}

function commit(state: VariablesState, request: CommitRequest, result: VariablesResult | typeof unseen) {
  const { expect = {}, set = {}, remove = [], declare = {} } = request;
  for (const [name, version] of Object.entries(expect)) {
    if ((state.values[name]?.version ?? null) !== version) return illegal;
  }
  const isNew = (name: string) => state.values[name] === undefined || remove.includes(name);
  const written = new Set([...Object.keys(declare).filter(isNew), ...Object.keys(set)]);
  const writes = written.size > 0 || remove.some((name) => state.values[name] !== undefined);
  const revision = state.revision + (writes ? 1 : 0);
  if (result !== unseen && result.revision !== revision) return illegal;
  const values: Record<string, VersionedValue> = { ...state.values };
  for (const name of remove) delete values[name];
  for (const name of written) {
    const told = result === unseen ? undefined : result.values[name];
    if (result !== unseen && told?.version !== revision) return illegal;
    const value = name in set ? set[name] : (told?.value ?? declare[name]?.default ?? null);
    if (told !== undefined && !isDeepStrictEqual(told.value, value)) return illegal;
    values[name] = { value: value as Value, version: revision };
  }
  return { revision, values };
}

/**
 * A session whose reads and commits by this client are recorded, with what they answered. A commit that was refused
 * did not happen; one that failed otherwise is unknown.
 */
export function recordedSession(
  history: History<VariablesOp, VariablesResult>,
  client: string,
  session: StateSession,
  options?: RunOptions,
): Pick<StateSession, 'id' | 'read' | 'commit'> {
  /** Runs it under its own type, and records what of it the model knows. */
  const run = async <T>(op: VariablesOp, work: () => Promise<T>, seen: (answer: T) => VariablesResult): Promise<T> => {
    let answer: T | undefined;
    const recorded = async () => {
      answer = await work();
      return seen(answer);
    };
    await history.run(client, op, recorded, options);
    return answer as T;
  };
  return {
    id: session.id,
    read: (names?: readonly string[], given?: StateCallOptions): Promise<Snapshot> =>
      run(
        { type: 'read', session: session.id, names },
        () => session.read(names, given),
        ({ revision, variables }) => ({ revision, values: versioned(variables) }),
      ),
    commit: (request: CommitRequest, given?: StateCallOptions): Promise<Commit> =>
      run(
        { type: 'commit', session: session.id, request },
        () => session.commit(request, given),
        ({ revision, written }) => ({ revision, values: versioned(written) }),
      ),
  };
}

function versioned(variables: Snapshot['variables']): VariablesResult['values'] {
  return Object.fromEntries(variables.map(({ name, value, version }) => [name, { value, version }]));
}

function requestText({ expect, set, remove, declare }: CommitRequest): string {
  const parts = { expect, remove, declare: declare === undefined ? undefined : Object.keys(declare), set };
  return Object.entries(parts)
    .filter(([, part]) => part !== undefined)
    .map(([name, part]) => `${name} ${JSON.stringify(part)}`)
    .join(' ');
}

function stateText({ revision, values }: VariablesResult, all: boolean): string {
  if (!all) return `revision ${revision}`;
  const shown = Object.entries(values).map(
    ([name, { value, version }]) => `${name}=${JSON.stringify(value)}@${version}`,
  );
  return `revision ${revision}${shown.length > 0 ? `: ${shown.join(' ')}` : ''}`;
}
