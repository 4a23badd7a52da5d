/**
 * The Session actor: the one place that a bridged session's commits, tools and accesses pass through; of a session whose
 * variables another provider holds, its tools on this host. It holds
 * nothing that its restart would miss: records and tools lie in the vault's tables. Closing or expiry frees all of
 * it, a crash frees nothing.
 */
import {
  type ActorContext,
  type DownMessage,
  type From,
  ignore,
  type NoReply,
  noreply,
  type Pid,
  type Reply,
  type ResponseMessage,
  reply,
  StateError,
  type Stop,
  server,
  stop,
} from '../core/index.ts';
import { exportOf } from './export.ts';
import type { LockOrder } from './locks.ts';
import type { Order } from './order.ts';
import { changesOf, snapshotOf } from './readings.ts';
import type { AfterRevision, Commit, HeldLock, SessionExport, Snapshot, VaultKind } from './session-data.ts';
import { type SessionEntry, type SessionTool, type StateTables, stateTables } from './tables.ts';
import { addTools, keepTools, type ToolOffer } from './tools.ts';

export interface SessionInput {
  /** The path of the ophion tree. */
  readonly root: string;
  readonly sessionId: string;
}

export interface SessionInfo {
  readonly id: string;
  readonly epoch: number;
  readonly revision: number;
  readonly vault: VaultKind;
  readonly variables: number;
  /** How many bytes the values have, and what the kept commits wrote together with outcomes: both roughly. */
  readonly valueBytes: number;
  readonly historyBytes: number;
  /** Since it was opened or the process was started: readings by clients of this process, commits refused with `conflict`. */
  readonly reads: number;
  readonly conflicts: number;
  readonly tools: number;
  readonly watchers: number;
  readonly ttlMs: number | undefined;
  readonly idleMs: number;
}

interface SessionState {
  readonly id: string;
  readonly tables: StateTables;
  /** Who offers tools; each is monitored once. */
  readonly owners: ReadonlySet<Pid>;
}

type Ctx = ActorContext<never>;
const nobody: ReadonlySet<Pid> = new Set();
type Answer<V> = Reply<V, SessionState> | NoReply<V, SessionState>;

/** Answers from the session, or says why there is none. An access extends the time to live. */
function answer<V>(
  state: SessionState,
  ctx: Ctx,
  work: (entry: SessionEntry) => V,
  entryOf: (state: SessionState, ctx: Ctx) => SessionEntry = open,
): Answer<V> {
  try {
    return reply(work(entryOf(state, ctx)), state);
  } catch (error) {
    return refuse(state, ctx, error);
  }
}

function refuse<V>(state: SessionState, ctx: Ctx, error: unknown): NoReply<V, SessionState> {
  if (!(error instanceof StateError)) throw error;
  if (error.code === 'expired') ctx.cast(state.tables.store, 'expire', state.id);
  ctx.replyError(ctx.from, error);
  return noreply<V, SessionState>(state);
}

function open(state: SessionState, ctx: Ctx): SessionEntry {
  const nowMs = ctx.runtime.clock.monotonicMs();
  const entry = state.tables.bridged.access(state.id, nowMs);
  entry.touchedAtMs = nowMs;
  return entry;
}

/** Where its tools are kept: also of one whose variables are elsewhere. */
function toolsOf({ id, tables }: SessionState): SessionEntry | undefined {
  return tables.bridged.entries.get(id) ?? tables.guests.get(id);
}

/** As `open`, for its tools. */
function openTools(state: SessionState, ctx: Ctx): SessionEntry {
  const guest = state.tables.bridged.entries.has(state.id) ? undefined : state.tables.guests.get(state.id);
  return guest ?? open(state, ctx);
}

/** Has the vault answer a caller of ours. */
function forward<V>(state: SessionState, ctx: Ctx, name: string, arg: object): Answer<V> {
  try {
    open(state, ctx);
  } catch (error) {
    return refuse(state, ctx, error);
  }
  // The vault's end answers, too, and the caller has a deadline of his own.
  const options = { tag: ctx.from, timeoutMs: Number.POSITIVE_INFINITY };
  ctx.request(state.tables.vault, name, { realm: 'bridged', id: state.id, ...arg }, options);
  return noreply<V, SessionState>(state);
}

function monitorOwners(state: SessionState, tools: Iterable<SessionTool>, ctx: Ctx): SessionState {
  const owners = new Set(state.owners);
  for (const { owner } of tools) {
    if (owner === undefined || owners.has(owner)) continue;
    ctx.monitor(owner);
    owners.add(owner);
  }
  return owners.size === state.owners.size ? state : { ...state, owners };
}

