/**
 * The SessionStore: opens, finds, closes and expires bridged sessions, each of which is an entry in the vault and a
 * Session actor. What there is, it reads from the vault's tables, so its crash forgets nothing but who was waiting.
 * It waits for nobody: what it is doing to a session stands in that session's queue, and each answer takes the next
 * step. The steps follow from what is there, so a half-done opening is finished by whoever asks next.
 */
import {
  type ActorContext,
  isActorError,
  noreply,
  type ResponseMessage,
  reply,
  StateError,
  server,
} from '../core/index.ts';
import { session } from './session.ts';
import type { SessionExport, VaultKind } from './session-data.ts';
import { nextStep, type Step, type Task } from './store-tasks.ts';
import { type Sweep, sweepOf, sweepOn } from './sweep.ts';
import { type StateTables, stateTables } from './tables.ts';

export interface StoreInput {
  /** The path of the ophion tree. */
  readonly root: string;
  /** How many bridged sessions may be open. Default 10,000. */
  readonly maxSessions?: number | undefined;
  /** How often expired ones are looked for. Default 30,000 ms. */
  readonly sweepMs?: number | undefined;
}

export interface Opened {
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
}

interface Tag {
  readonly id: string;
  readonly task: Task;
  readonly step: Step;
}

export interface StoreState {
  readonly tables: StateTables;
  readonly maxSessions: number;
  readonly sweepMs: number;
  /** What is to be done, by session. Owned by this incarnation and changed in place. */
  readonly queues: Map<string, Task[]>;
  readonly sweep: Sweep | undefined;
  /** How often it looked for expired sessions, this incarnation. */
  readonly sweeps: number;
}

type Ctx = ActorContext<never>;
const sweepMessage = { type: 'store.sweep' } as const;
/** How many callers may wait for one session. */
const queueMax = 1_000;

export const sessionStore = server({
  host: 'xstate',
  init(ctx: ActorContext<StoreInput>): StoreState {
    const { root, maxSessions = 10_000, sweepMs = 30_000 } = ctx.input;
    ctx.setTimer(sweepMs, sweepMessage);
    return {
      tables: stateTables(ctx.system, root),
      maxSessions,
      sweepMs,
      queues: new Map(),
      sweep: undefined,
      sweeps: 0,
    };
  },
  call: {
    /** Opens a session or answers the one that is open; with `content` it must not be there yet. */
    open(
      state: StoreState,
      order: {
        id: string;
        ttlMs?: number | undefined;
        content?: SessionExport | undefined;
        sealedMs?: number | undefined;
        vault?: VaultKind | undefined;
      },
      ctx: Ctx,
    ) {
      const { id, ...wanted } = order;
      add(state, id, { goal: 'open', from: ctx.from, ...wanted, steps: 0 }, ctx);
      return noreply<Opened, StoreState>(state);
    },
    /** Sees to it that an open session has its actor; fails with `not_found`, `expired` or `lost`. */
    find(state: StoreState, id: string, ctx: Ctx) {
      add(state, id, { goal: 'find', from: ctx.from, steps: 0 }, ctx);
      return noreply<Opened, StoreState>(state);
    },
    /** Ends a session and all that belongs to it. Closing one that is not there is no error. */
    close(state: StoreState, id: string, ctx: Ctx) {
      add(state, id, { goal: 'close', from: ctx.from, steps: 0 }, ctx);
      return noreply<undefined, StoreState>(state);
    },
    /**
     * How many sessions are open and may be, and are being worked on; how many bytes they hold (values and histories,
     * roughly); and what happened since the system was started.
     */
    stats(state: StoreState) {
      const { tables, maxSessions: max, sweeps, queues } = state;
      const { entries, mortal, bytes, counts } = tables.bridged;
      const open = entries.size;
      return reply({ open, max, bytes, mortal: mortal.size, busy: queues.size, sweeps, ...counts }, state);
    },
  },
  cast: {
    /** Somebody met an expired session. */
    expire(state: StoreState, id: string, ctx: Ctx): StoreState {
      add(state, id, { goal: 'expire', from: undefined, steps: 0 }, ctx);
      return state;
    },
  },
  info(state: StoreState, message: unknown, ctx): StoreState {
    const told = message as ResponseMessage | typeof sweepMessage;
    switch (told.type) {
      case 'response':
        answered(state, told, ctx as Ctx);
        return state;
      case 'store.sweep':
        return sweep(state, ctx as Ctx);
      default:
        ctx.system.deadLetter(ctx.path, message);
        return state;
    }
  },
});

