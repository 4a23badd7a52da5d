/**
 * The PythonWorker: one OS process and its stream, with one fate, as an xstate machine. The actor is up at once, in
 * state `reserved`; readiness is told to the pool's manager. A worker never restarts its process: it ends, and its
 * supervisor starts the next incarnation.
 */

import { linksRef, type StreamNotice } from '../../bridge/transport/index.ts';
import {
  type ActorContext,
  type ActorSystem,
  assign,
  type DownMessage,
  type ExitMessage,
  type ExitReason,
  exitReason,
  formatExitReason,
  fromCallback,
  setup,
  worker,
} from '../core/index.ts';
import { type DeadlineKind, type DeadlineMessage, WorkerDeadlines } from './deadlines.ts';
import type { WorkerEvent, WorkerState } from './events.ts';
import type { LaunchEvent } from './os-process.ts';
import { WorkerStartError } from './start-error.ts';
import { bootLine, type WorkerInput } from './worker-config.ts';

/** What a worker tells its pool's manager, as cast `report`. */
export interface WorkerReport {
  readonly id: string;
  readonly state: WorkerState;
  readonly osPid: number | undefined;
  readonly capacity: number;
  readonly rssBytes: number;
}

type WorkerMessage =
  | StreamNotice
  | Exclude<LaunchEvent, { type: 'process.output' }>
  | DeadlineMessage
  | ExitMessage
  | DownMessage
  /** The manager has started again and asks who is there. */
  | { readonly type: 'pool.announce' }
  /** The manager does not want it any more: at once, or when its work is done. */
  | { readonly type: 'pool.retire'; readonly reason: string; readonly now: boolean };

interface Memory {
  readonly ctx: ActorContext<never>;
  readonly given: WorkerInput;
  readonly token: string;
  readonly deadlines: WorkerDeadlines;
  readonly address: string;
  readonly state: WorkerState;
  readonly osPid: number | undefined;
  readonly wasReady: boolean;
  readonly capacity: number;
  readonly rssBytes: number;
  /** What it was last doing, for the message of a failed start. */
  readonly doing: string;
  /** Why it ends, once that is decided; the exit of its process alone decides nothing then. */
  readonly ending: ExitReason | undefined;
}

/** One id for all workers of a system: whoever finds one of their processes knows whose it is. */
export function runIdOf(system: ActorSystem): string {
  const name = 'ophion.run_id';
  let id = system.tables.get(name) as string | undefined;
  if (id === undefined) {
    id = system.runtime.ids.next();
    system.tables.set(name, id);
  }
  return id;
}

/** How long a worker waits for links before it looks again. */
const linksRetryMs = 50;

type ProcessCommand = { readonly type: 'terminate' } | { readonly type: 'kill' };

/** The process itself. However the machine ends, leaving it kills the group. */
const processActor = fromCallback<ProcessCommand, Memory>(({ input, sendBack, receive }) => {
  const { ctx, given, token, address } = input;
  const { config } = given;
  const runId = runIdOf(ctx.system);
  const own = { address, workerId: ctx.path, incarnation: ctx.self.incarnation, token, runId };
  const process = config.launch(
    {
      command: config.command,
      args: config.args,
      cwd: config.cwd,
      env: { ...config.env, OPHION_RUN_ID: runId },
      input: bootLine(given, own),
      clock: ctx.runtime.clock,
    },
    (event) => {
      if (event.type !== 'process.output') sendBack(event);
      else {
        const { from, text, cut } = event;
        emit(ctx, { type: 'worker.output', worker: ctx.self, from, text, cut });
      }
    },
  );
  receive(({ type }) => (type === 'kill' ? process.kill() : process.terminate()));
  return () => process.kill();
});

const emit = (ctx: ActorContext<never>, event: WorkerEvent): void => ctx.emit(event);
const links = ({ ctx, given }: Memory) => linksRef(ctx, given.links);

/** Tells the manager, when there is one; a new one asks. */
function report(memory: Memory, state: WorkerState): void {
  const { ctx, given, osPid, capacity, rssBytes } = memory;
  const manager = ctx.ref(given.manager);
  const told: WorkerReport = { id: given.workerId, state, osPid, capacity, rssBytes };
  if (manager.pid !== undefined) ctx.cast(manager, 'report', { worker: ctx.self, ...told });
}

/** Why its actor ends, when nothing else has decided that: its process has. */
function endOf(
  memory: Memory,
  { code, signal, lastOutput }: Extract<LaunchEvent, { type: 'process.exited' }>,
): ExitReason {
  const how = signal === null ? exitReason.osExit(code ?? 0) : exitReason.osSignal(signal);
  if (memory.ending !== undefined) {
    return memory.ending.kind === 'exit' && !memory.wasReady
      ? notStarted(memory, formatExitReason(memory.ending).slice('exit '.length), memory.ending, lastOutput)
      : memory.ending;
  }
  const words = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  if (!memory.wasReady) return notStarted(memory, `its process ${words} ${memory.doing}`, how, lastOutput);
  // Exit code 0 is no success for who was to stay.
  return how.kind === 'normal' ? exitReason.exit('its process exited with code 0 without being asked') : how;
}