export const session = server({
  host: 'xstate',
  init(ctx: ActorContext<SessionInput>) {
    const { root, sessionId } = ctx.input;
    const tables = stateTables(ctx.system, root);
    const entry = tables.bridged.entries.get(sessionId) ?? tables.guests.get(sessionId);
    // Closed while this one was away: there is nothing to run.
    if (entry === undefined) return ignore();
    const state: SessionState = { id: sessionId, tables, owners: nobody };
    return monitorOwners(state, entry.tools?.values() ?? [], ctx as Ctx);
  },
  call: {
    /** The variables, or those of `names` that exist, at one revision. */
    read: (state: SessionState, names: readonly string[] | undefined, ctx: Ctx): Answer<Snapshot> =>
      answer(state, ctx, ({ record }) => snapshotOf(record, names)),
    /** Carries out an order (see order.ts). */
    commit: (state: SessionState, order: Order, ctx: Ctx): Answer<Commit> => forward(state, ctx, 'commit', { order }),
    /** What a reader lacks who has the state at `after`; everything when he has none. */
    changes: (state: SessionState, after: AfterRevision | undefined, ctx: Ctx) =>
      answer(state, ctx, ({ record }) => changesOf(record, after)),
    export: (state: SessionState, _: undefined, ctx: Ctx): Answer<SessionExport> =>
      answer(state, ctx, ({ record }) => exportOf(record)),
    /** Carries out a lock order (see locks.ts). */
    lock: (state: SessionState, order: LockOrder, ctx: Ctx): Answer<HeldLock | boolean> =>
      forward(state, ctx, 'lock', { order }),
    /** Refuses commits for `ms` from now on; 0 lifts it. */
    seal: (state: SessionState, ms: number, ctx: Ctx): Answer<number> => forward(state, ctx, 'seal', { ms }),
    /** Offers tools. Those that the same place offered before are replaced; another's is `already_exists`. */
    registerTools(
      state: SessionState,
      { owner, tools }: { owner?: Pid | undefined; tools: readonly ToolOffer[] },
      ctx: Ctx,
    ) {
      try {
        const entry = openTools(state, ctx);
        entry.tools = addTools(entry, owner, tools);
        return reply(undefined, monitorOwners(state, entry.tools.values(), ctx));
      } catch (error) {
        return refuse<undefined>(state, ctx, error);
      }
    },
    /** Takes tools away: those of these names, of this owner, or both. Answers how many. */
    removeTools: (state: SessionState, which: { owner?: Pid; names?: readonly string[] }, ctx: Ctx): Answer<number> =>
      answer(
        state,
        ctx,
        (entry) => {
          const { owner, names } = which;
          return keepTools(
            entry,
            (tool) =>
              !((owner === undefined || tool.owner === owner) && (names === undefined || names.includes(tool.name))),
          );
        },
        openTools,
      ),
    /** The tool of this name, exposed or not; undefined when there is none. */
    findTool: (state: SessionState, name: string, ctx: Ctx) =>
      answer<SessionTool | undefined>(state, ctx, ({ tools }) => tools?.get(name), openTools),
    listTools: (state: SessionState, _: undefined, ctx: Ctx): Answer<readonly SessionTool[]> =>
      answer(state, ctx, ({ tools }) => [...(tools?.values() ?? [])], openTools),
    /** For people; does not extend the time to live. */
    info(state: SessionState, _: undefined, ctx: Ctx) {
      try {
        return reply(infoOf(state, ctx), state);
      } catch (error) {
        return refuse<SessionInfo>(state, ctx, error);
      }
    },
  },
  cast: {
    /** Extends the time to live, as an access does. */
    touch(state: SessionState, _: undefined, ctx: Ctx): SessionState {
      const entry = state.tables.bridged.entries.get(state.id);
      const nowMs = ctx.runtime.clock.monotonicMs();
      if (entry !== undefined && !entry.expired(nowMs)) entry.touchedAtMs = nowMs;
      return state;
    },
  },
  info(state, message, ctx): SessionState | Stop<SessionState> {
    const told = message as ResponseMessage | DownMessage | { readonly type: 'session.ended' };
    switch (told.type) {
      case 'response':
        if (told.ok) ctx.reply(told.tag as From, told.value);
        else ctx.replyError(told.tag as From, told.error);
        return state;
      case 'down':
        return ownerEnded(state, told.pid);
      case 'session.ended':
        // It may have been opened again meanwhile.
        return toolsOf(state) === undefined ? stop('normal', state) : state;
      default:
        ctx.system.deadLetter(ctx.path, message);
        return state;
    }
  },
});

function infoOf(state: SessionState, ctx: Ctx): SessionInfo {
  const nowMs = ctx.runtime.clock.monotonicMs();
  const { record, tools, watchers, ttlMs, touchedAtMs, vault, reads, conflicts } = state.tables.bridged.access(
    state.id,
    nowMs,
  );
  return {
    id: state.id,
    epoch: record.epoch,
    revision: record.revision,
    vault,
    variables: record.variables.length,
    valueBytes: record.valueBytes,
    historyBytes: record.history.bytes,
    reads,
    conflicts,
    tools: tools?.size ?? 0,
    watchers: watchers?.size ?? 0,
    ttlMs,
    idleMs: nowMs - touchedAtMs,
  };
}

/** An owner's end takes its tools away. */
function ownerEnded(state: SessionState, pid: Pid | undefined): SessionState {
  if (pid === undefined) return state;
  const entry = toolsOf(state);
  if (entry !== undefined) keepTools(entry, (tool) => tool.owner !== pid);
  const owners = new Set(state.owners);
  owners.delete(pid);
  return { ...state, owners };
}