function sweep(state: StoreState, ctx: Ctx): StoreState {
  const running = state.sweep ?? sweepOf(state.tables.bridged);
  const more = sweepOn(running, ctx.runtime.clock.monotonicMs(), (entry) =>
    add(state, entry.id, { goal: 'expire', from: undefined, steps: 0 }, ctx),
  );
  if (more) ctx.send(ctx.self, sweepMessage);
  else ctx.setTimer(state.sweepMs, sweepMessage);
  return { ...state, sweep: more ? running : undefined, sweeps: state.sweeps + (more ? 0 : 1) };
}

function add(state: StoreState, id: string, task: Task, ctx: Ctx): void {
  const queue = state.queues.get(id);
  if (queue !== undefined && queue.length >= queueMax) {
    const full = new StateError('unavailable', `session '${id}': ${queueMax} callers wait for it already`);
    if (task.from !== undefined) ctx.replyError(task.from, full);
    return;
  }
  if (queue !== undefined) {
    queue.push(task);
    return;
  }
  state.queues.set(id, [task]);
  advance(state, id, ctx);
}

/** Takes the next step for a session, until one has to wait for an answer. */
function advance(state: StoreState, id: string, ctx: Ctx): void {
  const queue = state.queues.get(id) ?? [];
  for (let task = queue[0]; task !== undefined; task = queue[0]) {
    try {
      const step = nextStep(state.tables, id, task, ctx);
      if (step !== undefined) {
        take(state, { id, task, step }, ctx);
        return;
      }
      if (task.from !== undefined) ctx.reply(task.from, task.goal === 'close' ? undefined : openedOf(state, id));
    } catch (error) {
      if (task.from !== undefined) ctx.replyError(task.from, error as Error);
    }
    queue.shift();
  }
  state.queues.delete(id);
}

function take(state: StoreState, tag: Tag, ctx: Ctx): void {
  const { id, task, step } = tag;
  // The end of who is asked answers, too, and the caller has a deadline of his own.
  const options = { tag, timeoutMs: Number.POSITIVE_INFINITY };
  switch (step) {
    case 'create': {
      const { ttlMs, content, sealedMs, vault } = task;
      ctx.request(
        state.tables.vault,
        'create',
        { realm: 'bridged', id, ttlMs, content, sealedMs, vault, max: state.maxSessions },
        options,
      );
      return;
    }
    case 'start': {
      const spec = { id, logic: session, input: { root: state.tables.root, sessionId: id }, restart: 'transient' };
      ctx.request(state.tables.sessions, 'startChild', spec, options);
      return;
    }
    case 'end': {
      const ending = task.goal === 'close' ? 'closed' : 'expired';
      ctx.request(state.tables.vault, 'end', { realm: 'bridged', id, ending }, options);
      return;
    }
    case 'terminate':
      ctx.request(state.tables.sessions, 'terminateChild', id, options);
      return;
    default: {
      const never: never = step;
      throw new TypeError(String(never));
    }
  }
}

/** Answers of the supervisor that are as good as done. */
const harmless: Readonly<Record<Step, string>> = {
  create: '',
  start: 'already_started',
  end: '',
  terminate: 'not_found',
};

function answered(state: StoreState, response: ResponseMessage, ctx: Ctx): void {
  const { id, task, step } = response.tag as Tag;
  const queue = state.queues.get(id);
  if (queue?.[0] !== task) return;
  if (response.ok || (isActorError(response.error) && response.error.code === harmless[step])) {
    if (step === 'create') task.created = true;
    if (step === 'terminate') task.terminated = true;
  } else {
    queue.shift();
    if (task.from !== undefined) ctx.replyError(task.from, response.error);
  }
  advance(state, id, ctx);
}

function openedOf(state: StoreState, id: string): Opened {
  const record = state.tables.bridged.entries.get(id)?.record;
  return { sessionId: id, epoch: record?.epoch ?? 0, revision: record?.revision ?? 0 };
}
