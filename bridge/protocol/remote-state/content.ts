/** A whole session on the wire between hosts, and back: lossless. */
import type { SessionExport } from '../../../actors/state/index.ts';
import type { SessionContent } from '../gen/state_pb.js';
import { encodeVariable } from '../state-messages.ts';
import { encodeLock } from '../state-requests.ts';
import { decodeCommit, decodeLock, decodeVariable, encodeHostCommit } from './readings.ts';

/** Of an export that is right: whoever gives one that may not be checks it before. */
export function encodeContent(content: SessionExport): SessionContent {
  const { format, sessionId, epoch, revision, variables, history, outcomes, locks, fence } = content;
  return {
    $typeName: 'ophion.v1.SessionContent',
    format,
    sessionId,
    epoch: BigInt(epoch),
    revision: BigInt(revision),
    variables: variables.map(encodeVariable),
    history: history.map(encodeHostCommit),
    outcomes: outcomes.map(({ key, revision: at, outcome }) => ({
      $typeName: 'ophion.v1.KeptOutcome',
      key,
      revision: BigInt(at),
      ...(outcome === undefined ? {} : { outcome }),
    })),
    ...(locks === undefined
      ? {}
      : { locks: { $typeName: 'ophion.v1.ListLocksResponse', locks: locks.map(encodeLock) } }),
    ...(fence === undefined ? {} : { fence: BigInt(fence) }),
  };
}

/** What it says, whatever that is: the provider that takes it checks it. */
export function decodeContent(wire: SessionContent): SessionExport {
  const { format, sessionId, epoch, revision, variables, history, outcomes, locks, fence } = wire;
  return {
    format: format as SessionExport['format'],
    sessionId,
    epoch: Number(epoch),
    revision: Number(revision),
    variables: variables.map(decodeVariable),
    history: history.map(decodeCommit),
    outcomes: outcomes.map(({ key, revision: at, outcome }) => ({
      key,
      revision: Number(at),
      ...(outcome === undefined ? {} : { outcome }),
    })),
    ...(locks === undefined ? {} : { locks: locks.locks.map(decodeLock) }),
    ...(fence === undefined ? {} : { fence: Number(fence) }),
  };
}
