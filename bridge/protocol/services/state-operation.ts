/** One operation of a StateProvider, as another host asks for it. */
import { StateError } from '../../../actors/core/index.ts';
import {
  type AfterRevision,
  type CommitRequest,
  type ImportOptions,
  isGone,
  type OpenOptions,
  type StateCallOptions,
  type StateProvider,
  type StateSession,
  type VaultKind,
} from '../../../actors/state/index.ts';
import type { CommitOperation, OperateRequest, OperateResponse, SessionPlace } from '../gen/state_pb.js';
import { decodeContent, encodeContent } from '../remote-state/content.ts';
import { encodeHostCommit, encodeSessionChanges, placeAt } from '../remote-state/readings.ts';
import { decodePlan, encodeSnapshot } from '../state-messages.ts';
import { encodeHistory, encodeLock, encodeLocks, whole } from '../state-requests.ts';
import { understood } from './host.ts';

export type Operation = OperateRequest['operation'];
export type Answer = OperateResponse['answer'];
/** What is asked of a session that is there. */
type SessionOperation = Exclude<Operation, { case: 'open' | 'import' | 'list' | 'close' | undefined }>;

const done: Answer = { case: 'done', value: { $typeName: 'ophion.v1.Done' } };

export interface Asked {
  readonly sessionId: string;
  /** Who reads and writes. */
  readonly as: string;
  readonly operation: Operation;
}

/** Carries it out. Rejects with what the provider rejects with. */
export async function operate(
  provider: StateProvider,
  { sessionId, as, operation }: Asked,
  options: StateCallOptions,
): Promise<Answer> {
  const reader = as === '' ? {} : { as };
  const id = sessionId === '' ? undefined : sessionId;
  switch (operation.case) {
    case undefined:
      throw new StateError('invalid', 'operation: the request has none, or one that this host does not know');
    case 'open': {
      const { ttlMs, vault } = operation.value;
      return headOf(await provider.open(id, { ...options, ...reader, ...openOptions(ttlMs, vault) }), options);
    }
    case 'import': {
      const { content, ttlMs, vault, sealedMs } = operation.value;
      if (content === undefined) throw new StateError('invalid', 'content: there is none');
      const how: ImportOptions = {
        ...openOptions(ttlMs, vault),
        ...(sealedMs === undefined ? {} : { sealedMs }),
      };
      const session = await provider.import(
        understood(() => decodeContent(content)),
        { ...options, ...reader, ...how },
      );
      return headOf(session, options);
    }
    case 'list': {
      const { limit, after, prefix } = operation.value;
      const { sessionIds, next } = await provider.list({
        ...options,
        after,
        prefix,
        ...(limit === undefined ? {} : { limit }),
      });
      const page = { sessionIds: [...sessionIds], ...(next === undefined ? {} : { next }) };
      return { case: 'page', value: { $typeName: 'ophion.v1.SessionPage', ...page } };
    }
    case 'close':
      try {
        await (await provider.find(sessionId, { ...options, ...reader })).close(options);
      } catch (error) {
        // Closing it again is no error, nor is closing what has ended by itself.
        if (!isGone(error)) throw error;
      }
      return done;
    default:
      return onSession(await provider.find(sessionId, { ...options, ...reader }), operation, options);
  }
}

async function onSession(
  session: StateSession,
  operation: SessionOperation,
  options: StateCallOptions,
): Promise<Answer> {
  switch (operation.case) {
    case 'find':
      return headOf(session, options);
    case 'read': {
      const { names, atRevision, match } = operation.value;
      const snapshot =
        match !== undefined
          ? await session.list(match, options)
          : atRevision === undefined
            ? await session.read(names?.names, options)
            : await session.at(atRevision, names?.names, options);
      return { case: 'snapshot', value: encodeSnapshot(snapshot) };
    }
    case 'history': {
      const { names, since, upTo, limit } = operation.value;
      const history = await session.history({
        ...options,
        ...(names === undefined ? {} : { names: names.names }),
        ...(since === undefined ? {} : { since }),
        ...(upTo === undefined ? {} : { upTo }),
        ...(limit === undefined ? {} : { limit }),
      });
      return { case: 'history', value: encodeHistory(history, encodeHostCommit) };
    }
    case 'commit':
      return {
        case: 'commit',
        value: encodeHostCommit(await session.commit(commitRequest(operation.value), options)),
      };
    case 'outcome': {
      const remembered = await session.outcome(operation.value.idempotencyKey, options);
      if (remembered === undefined) return done;
      const { commit, outcome } = remembered;
      const told = { commit: encodeHostCommit(commit), ...(outcome === undefined ? {} : { outcome }) };
      return { case: 'remembered', value: { $typeName: 'ophion.v1.RememberedCommit', ...told } };
    }
    case 'changes': {
      const { after } = operation.value;
      return { case: 'changes', value: encodeSessionChanges(await session.changes(after && place(after), options)) };
    }
    case 'export':
      return { case: 'content', value: encodeContent(await session.export(options)) };
    case 'acquire': {
      const { name, holder, leaseMs, preempt, fence } = operation.value;
      const lock = await session.acquire(
        {
          name,
          holder,
          preempt,
          ...(leaseMs === undefined ? {} : { leaseMs }),
          ...(fence === undefined ? {} : { fence }),
        },
        options,
      );
      return { case: 'lock', value: encodeLock(lock) };
    }
    case 'release': {
      const { name, fence } = operation.value;
      return { case: 'released', value: await session.release(name, fence, options) };
    }
    case 'locks':
      return { case: 'locks', value: encodeLocks(await session.locks(options)) };
    case 'seal': {
      const { ms } = operation.value;
      await (ms === 0 ? session.unseal(options) : session.seal(ms, options));
      return done;
    }
    default: {
      const never: never = operation;
      throw new TypeError(String(never));
    }
  }
}

async function headOf(session: StateSession, options: StateCallOptions): Promise<Answer> {
  const { id, ttlMs } = session;
  const at = placeAt(await session.read([], options));
  const head = { sessionId: id, place: at, ...(ttlMs === undefined ? {} : { ttlMs }) };
  return { case: 'session', value: { $typeName: 'ophion.v1.SessionHead', ...head } };
}

const place = ({ epoch, revision }: SessionPlace): AfterRevision => ({
  epoch: whole('epoch', epoch),
  revision: whole('revision', revision),
});

/** What it says, whatever that is: the provider checks it. */
const openOptions = (ttlMs: number | undefined, vault: string | undefined): OpenOptions => ({
  ...(ttlMs === undefined ? {} : { ttlMs }),
  ...(vault === undefined ? {} : { vault: vault as VaultKind }),
});

function commitRequest({ plan, writer, outcome, since }: CommitOperation): CommitRequest {
  return {
    ...understood(() => decodePlan(plan, writer)),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: place(since) }),
  };
}
