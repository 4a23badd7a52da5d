/**
 * The Context actor: owns where a context's variables live, and moves them once, from local to bridged state, when
 * something of it needs Python. A move copies, verifies, swaps, then frees; when it fails the old session stays.
 */
import {
  type ActorContext,
  assign,
  enqueueActions,
  type From,
  fromPromise,
  type Pid,
  setup,
  worker,
} from '../core/index.ts';
import { moveSession, type SessionTools, type StateProvider } from '../state/index.ts';
import type { ContextRecord } from './context-record.ts';
import { offerExposed } from './exposed-tools.ts';
import type { Inheritance } from './inheritance.ts';

/** What contexts tell. */
export type ContextEvent =
  | {
      readonly type: 'context.moved';
      readonly context: string;
      readonly from: string;
      readonly to: string;
      readonly revision: number;
    }
  | { readonly type: 'context.move_failed'; readonly context: string; readonly from: string; readonly error: Error }
  /**
   * TypeScript wrote variables of this session, as this revision; or could not, for `error`. `parent`: the traceparent of
   * the TypeScript tool that wrote; empty for code outside of any.
   */
  | {
      readonly type: 'context.written';
      readonly context: string;
      readonly names: readonly string[];
      readonly revision: number;
      readonly error: unknown;
      readonly ms: number;
      readonly parent: string;
    }
  /** The context that it inherits from is gone: what it had of it stays as it was. */
  | { readonly type: 'context.inheritance_ended'; readonly context: string; readonly from: string };

export interface ContextInput {
  readonly record: ContextRecord;
  /** Where a local context moves to. */
  readonly bridged: StateProvider;
  /** Where a bridged one offers its tools. */
  readonly tools: SessionTools;
}

type Events = { readonly type: 'needBridge'; readonly from: From };

interface Offering {
  readonly record: ContextRecord;
  readonly tools: SessionTools;
  /** The incarnation that the tools belong to. */
  readonly owner: Pid;
}

interface Following {
  readonly ctx: ActorContext<ContextInput>;
  readonly context: string;
  readonly inheritance: Inheritance;
}

interface Machine extends ContextInput {
  readonly ctx: ActorContext<ContextInput>;
  readonly waiting: readonly From[];
}

const machine = setup({
  types: {
    input: {} as Omit<Machine, 'waiting'>,
    context: {} as Machine,
    events: {} as Events,
  },
  actors: {
    move: fromPromise(({ input, signal }: { input: ContextInput; signal: AbortSignal }) => move(input, signal)),
    inherit: fromPromise(({ input, signal }: { input: Following; signal: AbortSignal }) => inherit(input, signal)),
    offer: fromPromise(({ input: { record, tools, owner }, signal }: { input: Offering; signal: AbortSignal }) =>
      offerExposed(record, tools, owner, { signal }),
    ),
  },
  guards: {
    isLocal: ({ context }) => context.record.session.kind === 'local',
  },
  actions: {
    answer: ({ event }) => event.from.reply(undefined),
    wait: assign({ waiting: ({ context, event }) => [...context.waiting, event.from] }),
    answerAll: ({ context }) => {
      for (const from of context.waiting) from.reply(undefined);
    },
    forgetWaiting: assign({ waiting: [] }),
  },
}).createMachine({
  context: ({ input }) => ({ ...input, waiting: [] }),
  // All the while, where there is something to follow. What fails in it ends this incarnation, and the next goes on.
  entry: enqueueActions(({ enqueue, context }) => {
    const { ctx, record } = context;
    const { inheritance } = record;
    if (inheritance !== undefined) enqueue.spawnChild('inherit', { input: { ctx, context: record.id, inheritance } });
  }),
  initial: 'deciding',
  states: {
    // Also after a restart: a move that the crash broke off has left the old session in place.
    deciding: { always: [{ guard: 'isLocal', target: 'local' }, { target: 'offering' }] },
    // The tools of the incarnation before this one have gone with it. What fails here ends this one, too.
    offering: {
      on: { needBridge: { actions: 'wait' } },
      invoke: {
        src: 'offer',
        input: ({ context: { ctx, record, tools } }) => ({ record, tools, owner: ctx.self }),
        onDone: { target: 'shared', actions: ['answerAll', 'forgetWaiting'] },
      },
    },
    local: { on: { needBridge: { actions: 'wait', target: 'moving' } } },
    moving: {
      on: { needBridge: { actions: 'wait' } },
      invoke: {
        src: 'move',
        input: ({ context }) => ({ record: context.record, bridged: context.bridged, tools: context.tools }),
        onDone: {
          target: 'offering',
          actions: ({ context, event }) =>
            context.ctx.emit({ type: 'context.moved', context: context.record.id, ...event.output } as ContextEvent),
        },
        onError: {
          target: 'local',
          actions: [
            ({ context, event }) => {
              const error = event.error instanceof Error ? event.error : new Error(String(event.error));
              for (const from of context.waiting) from.fail(error);
              context.ctx.emit({
                type: 'context.move_failed',
                context: context.record.id,
                from: context.record.session.kind,
                error,
              } as ContextEvent);
            },
            'forgetWaiting',
          ],
        },
      },
    },
    shared: { on: { needBridge: { actions: 'answer' } } },
  },
});

async function inherit({ ctx, context, inheritance }: Following, signal: AbortSignal): Promise<void> {
  await inheritance.follow(signal);
  if (signal.aborted) return;
  ctx.emit({ type: 'context.inheritance_ended', context, from: inheritance.from } as ContextEvent);
}

async function move({ record, bridged }: ContextInput, signal: AbortSignal) {
  // A move that an earlier incarnation began may still be under way.
  while (record.moving !== undefined) await record.moving;
  const before = record.session;
  if (before.kind !== 'local') return { from: before.kind, to: before.kind, revision: 0 };
  let arrived: () => void = () => {};
  record.moving = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  try {
    const after = await moveSession(before, bridged, {
      signal,
      swap: (now) => {
        record.session = now;
      },
    });
    record.moves += 1;
    const { revision } = await after.read([]);
    return { from: before.kind, to: after.kind, revision };
  } finally {
    record.moving = undefined;
    arrived();
  }
}

export const contextActor = worker(machine, {
  input: (ctx: ActorContext<ContextInput>) => ({ ctx, ...ctx.input }),
});
