/**
 * What a host tells another one of its sessions, from the wire: readings, commits, events of watches. The other
 * direction is what every client is told (state-messages.ts), and who could see what was removed.
 */
import { ProtocolError } from '../../../actors/core/index.ts';
import {
  type Changes,
  type Commit,
  type HeldLock,
  isVariableType,
  receivedVariable,
  type SessionHistory,
  type Snapshot,
  type Variable,
  type WatchEvent,
} from '../../../actors/state/index.ts';
import { decodeMap, decodeValue } from '../codec.ts';
import type { SessionChanges, SessionPlace } from '../gen/state_pb.js';
import type {
  ReadHistoryResponse,
  WatchVariablesResponse,
  Commit as WireCommit,
  Folded as WireFolded,
  HeldLock as WireLock,
  Snapshot as WireSnapshot,
  Variable as WireVariable,
} from '../gen/variables_pb.js';
import { encodeCommit, encodeFolded, encodeSnapshot, encodeWatchEvent } from '../state-messages.ts';

/** A commit as hosts tell it each other. */
export function encodeHostCommit(commit: Commit): WireCommit {
  const { before = [] } = commit;
  if (before.length === 0) return encodeCommit(commit);
  return {
    ...encodeCommit(commit),
    before: before.map(({ name, readers }) => ({
      $typeName: 'ophion.v1.RemovedReaders',
      name,
      everybody: readers === null,
      readers: [...(readers ?? [])],
    })),
  };
}

export function encodeHostEvent(event: WatchEvent): WatchVariablesResponse {
  const wire = encodeWatchEvent(event);
  if (event.type !== 'commit') return wire;
  return { ...wire, event: { case: 'commit', value: encodeHostCommit(event.commit) } };
}

export function encodeSessionChanges(changes: Changes): SessionChanges {
  if (changes.type === 'snapshot') {
    const { snapshot, folded } = changes;
    const told = folded === undefined ? {} : { folded: encodeFolded(folded) };
    return { $typeName: 'ophion.v1.SessionChanges', snapshot: encodeSnapshot(snapshot), commits: [], ...told };
  }
  const { commits } = changes;
  return {
    $typeName: 'ophion.v1.SessionChanges',
    place: placeAt(changes),
    commits: commits.map(encodeHostCommit),
  };
}

export const placeAt = ({ epoch, revision }: Pick<Snapshot, 'epoch' | 'revision'>): SessionPlace => ({
  $typeName: 'ophion.v1.SessionPlace',
  epoch: BigInt(epoch),
  revision: BigInt(revision),
});

export function decodeVariable(wire: WireVariable): Variable {
  const { name, type, value, version, constraints, description } = wire;
  if (!isVariableType(type)) throw new ProtocolError(`variable '${name}' on the wire is of an unknown type '${type}'`);
  return receivedVariable({
    name,
    type,
    value: value === undefined ? null : decodeValue(value),
    version: Number(version),
    constraints: decodeMap(constraints),
    description,
  });
}

export function decodeSnapshot({ sessionId, epoch, revision, variables }: WireSnapshot): Snapshot {
  return { sessionId, epoch: Number(epoch), revision: Number(revision), variables: variables.map(decodeVariable) };
}

export function decodeCommit(wire: WireCommit): Commit {
  const { sessionId, writer, committedAtMs, removed } = wire;
  const before = wire.before.map(({ name, everybody, readers }) => ({ name, readers: everybody ? null : readers }));
  return {
    sessionId,
    epoch: Number(wire.epoch),
    revision: Number(wire.revision),
    written: wire.written.map(decodeVariable),
    removed,
    writer,
    committedAtMs,
    ...(before.length === 0 ? {} : { before }),
  };
}

const decodeFolded = ({ after, upTo }: WireFolded) => ({ folded: { after: Number(after), upTo: Number(upTo) } });

export function decodeWatchEvent({ event, folded }: WatchVariablesResponse): WatchEvent {
  const told = folded === undefined ? {} : decodeFolded(folded);
  switch (event.case) {
    case 'snapshot':
      return { type: 'snapshot', snapshot: decodeSnapshot(event.value), ...told };
    case 'commit':
      return { type: 'commit', commit: decodeCommit(event.value), ...told };
    case undefined:
      throw new ProtocolError('a watch was told an event without content');
    default: {
      const never: never = event;
      throw new TypeError(String(never));
    }
  }
}

export function decodeSessionChanges({ snapshot, folded, place, commits }: SessionChanges): Changes {
  if (snapshot !== undefined) {
    return {
      type: 'snapshot',
      snapshot: decodeSnapshot(snapshot),
      ...(folded === undefined ? {} : decodeFolded(folded)),
    };
  }
  if (place === undefined) throw new ProtocolError('changes on the wire say neither what is nor what was done');
  const { epoch, revision } = place;
  return {
    type: 'commits',
    epoch: Number(epoch),
    revision: Number(revision),
    commits: commits.map(decodeCommit),
  };
}

export function decodeHistory({ epoch, revision, firstRevision, commits }: ReadHistoryResponse): SessionHistory {
  return {
    epoch: Number(epoch),
    revision: Number(revision),
    first: Number(firstRevision),
    commits: commits.map(decodeCommit),
  };
}

export const decodeLock = ({ name, holder, fence, untilMs }: WireLock): HeldLock => ({
  name,
  holder,
  fence: Number(fence),
  untilMs,
});
