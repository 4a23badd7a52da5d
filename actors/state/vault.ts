/**
 * The vault: the one writer of committed records (the owner of an ETS table, with the tables as their own heir). It
 * carries out orders that were checked before and runs no user code. Its crash loses nothing: the next incarnation
 * finds the tables, checks each record and ends a session whose record is broken with `lost`.
 */
import { type ActorContext, type NoReply, noreply, reply, StateError, server } from '../core/index.ts';
import { type Applied, applyCommit, applyLock } from './commit.ts';
import { isStale } from './computed.ts';
import type { VaultOptions } from './durable/options.ts';
import { tell } from './events.ts';
import { recordOf } from './export.ts';
import { crowding, growing } from './filling.ts';
import type { ComputeFunctions } from './functions.ts';
import type { LockOrder } from './locks.ts';
import type { Order } from './order.ts';
import { sessionPath } from './paths.ts';
import { checkRecord, defaultRecordLimits, emptyRecord, type RecordLimits } from './record.ts';
import type { Commit, SessionExport, VaultKind } from './session-data.ts';
import { storeOf } from './stores.ts';
import { type Sweep, sweepOf, sweepOn } from './sweep.ts';
import { type Ending, type Realm, SessionEntry, type StateTables, stateTables } from './tables.ts';
import { checkVault, vaultFor } from './vault-kind.ts';
import type { VaultStore } from './vault-store.ts';

export interface VaultInput {
  /** The path of the ophion tree. */
  readonly root: string;
  readonly limits?: Partial<RecordLimits> | undefined;
  /** How often expired local sessions are looked for. Default 30,000 ms. */
  readonly sweepMs?: number | undefined;
  /** The functions of computed variables, for the clients in this process. Default: none. */
  readonly functions?: ComputeFunctions | undefined;
  /** Where bridged sessions are kept. Default: in memory. */
  readonly durable?: Required<VaultOptions> | undefined;
}

export interface CreateOrder {
  readonly realm: Realm;
  readonly id: string;
  readonly ttlMs: number | undefined;
  /** How many sessions of this realm may be open. */
  readonly max: number;
  /** Begin with this; then the session must not be there yet. */
  readonly content?: SessionExport | undefined;
  /** Begin as a copy that is sealed for so long, and ends with its seal unless that is lifted before. */
  readonly sealedMs?: number | undefined;
  /** Where it is kept. */
  readonly vault?: VaultKind | undefined;
}

export interface CommitOrder {
  readonly realm: Realm;
  readonly id: string;
  readonly order: Order;
}

export interface VaultState {
  readonly tables: StateTables;
  readonly store: VaultStore;
  readonly limits: RecordLimits;
  readonly sweepMs: number;
  readonly sweep: Sweep | undefined;
}

type Ctx = ActorContext<never>;
const sweepMessage = { type: 'vault.sweep' } as const;

function fail(ctx: Ctx, state: VaultState, error: unknown): NoReply<never, VaultState> {
  ctx.replyError(ctx.from, error as Error);
  return noreply<never, VaultState>(state);
}

function wake(state: VaultState, entry: SessionEntry): void {
  // An ObserverManager that is away wakes everybody when it comes back.
  const { process } = state.tables.observers;
  if (entry.watchers === undefined || entry.waking || process === undefined) return;
  // Not by `ctx`: what was kept after this incarnation's end is told as well.
  entry.waking = process.accept({ kind: 'cast', name: 'committed', arg: entry });
}

function end(
  state: VaultState,
  entry: SessionEntry,
  ending: Ending,
  ctx: Ctx,
  kept: (failure: Error | undefined) => void,
): void {
  state.store.remove(entry, ending, (failure) => {
    if (failure === undefined) {
      wake(state, entry);
      const session = ctx.ref(sessionPath(state.tables.root, entry.id));
      if (entry.realm === 'bridged' && session.pid !== undefined) ctx.send(session, { type: 'session.ended' });
      tell(ctx, { type: 'session.ended', realm: entry.realm, sessionId: entry.id, ending });
    }
    kept(failure);
  });
}

/** Makes a copy the session, for good: only then may it be written to. */
function arrive(state: VaultState, entry: SessionEntry, ctx: Ctx): NoReply<number, VaultState> {
  const { from } = ctx;
  entry.arriving = false;
  // A record of its own: what is not there any more must be told from what is.
  state.store.swap(entry, { ...state.store.head(entry) }, (failure) => {
    if (failure === undefined) {
      state.tables[entry.realm].arrived(entry);
      ctx.reply(from, entry.record.revision);
    } else {
      entry.arriving = true;
      ctx.replyError(from, failure);
    }
  });
  return noreply<number, VaultState>(state);
}

