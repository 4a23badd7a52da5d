/**
 * Session state to and from the wire: snapshots, commits and what is to be committed.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import type {
  Changes,
  Commit,
  CommitRequest,
  Declaration,
  Folded,
  Snapshot,
  Value,
  Variable,
  WatchEvent,
} from '../../actors/state/index.ts';
import { decodeMap, decodeValue, encodeAs, encodeMap, encodeValue } from './codec.ts';
import type { SyncSession } from './gen/bridge_pb.js';
import type { Map as WireMap } from './gen/values_pb.js';
import type {
  CommitPlan,
  Fence,
  WatchVariablesResponse,
  Commit as WireCommit,
  Folded as WireFolded,
  Snapshot as WireSnapshot,
  Variable as WireVariable,
} from './gen/variables_pb.js';

export function encodeSnapshot(snapshot: Snapshot): WireSnapshot {
  return {
    $typeName: 'ophion.v1.Snapshot',
    sessionId: snapshot.sessionId,
    epoch: BigInt(snapshot.epoch),
    revision: BigInt(snapshot.revision),
    variables: snapshot.variables.map(encodeVariable),
  };
}

export function encodeCommit(commit: Commit): WireCommit {
  return {
    $typeName: 'ophion.v1.Commit',
    sessionId: commit.sessionId,
    epoch: BigInt(commit.epoch),
    revision: BigInt(commit.revision),
    written: commit.written.map(encodeVariable),
    removed: [...commit.removed],
    writer: commit.writer,
    committedAtMs: commit.committedAtMs,
    before: [],
  };
}

/** The messages that bring a reader of a session up to date. */
export function encodeChanges(changes: Changes): readonly SyncSession[] {
  if (changes.type === 'snapshot') {
    return [syncOf({ case: 'snapshot', value: encodeSnapshot(changes.snapshot) })];
  }
  return changes.commits.map((commit) => syncOf({ case: 'commit', value: encodeCommit(commit) }));
}

/** What a watch tells. */
export function encodeWatchEvent(event: WatchEvent): WatchVariablesResponse {
  const { folded } = event;
  return {
    $typeName: 'ophion.v1.WatchVariablesResponse',
    event:
      event.type === 'snapshot'
        ? { case: 'snapshot', value: encodeSnapshot(event.snapshot) }
        : { case: 'commit', value: encodeCommit(event.commit) },
    ...(folded === undefined ? {} : { folded: encodeFolded(folded) }),
  };
}

export const encodeFolded = ({ after, upTo }: Folded): WireFolded => ({
  $typeName: 'ophion.v1.Folded',
  after: BigInt(after),
  upTo: BigInt(upTo),
});

function syncOf(change: SyncSession['change']): SyncSession {
  return { $typeName: 'ophion.v1.SyncSession', change };
}

export function encodeVariable(variable: Variable): WireVariable {
  return {
    $typeName: 'ophion.v1.Variable',
    name: variable.name,
    type: variable.type,
    value: encodeAs(variable.type, variable.value),
    version: BigInt(variable.version),
    constraints: encodeConstraints(variable),
    description: variable.description,
  };
}

/** Those of a variable are the same, frozen object at each of its versions. */
const constraintsSeen = new WeakMap<object, WireMap>();

function encodeConstraints({ name, constraints }: Pick<Variable, 'name' | 'constraints'>): WireMap {
  let wire = constraintsSeen.get(constraints);
  if (wire === undefined) {
    wire = encodeMap(constraints as Readonly<Record<string, unknown>>, `constraints of ${name}`);
    constraintsSeen.set(constraints, wire);
  }
  return wire;
}

/**
 * What a worker or client wants committed. Throws ProtocolError when a name stands twice in one list; whether types,
 * values and constraints are right is for the provider to say.
 */
export function decodePlan(plan: CommitPlan | undefined, writer: string): CommitRequest {
  const expect = named('expectations', plan?.expectations ?? [], ({ version }) =>
    version === undefined ? null : Number(version),
  );
  const set = named('assignments', plan?.assignments ?? [], ({ value }) =>
    value === undefined ? null : decodeValue(value),
  );
  const declare = named('declarations', plan?.declarations ?? [], (wire) => ({
    type: wire.type,
    default: wire.initial === undefined ? null : decodeValue(wire.initial),
    constraints: decodeMap(wire.constraints),
    description: wire.description,
  }));
  const fences = decodeFences(plan?.fences ?? []);
  const key = plan?.idempotencyKey ?? '';
  return {
    expect,
    set,
    remove: plan?.removals ?? [],
    // The provider checks the type's name and the constraints; on the wire they may be anything.
    declare: declare as unknown as Record<string, Declaration>,
    writer,
    ...(fences === undefined ? {} : { fences }),
    ...(key === '' ? {} : { idempotencyKey: key }),
  };
}

/** Which locks must be held; undefined: none. Throws ProtocolError when a name stands twice. */
export function decodeFences(fences: readonly Fence[]): CommitRequest['fences'] {
  return fences.length === 0 ? undefined : named('fences', fences, ({ fence }) => Number(fence));
}

/** What is to be committed, in wire form; its writer and its key are for whoever commits. */
export function encodePlan({
  expect = {},
  set = {},
  remove = [],
  declare = {},
  fences = {},
}: CommitRequest): CommitPlan {
  return {
    $typeName: 'ophion.v1.CommitPlan',
    expectations: Object.entries(expect).map(([name, version]) => ({
      $typeName: 'ophion.v1.Expectation',
      name,
      ...(version === null ? {} : { version: BigInt(version) }),
    })),
    assignments: Object.entries(set).map(([name, value]) => ({
      $typeName: 'ophion.v1.Assignment',
      name,
      value: encodeValue(value),
    })),
    removals: [...remove],
    declarations: Object.entries(declare).map(([name, { type, default: initial, constraints, description }]) => ({
      $typeName: 'ophion.v1.Declaration',
      name,
      type,
      initial: encodeAs(type, initial),
      constraints: encodeMap(constraints as Readonly<Record<string, unknown>>, `constraints of ${name}`),
      description,
    })),
    idempotencyKey: '',
    fences: Object.entries(fences).map(([name, fence]) => ({
      $typeName: 'ophion.v1.Fence',
      name,
      fence: BigInt(fence),
    })),
  };
}

/** Whether nothing is to be done, and nothing expected. */
export function isEmptyPlan({ expectations, assignments, removals, declarations }: CommitPlan): boolean {
  return expectations.length + assignments.length + removals.length + declarations.length === 0;
}

function named<W extends { readonly name: string }, V>(
  what: string,
  list: readonly W[],
  of: (item: W) => V,
): Record<string, V> {
  const entries = new Map<string, V>();
  for (const item of list) {
    if (entries.has(item.name)) throw new ProtocolError(`a commit on the wire has '${item.name}' twice in its ${what}`);
    entries.set(item.name, of(item));
  }
  // Own properties, `__proto__` too.
  return Object.fromEntries(entries);
}

/** For readers of the wire: what a variable's value was. */
export function decodeVariables(snapshot: WireSnapshot): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    snapshot.variables.map(({ name, value }) => [name, value === undefined ? null : decodeValue(value)]),
  );
}