function notStarted({ ctx }: Memory, why: string, reason: ExitReason, lastOutput = ''): ExitReason {
  return exitReason.error(new WorkerStartError(String(ctx.self), why, reason, lastOutput));
}

const machine = setup({
  types: {
    context: {} as Memory,
    events: {} as WorkerMessage,
    input: {} as { readonly ctx: ActorContext<WorkerInput> },
    output: {} as { readonly exitReason: ExitReason },
  },
  actors: { process: processActor },
  guards: {
    current: ({ context, event }) => context.deadlines.isCurrent(event as DeadlineMessage),
    wasReady: ({ context }) => context.wasReady,
    busy: ({ event }) => event.type === 'stream.liveness' && event.inFlight.length > 0,
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
    clearDeadline: ({ context }, { kind }: { kind: DeadlineKind }) => context.deadlines.clear(kind),
    askToDrain: ({ context }) => context.ctx.cast(links(context), 'drain', { worker: context.ctx.self }),
    leaked: ({ context, event }) => {
      if (event.type !== 'process.gone' || event.left.length === 0) return;
      emit(context.ctx, { type: 'worker.leaked', worker: context.ctx.self, osPids: event.left });
    },
  },
}).createMachine({
  id: 'worker',
  initial: 'reserved',
  context: ({ input: { ctx } }) => ({
    ctx: ctx as ActorContext<never>,
    given: ctx.input,
    token: ctx.runtime.ids.next(),
    deadlines: new WorkerDeadlines(ctx as ActorContext<never>),
    address: '',
    state: 'reserved',
    osPid: undefined,
    wasReady: false,
    capacity: ctx.input.config.capacity,
    rssBytes: 0,
    doing: 'before it dialled',
    ending: undefined,
  }),
  output: ({ context }) => ({ exitReason: context.ending ?? exitReason.normal }),
  on: { 'pool.announce': { actions: 'announce' } },
  states: {
    reserved: {
      entry: [{ type: 'enter', params: { state: 'reserved' } }, 'expect'],
      on: {
        'stream.expected': { target: 'alive', actions: assign({ address: ({ event }) => event.address }) },
        exit: { target: 'exited', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
        // Nothing is lost yet: it waits until links is there again.
        down: { actions: { type: 'setDeadline', params: { kind: 'links' } } },
        'deadline.links': { guard: 'current', target: 'reserved', reenter: true },
      },
    },
    alive: {
      invoke: { id: 'process', src: 'process', input: ({ context }) => context },
      initial: 'spawning',
      on: {
        // Final at once, wherever it happens.
        'process.exited': {
          target: '.exiting',
          actions: [
            assign(({ context, event }) => ({ ending: endOf(context, event) })),
            {
              type: 'forget',
              params: ({ context, event }) => ({
                reason: context.ending ?? exitReason.normal,
                lastOutput: event.lastOutput,
              }),
            },
          ],
        },
        'process.failed': {
          target: 'exited',
          actions: {
            type: 'end',
            params: ({ context, event }) => ({
              reason: notStarted(
                context,
                `its process cannot be started: ${event.error.message}`,
                exitReason.error(event.error),
              ),
            }),
          },
        },
        'deadline.dial': {
          guard: 'current',
          target: '.killed',
          actions: {
            type: 'end',
            params: ({ context }) => ({
              reason: exitReason.exit(`it did not dial within ${context.given.config.dialTimeoutMs} ms`),
            }),
          },
        },
        exit: { target: '.stopping', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
        down: { target: '.killed', actions: { type: 'end', params: { reason: exitReason.exit('links is down') } } },
        'stream.closed': {
          target: '.killed',
          actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) },
        },
        'pool.retire': {
          target: '.killed',
          actions: { type: 'end', params: ({ event }) => ({ reason: exitReason.exit(event.reason) }) },
        },
        'stream.goodbye': {
          target: '.stopping',
          actions: {
            type: 'end',
            params: ({ event }) => ({ reason: exitReason.exit(`it left by itself: ${event.reason}`) }),
          },
        },
      },
      states: {
        spawning: {
          entry: [
            { type: 'enter', params: { state: 'spawning' } },
            { type: 'setDeadline', params: { kind: 'dial' } },
          ],
          on: {
            'process.started': { target: 'connecting', actions: assign({ osPid: ({ event }) => event.osPid }) },
          },
        },
        connecting: {
          entry: { type: 'enter', params: { state: 'connecting' } },
          on: { 'stream.hello': 'loading' },
          exit: { type: 'clearDeadline', params: { kind: 'dial' } },
        },
        loading: {
          entry: [
            { type: 'enter', params: { state: 'loading' } },
            { type: 'doing', params: { what: 'while it was loading' } },
            { type: 'setDeadline', params: { kind: 'ready' } },
          ],
          on: {
            'stream.progress': {
              actions: [
                { type: 'doing', params: ({ event }) => ({ what: `while it was ${event.what}` }) },
                { type: 'setDeadline', params: { kind: 'ready' } },
              ],
            },
            'stream.ready': {
              target: 'ready',
              actions: assign({
                wasReady: true,
                capacity: ({ context, event }) =>
                  event.capacity > 0
                    ? Math.min(event.capacity, context.given.config.capacity)
                    : context.given.config.capacity,
              }),
            },
            'deadline.ready': {
              guard: 'current',
              target: 'killed',
              actions: {
                type: 'end',
                params: ({ context }) => ({
                  reason: exitReason.exit(
                    `it was not ready within ${context.given.config.readyTimeoutMs} ms ${context.doing}`,
                  ),
                }),
              },
            },
            'stream.lost': 'fenced',
          },
          exit: { type: 'clearDeadline', params: { kind: 'ready' } },
        },
        ready: {
          initial: 'idle',
          entry: { type: 'setDeadline', params: { kind: 'liveness' } },
          on: {
            'stream.liveness': [
              { guard: 'busy', target: '.busy', actions: 'heard' },
              { target: '.idle', actions: 'heard' },
            ],
            // The host does not read: silence is not the worker's fault.
            'stream.paused': { actions: { type: 'clearDeadline', params: { kind: 'liveness' } } },
            'stream.unpaused': { actions: { type: 'setDeadline', params: { kind: 'liveness' } } },
            'deadline.liveness': {
              guard: 'current',
              target: 'killed',
              actions: {
                type: 'end',
                params: ({ context }) => ({
                  reason: exitReason.exit(`stuck: no sign of life for ${context.given.config.livenessTimeoutMs} ms`),
                }),
              },
            },
            'stream.lost': 'fenced',
            exit: { target: 'draining', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
            'pool.retire': [
              {
                guard: 'retireNow',
                target: 'killed',
                actions: { type: 'end', params: ({ event }) => ({ reason: exitReason.exit(event.reason) }) },
              },
              {
                target: 'draining',
                actions: { type: 'end', params: ({ event }) => ({ reason: exitReason.exit(event.reason) }) },
              },
            ],
          },
          exit: { type: 'clearDeadline', params: { kind: 'liveness' } },
          states: {
            idle: { entry: { type: 'enter', params: { state: 'idle' } } },
            busy: { entry: { type: 'enter', params: { state: 'busy' } } },
          },
        },
        fenced: {
          // Links gives it up after the grace: then the stream is closed.
          entry: { type: 'enter', params: { state: 'fenced' } },
          on: {
            'stream.resumed': [{ guard: 'wasReady', target: 'ready' }, { target: 'loading' }],
          },
        },
        draining: {
          entry: [
            { type: 'enter', params: { state: 'draining' } },
            'askToDrain',
            { type: 'setDeadline', params: { kind: 'drain' } },
          ],
          on: {
            'deadline.drain': { guard: 'current', target: 'stopping' },
            'stream.lost': 'stopping',
            exit: {},
            'pool.retire': {},
          },
          exit: { type: 'clearDeadline', params: { kind: 'drain' } },
        },
        stopping: {
          entry: [
            { type: 'enter', params: { state: 'stopping' } },
            ({ self }) => self.getSnapshot().children.process?.send({ type: 'terminate' }),
            { type: 'setDeadline', params: { kind: 'term' } },
          ],
          on: {
            'deadline.term': { guard: 'current', target: 'killed' },
            exit: {},
            'pool.retire': {},
            'stream.goodbye': {},
            'stream.closed': {},
          },
          exit: { type: 'clearDeadline', params: { kind: 'term' } },
        },
        killed: {
          entry: [
            { type: 'enter', params: { state: 'stopping' } },
            ({ self }) => self.getSnapshot().children.process?.send({ type: 'kill' }),
            // At once, so that who waits for it is told now.
            {
              type: 'forget',
              params: ({ context }) => ({ reason: context.ending ?? exitReason.killed, lastOutput: '' }),
            },
          ],
          on: { exit: {}, down: {}, 'pool.retire': {}, 'stream.goodbye': {}, 'stream.closed': {} },
        },
        exiting: {
          // Its exit is known; it ends when nobody of its group lives any more.
          on: {
            'process.gone': { target: '#worker.exited', actions: 'leaked' },
            exit: {},
            down: {},
            'pool.retire': {},
            'stream.goodbye': {},
            'stream.closed': {},
          },
        },
      },
    },
    exited: { type: 'final', entry: { type: 'enter', params: { state: 'exited' } } },
  },
});

/** The logic of a worker; `WorkerInput` is its input. */
export const pythonWorker = worker(machine, {
  trapExit: true,
  input: (ctx: ActorContext<WorkerInput>) => ({ ctx }),
});