const ignoreFailure = (): void => {}; // The next sweep or check tries again.

function checkAll(state: VaultState, ctx: Ctx): void {
  for (const realm of ['local', 'bridged'] as const) {
    for (const entry of [...state.tables[realm].entries.values()]) checkOne(state, entry, ctx);
  }
}

/** Ends a session whose record is broken. */
function checkOne(state: VaultState, entry: SessionEntry | undefined, ctx: Ctx): void {
  const fault = entry === undefined ? undefined : checkRecord(entry.record);
  if (entry === undefined || fault === undefined) return;
  ctx.runtime.log('error', `${ctx.self}: session '${entry.id}' is lost: ${fault}`);
  end(state, entry, 'lost', ctx, ignoreFailure);
}

export const vault = server({
  host: 'xstate',
  init(ctx: ActorContext<VaultInput>): VaultState {
    const { root, sweepMs = 30_000, durable } = ctx.input;
    const tables = stateTables(ctx.system, root);
    tables.functions = ctx.input.functions ?? {};
    const limits: RecordLimits = { ...defaultRecordLimits, ...ctx.input.limits };
    const state: VaultState = {
      tables,
      store: storeOf(ctx.system, tables, durable && { ...durable, limits, noteMs: sweepMs }),
      limits,
      sweepMs,
      sweep: undefined,
    };
    checkAll(state, ctx as Ctx);
    ctx.setTimer(sweepMs, sweepMessage);
    return state;
  },
  call: {
    /** Makes a session, or finds the one that is there. */
    create(state: VaultState, order: CreateOrder, ctx: Ctx) {
      const { realm, id, ttlMs, max, content, sealedMs } = order;
      const table = state.tables[realm];
      const nowMs = ctx.runtime.clock.monotonicMs();
      const known = table.entries.get(id);
      try {
        if (known?.expired(nowMs)) end(state, known, 'expired', ctx, ignoreFailure);
        else if (known !== undefined) {
          if (content !== undefined) throw alreadyOpen(id);
          checkVault(known, order.vault);
          return reply({ created: false }, state);
        }
        const kind = vaultFor(state.tables, realm, id, order.vault);
        crowding(table, max, ctx);
        if (table.entries.size + state.store.opening(realm) >= max) {
          table.counts.refused += 1;
          throw tooMany(id, max);
        }
        const record =
          content === undefined ? emptyRecord(id, state.tables.epoch + 1) : recordOf(content, state.limits, nowMs);
        state.tables.epoch = Math.max(state.tables.epoch, record.epoch);
        const { from } = ctx;
        const entry = new SessionEntry(realm, record, ttlMs, nowMs, kind);
        if (sealedMs !== undefined) {
          entry.sealedUntilMs = nowMs + sealedMs;
          entry.arriving = true;
        }
        state.store.create(entry, (failure) => {
          if (failure !== undefined) {
            ctx.replyError(from, failure);
            return;
          }
          tell(ctx, { type: 'session.opened', realm, sessionId: id });
          ctx.reply(from, { created: true });
        });
        return noreply<{ created: boolean }, VaultState>(state);
      } catch (error) {
        return fail(ctx, state, error);
      }
    },
    /** Carries out an order: all of it or nothing. */
    commit(state: VaultState, { realm, id, order }: CommitOrder, ctx: Ctx) {
      const { clock } = ctx.runtime;
      const nowMs = clock.monotonicMs();
      try {
        const entry = state.tables[realm].access(id, nowMs);
        const head = state.store.head(entry);
        const applied = applyCommit(head, order, { wallMs: clock.wallMs(), monotonicMs: nowMs }, state.limits);
        if (applied instanceof StateError && applied.code === 'conflict' && !isStale(applied))
          state.tables[realm].conflicted(entry);
        if (!(applied instanceof StateError)) entry.touchedAtMs = nowMs;
        const { from } = ctx;
        if (applied instanceof StateError || applied.record === head) {
          // What was found is answered, an error as well, when it cannot be lost any more.
          state.store.settled(entry, (failure) => {
            const error = failure ?? (applied instanceof StateError ? applied : undefined);
            if (error !== undefined) ctx.replyError(from, error);
            else ctx.reply(from, (applied as Applied).commit);
          });
          return noreply<Commit, VaultState>(state);
        }
        if (entry.sealedUntilMs !== undefined && nowMs < entry.sealedUntilMs) return fail(ctx, state, sealed(id));
        state.store.swap(entry, applied.record, (failure) => {
          if (failure === undefined) {
            state.tables[realm].committed(clock.monotonicMs() - nowMs);
            wake(state, entry);
            growing(entry, head.variables.length, state.limits.variablesMax, ctx);
            ctx.reply(from, applied.commit);
          } else ctx.replyError(from, failure);
        });
        return noreply<Commit, VaultState>(state);
      } catch (error) {
        // Nothing has changed. One session's trouble must not become everybody's: its caller hears of it.
        checkOne(state, state.tables[realm].entries.get(id), ctx);
        return fail(ctx, state, error);
      }
    },
    /** Carries out a lock order. Answers the lock, or whether one was let go. */
    lock(state: VaultState, { realm, id, order }: { realm: Realm; id: string; order: LockOrder }, ctx: Ctx) {
      const { clock } = ctx.runtime;
      const nowMs = clock.monotonicMs();
      try {
        const entry = state.tables[realm].access(id, nowMs);
        const head = state.store.head(entry);
        const { record, answer } = applyLock(head, order, clock.wallMs());
        entry.touchedAtMs = nowMs;
        const moving = entry.sealedUntilMs !== undefined && nowMs < entry.sealedUntilMs;
        if (moving && record !== head) return fail(ctx, state, sealed(id));
        const { from } = ctx;
        const kept = (failure: Error | undefined): void =>
          failure === undefined ? ctx.reply(from, answer) : ctx.replyError(from, failure);
        if (record === head) state.store.settled(entry, kept);
        else state.store.swap(entry, record, kept);
        return noreply<typeof answer, VaultState>(state);
      } catch (error) {
        return fail(ctx, state, error);
      }
    },
    /** Ends a session; answers whether it was there. */
    end(state: VaultState, { realm, id, ending }: { realm: Realm; id: string; ending: Ending }, ctx: Ctx) {
      const entry = state.tables[realm].entries.get(id);
      if (entry === undefined) return reply(false, state);
      const { from } = ctx;
      end(state, entry, ending, ctx, (failure) =>
        failure === undefined ? ctx.reply(from, true) : ctx.replyError(from, failure),
      );
      return noreply<boolean, VaultState>(state);
    },
    /**
     * Refuses commits for `ms` from now on; 0 lifts it, and makes a copy that arrived the session. Answers the session's
     * revision.
     */
    seal(state: VaultState, { realm, id, ms }: { realm: Realm; id: string; ms: number }, ctx: Ctx) {
      const nowMs = ctx.runtime.clock.monotonicMs();
      try {
        const entry = state.tables[realm].access(id, nowMs);
        if (ms === 0 && entry.arriving) return arrive(state, entry, ctx);
        entry.sealedUntilMs = ms > 0 ? nowMs + ms : undefined;
        const { from } = ctx;
        // What was taken before is in the session that is moved.
        state.store.settled(entry, (failure) => {
          if (failure === undefined) ctx.reply(from, entry.record.revision);
          else ctx.replyError(from, failure);
        });
        return noreply<number, VaultState>(state);
      } catch (error) {
        return fail(ctx, state, error);
      }
    },
    /** How many sessions there are, and how many bytes their values and histories have together, roughly. */
    stats(state: VaultState) {
      const { local, bridged } = state.tables;
      return reply(
        { local: local.entries.size, bridged: bridged.entries.size, bytes: local.bytes + bridged.bytes },
        state,
      );
    },
  },
  info(state: VaultState, message: unknown, ctx): VaultState {
    if ((message as { type?: unknown } | undefined)?.type !== sweepMessage.type) {
      ctx.system.deadLetter(ctx.path, message);
      return state;
    }
    const sweep = state.sweep ?? sweepOf(state.tables.local);
    const more = sweepOn(sweep, ctx.runtime.clock.monotonicMs(), (entry) =>
      end(state, entry, 'expired', ctx as Ctx, ignoreFailure),
    );
    const noting = state.store.note();
    if (more || noting) ctx.send(ctx.self, sweepMessage);
    else ctx.setTimer(state.sweepMs, sweepMessage);
    return { ...state, sweep: more ? sweep : undefined };
  },
});

function sealed(id: string): StateError {
  return new StateError('unavailable', `session '${id}': is being moved; commits are refused until that is done`, {
    details: { sessionId: id },
  });
}

function alreadyOpen(id: string): StateError {
  return new StateError('already_exists', `session '${id}': is open already`, { details: { sessionId: id } });
}

function tooMany(id: string, max: number): StateError {
  const message = `session '${id}': ${max} sessions are open, and more may not be; close some, or raise maxSessions`;
  return new StateError('quota', message, { details: { max } });
}
