/** What the machine of a worker can do, by name: the actions, guards and child actor of worker.ts. */
import { isOwnVersion } from '../../bridge/transport/index.ts';
import { type ActorContext, assign, type ExitReason, setup } from '../core/index.ts';
import type { DeadlineKind, DeadlineMessage } from './deadlines.ts';
import type { WorkerState } from './events.ts';
import type { WorkerInput } from './worker-config.ts';
import {
  askToBoot,
  emit,
  links,
  refusal,
  report,
  runIdOf,
  type WorkerMemory,
  type WorkerMessage,
} from './worker-memory.ts';
import { processActor } from './worker-process.ts';

/** How long a worker waits for links before it looks again. */
const linksRetryMs = 50;
/**
 * How long a worker that was silent for too long still has. When the host stood still itself, as a debugger or a blocked
 * event loop makes it, timers come before what was said meanwhile: in this time that is read.
 */
export const doubtMs = 250;

export const workerSetup = setup({
  types: {
    context: {} as WorkerMemory,
    events: {} as WorkerMessage,
    input: {} as { readonly ctx: ActorContext<WorkerInput> },
    output: {} as { readonly exitReason: ExitReason },
  },
  actors: { process: processActor },
  guards: {
    current: ({ context, event }) => context.deadlines.isCurrent(event as DeadlineMessage),
    inDoubt: ({ context, event }) => {
      const message = event as DeadlineMessage;
      return !message.prolonged && context.deadlines.isCurrent(message);
    },
    wasReady: ({ context }) => context.wasReady,
    busy: ({ event }) => event.type === 'stream.liveness' && event.inFlight.length > 0,
    otherVersion: ({ context, event }) =>
      context.given.config.sameVersion && event.type === 'stream.hello' && !isOwnVersion(event.libraryVersion),
    refused: ({ context, event }) => event.type === 'stream.ready' && refusal(context, event.catalog) !== undefined,
    retireNow: ({ event }) => event.type === 'pool.retire' && event.now,
  },
  actions: {
    enter: assign(({ context }, { state }: { state: WorkerState }) => {
      report(context, state);
      const { ctx, given, osPid } = context;
      if (state !== context.state || state === 'reserved')
        emit(ctx, { type: 'worker.state', worker: ctx.self, pool: given.pool, state, osPid });
      return { state };
    }),
    announce: ({ context }) => report(context, context.state),
    askToBoot: ({ context }) => askToBoot(context),
    expect: ({ context }) => {
      const { ctx, given, token } = context;
      const ref = links(context);
      const { incarnation, path } = ctx.self;
      ctx.monitor(ref);
      ctx.cast(ref, 'expect', {
        worker: ctx.self,
        workerId: path,
        incarnation,
        token,
        runId: runIdOf(ctx.system),
        pool: given.pool,
        ...(given.config.leaseMs === undefined ? {} : { leaseMs: given.config.leaseMs }),
      });
    },
    /** Decides why it ends; the first reason stands. */
    end: assign(({ context }, { reason }: { reason: ExitReason }) => ({ ending: context.ending ?? reason })),
    forget: ({ context }, { reason, lastOutput }: { reason: ExitReason; lastOutput: string }) => {
      context.ctx.cast(links(context), 'forget', { worker: context.ctx.self, reason, lastOutput });
    },
    doing: assign((_, { what }: { what: string }) => ({ doing: what })),
    heard: assign(({ context, event }) => {
      if (event.type !== 'stream.liveness') return {};
      const { ctx, deadlines, given } = context;
      const { loopLagMs, inFlight, rssBytes } = event;
      deadlines.set('liveness', given.config.livenessTimeoutMs);
      emit(ctx, { type: 'worker.alive', worker: ctx.self, loopLagMs, inFlight: inFlight.length, rssBytes });
      return { rssBytes };
    }),
    setDeadline: ({ context }, { kind }: { kind: DeadlineKind }) => {
      const { config } = context.given;
      const ms = {
        dial: config.dialTimeoutMs,
        ready: config.readyTimeoutMs,
        liveness: config.livenessTimeoutMs,
        drain: config.drainMs,
        term: config.termMs,
        links: linksRetryMs,
      }[kind];
      context.deadlines.set(kind, ms);
    },
    listen: ({ context }) => context.deadlines.prolong('liveness', doubtMs),
    clearDeadline: ({ context }, { kind }: { kind: DeadlineKind }) => context.deadlines.clear(kind),
    askToDrain: ({ context }) => context.ctx.cast(links(context), 'drain', { worker: context.ctx.self }),
    leaked: ({ context, event }) => {
      if (event.type !== 'process.gone' || event.left.length === 0) return;
      emit(context.ctx, { type: 'worker.leaked', worker: context.ctx.self, osPids: event.left });
    },
  },
});
