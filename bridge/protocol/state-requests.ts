/** What was and what is locked, for whoever asks over the wire: workers and clients of the public port alike. */
import { StateError } from '../../actors/core/index.ts';
import type {
  Commit,
  HeldLock,
  SessionHistory,
  Snapshot,
  StateCallOptions,
  StateSession,
} from '../../actors/state/index.ts';
import type {
  ListLocksResponse,
  ReadHistoryRequest,
  ReadHistoryResponse,
  ReadVariablesRequest,
  Commit as WireCommit,
  HeldLock as WireLock,
} from './gen/variables_pb.js';
import { checkNames } from './services/bounds.ts';
import { encodeCommit } from './state-messages.ts';

/** Variables at one revision: of now, or of then. Rejects with what the state answers. */
export async function readSnapshot(
  session: StateSession,
  { names, atRevision, match }: ReadVariablesRequest,
  options: StateCallOptions = {},
): Promise<Snapshot> {
  checkNames(names);
  if (match !== '' && (names.length > 0 || atRevision !== undefined))
    throw new StateError('invalid', 'match: goes with neither names nor at_revision', { details: { path: 'match' } });
  if (match !== '') return session.list(match, options);
  const some = names.length === 0 ? undefined : names;
  return atRevision === undefined
    ? session.read(some, options)
    : session.at(whole('at_revision', atRevision), some, options);
}

/** Rejects with what the state answers. */
export async function readHistory(
  session: StateSession,
  { names, sinceRevision, upToRevision, limit }: ReadHistoryRequest,
  options: StateCallOptions = {},
): Promise<ReadHistoryResponse> {
  checkNames(names);
  const history = await session.history({
    ...options,
    ...(names.length === 0 ? {} : { names }),
    ...(sinceRevision === undefined ? {} : { since: whole('since_revision', sinceRevision) }),
    ...(upToRevision === undefined ? {} : { upTo: whole('up_to_revision', upToRevision) }),
    ...(limit === 0 ? {} : { limit }),
  });
  return encodeHistory(history, encodeCommit);
}

export function encodeHistory(
  { epoch, revision, first, commits }: SessionHistory,
  commit: (commit: Commit) => WireCommit,
): ReadHistoryResponse {
  return {
    $typeName: 'ophion.v1.ReadHistoryResponse',
    epoch: BigInt(epoch),
    revision: BigInt(revision),
    firstRevision: BigInt(first),
    commits: commits.map(commit),
  };
}

/** Rejects with what the state answers. */
export async function listLocks(session: StateSession, options: StateCallOptions = {}): Promise<ListLocksResponse> {
  return encodeLocks(await session.locks(options));
}

export const encodeLocks = (locks: readonly HeldLock[]): ListLocksResponse => ({
  $typeName: 'ophion.v1.ListLocksResponse',
  locks: locks.map(encodeLock),
});

export function encodeLock({ name, holder, fence, untilMs }: HeldLock): WireLock {
  return { $typeName: 'ophion.v1.HeldLock', name, holder, fence: BigInt(fence), untilMs };
}

/** A number of a request. Throws StateError `invalid` for one that no session can have. */
export function whole(field: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new StateError('invalid', `${field}: no session has come so far`, { details: { path: field } });
}
