/**
 * The PythonWorker: one OS process and its stream, with one fate, as an xstate machine. The actor is up at once, in
 * state `reserved`; readiness is told to the pool's manager. A worker never restarts its process: it ends, and its
 * supervisor starts the next incarnation.
 */
import { type ActorContext, assign, exitReason, worker } from '../core/index.ts';
import { WorkerDeadlines } from './deadlines.ts';
import type { WorkerInput } from './worker-config.ts';
import { endOf, notAccepted, notStarted, otherVersion, retired } from './worker-memory.ts';
import { workerSetup } from './worker-setup.ts';

const machine = workerSetup.createMachine({
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
        'stream.expected': { target: 'permitted', actions: assign({ address: ({ event }) => event.address }) },
        'pool.retire': {
          target: 'exited',
          actions: { type: 'end', params: ({ event }) => ({ reason: retired(event) }) },
        },
        exit: { target: 'exited', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
        // Nothing is lost yet: it waits until links is there again.
        down: { actions: { type: 'setDeadline', params: { kind: 'links' } } },
        'deadline.links': { guard: 'current', target: 'reserved', reenter: true },
      },
    },
    permitted: {
      // So that not all of a pool start their processes at once.
      entry: 'askToBoot',
      on: {
        'pool.boot': 'alive',
        'pool.announce': { actions: ['announce', 'askToBoot'] },
        'pool.retire': {
          target: 'exited',
          actions: { type: 'end', params: ({ event }) => ({ reason: retired(event) }) },
        },
        exit: { target: 'exited', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
        down: 'reserved',
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
        // Its process is another host's, and that has told of its end.
        'stream.gone': { actions: ({ self, event }) => self.getSnapshot().children.process?.send(event) },
        'pool.retire': {
          target: '.killed',
          actions: { type: 'end', params: ({ event }) => ({ reason: retired(event) }) },
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
          on: {
            'stream.hello': [
              {
                guard: 'otherVersion',
                target: 'killed',
                actions: {
                  type: 'end',
                  params: ({ context, event }) => ({ reason: otherVersion(context, event.libraryVersion) }),
                },
              },
              { target: 'loading' },
            ],
          },
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
            'stream.ready': [
              {
                guard: 'refused',
                target: 'killed',
                actions: {
                  type: 'end',
                  params: ({ context, event }) => ({ reason: notAccepted(context, event.catalog) }),
                },
              },
              {
                target: 'ready',
                actions: assign({
                  wasReady: true,
                  capacity: ({ context, event }) =>
                    event.capacity > 0
                      ? Math.min(event.capacity, context.given.config.capacity)
                      : context.given.config.capacity,
                }),
              },
            ],
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
            'deadline.liveness': [
              { guard: 'inDoubt', actions: 'listen' },
              {
                guard: 'current',
                target: 'killed',
                actions: {
                  type: 'end',
                  params: ({ context }) => ({
                    reason: exitReason.exit(`stuck: no sign of life for ${context.given.config.livenessTimeoutMs} ms`),
                  }),
                },
              },
            ],
            'stream.lost': 'fenced',
            exit: { target: 'draining', actions: { type: 'end', params: ({ event }) => ({ reason: event.reason }) } },
            'pool.retire': [
              {
                guard: 'retireNow',
                target: 'killed',
                actions: { type: 'end', params: ({ event }) => ({ reason: retired(event) }) },
              },
              {
                target: 'draining',
                actions: { type: 'end', params: ({ event }) => ({ reason: retired(event) }) },
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
          // Its exit is known; it ends when nobody of its group lives any more. Who waits for it is told now.
          entry: { type: 'enter', params: { state: 'stopping' } },
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
  // Draining takes time.
  parentExit: 'event',
  input: (ctx: ActorContext<WorkerInput>) => ({ ctx }),
});
