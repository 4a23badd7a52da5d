/**
 * The catalogue of faults by what they are in the world: each makes a rule of a plan, and says how it ends. What
 * `until` and `when` a rule needs besides can be given: `rules(catalogue.wire.stall({ until: { ms: 500 } }))`.
 */
import type { Plan, Rule, Task, When, Where } from '../plan/plan.ts';

/** What can be said of any entry. */
export interface EntryOptions {
  readonly id?: string;
  /** Whose path, or, of a connection, its peer; a glob. Default: everybody's. */
  readonly path?: string;
  /** The type of a message, or the name of a store's operation; a glob. */
  readonly message?: string;
  readonly session?: string;
  readonly direction?: 'in' | 'out';
  readonly when?: When;
  readonly until?: Rule['until'];
}

export interface CatalogueEntry<O extends object = object> {
  (options?: EntryOptions & O): Rule;
  readonly is: string;
  /** What makes it end, and what there is then. */
  readonly heals: string;
  /** Where it can be had. */
  readonly worlds: readonly FaultWorld[];
}

/** A simulation, or a live system. */
export type FaultWorld = 'simulated' | 'live';

const bothWorlds: readonly FaultWorld[] = ['simulated', 'live'];

type Make<O> = (options: O) => {
  readonly point: string;
  readonly task: Task;
  readonly when?: When;
  readonly where?: Where;
};

function entry<O extends object = object>(
  is: string,
  heals: string,
  make: Make<O>,
  worlds: readonly FaultWorld[] = bothWorlds,
): CatalogueEntry<O> {
  const rule = (options: EntryOptions & O = {} as EntryOptions & O): Rule => {
    const { point, task, when, where } = make(options);
    const { id, path, message, session, direction, until } = options;
    const place = defined({ ...where, path, message: message ?? where?.message, session, direction });
    const time = { ...when, ...options.when };
    return {
      ...(id === undefined ? {} : { id }),
      point,
      ...(Object.keys(place).length === 0 ? {} : { where: place }),
      ...(Object.keys(time).length === 0 ? {} : { when: time }),
      what: [task],
      ...(until === undefined ? {} : { until }),
    };
  };
  return Object.assign(rule, { is, heals, worlds });
}

const defined = (object: object): Where =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Where;

/** A plan of these rules. */
export const rules = (...made: readonly Rule[]): Plan => ({ rules: made });

const restarted = 'its supervisor starts it again';
const goesOn = 'goes on where it was';

export const catalogue = {
  actor: {
    throwOnNth: entry<{ readonly nth?: number; readonly error?: string }>(
      'throws at its n-th message',
      restarted,
      ({ nth = 1, error }) => ({
        point: 'actor.receive',
        task: { do: 'throw', ...(error === undefined ? {} : { error }) },
        when: { nth },
      }),
    ),
    throwInInit: entry('throws in init', 'the supervisor tries again within its budget', () => ({
      point: 'actor.init',
      task: { do: 'throw' },
    })),
    hangInInit: entry('does not return from init', 'the start times out, or it is healed', () => ({
      point: 'actor.init',
      task: { do: 'hang' },
    })),
    hang: entry('does not return from a handler', `healed, it ${goesOn}; killed, ${restarted}`, () => ({
      point: 'actor.receive',
      task: { do: 'hang' },
    })),
    slow: entry<{ readonly ms?: number }>('takes its time for a message', goesOn, ({ ms = 100 }) => ({
      point: 'actor.receive',
      task: { do: 'sleep', ms },
    })),
    neverReply: entry('takes a call and never answers', 'the caller’s deadline; the actor serves the next', () => ({
      point: 'actor.receive',
      task: { do: 'drop' },
    })),
    overflow: entry('has a full mailbox', 'the sender tries again', () => ({
      point: 'message.send',
      task: { do: 'throw' },
    })),
    kill: entry('is killed at a message', restarted, () => ({ point: 'actor.receive', task: { do: 'kill' } })),
  },
  message: {
    drop: entry('is lost', 'the sender’s deadline', () => ({ point: 'message.send', task: { do: 'drop' } })),
    duplicate: entry('arrives twice', 'a second reply vanishes', () => ({
      point: 'message.send',
      task: { do: 'dup' },
    })),
    delay: entry<{ readonly ms?: number }>('arrives late', 'arrives; healed, at once', ({ ms = 50 }) => ({
      point: 'message.send',
      task: { do: 'delay', ms },
    })),
    reorder: entry('arrives behind the next one', 'arrives; without a next one after 10 ms', () => ({
      point: 'message.send',
      task: { do: 'reorder' },
    })),
  },
  clock: {
    wallForward: entry<{ readonly ms?: number }>('wall time is ahead', 'right again', ({ ms = 3_600_000 }) => ({
      point: 'clock.wall',
      task: { do: 'shift', ms },
    })),
    wallBack: entry<{ readonly ms?: number }>('wall time is behind', 'right again', ({ ms = 3_600_000 }) => ({
      point: 'clock.wall',
      task: { do: 'shift', ms: -ms },
    })),
    timerEarly: entry<{ readonly ms?: number }>('timers fire early', 'deadlines wait for the rest', ({ ms = 10 }) => ({
      point: 'clock.timer',
      task: { do: 'delay', ms: -ms },
    })),
    timerLate: entry<{ readonly ms?: number }>('timers fire late', 'fires; healed, at once', ({ ms = 100 }) => ({
      point: 'clock.timer',
      task: { do: 'delay', ms },
    })),
    timerLost: entry('timers do not fire', 'healed, those that are due fire', () => ({
      point: 'clock.timer',
      task: { do: 'drop' },
    })),
  },
  process: {
    spawnFails: entry<{ readonly error?: string }>('cannot be started', restarted, ({ error = 'EAGAIN' }) => ({
      point: 'process.spawn',
      task: { do: 'throw', error },
    })),
    neverReady: entry('runs and is never ready', 'it is given up and started again', () => ({
      point: 'process.spawn',
      task: { do: 'hang' },
    })),
    exitCode: entry<{ readonly code?: number }>('exits before it is ready', restarted, ({ code = 1 }) => ({
      point: 'process.spawn',
      task: { do: 'exit', code },
    })),
    sigkill: entry('is killed', restarted, () => ({
      point: 'process.run',
      task: { do: 'kill', signal: 'SIGKILL', times: 1 },
    })),
    sigstop: entry('is stopped', 'SIGCONT; if that takes too long, it is replaced', () => ({
      point: 'process.run',
      task: { do: 'kill', signal: 'SIGSTOP', times: 1 },
    })),
    garbageOutput: entry('prints garbage', 'prints text', () => ({ point: 'process.output', task: { do: 'corrupt' } })),
  },
  wire: {
    refused: entry('nobody listens', 'it dials again', () => ({ point: 'wire.connect', task: { do: 'throw' } })),
    reset: entry('is reset', 'it dials again', () => ({ point: 'wire.batch', task: { do: 'kill', times: 1 } })),
    halfOpen: entry('loses all, and nobody is told', 'liveness finds it out', () => ({
      point: 'wire.batch',
      task: { do: 'drop' },
    })),
    stall: entry('stands still', 'what waits arrives, in order', () => ({ point: 'wire.batch', task: { do: 'hang' } })),
    latency: entry<{ readonly ms?: number }>('is slow', 'arrives, in order', ({ ms = 50 }) => ({
      point: 'wire.batch',
      task: { do: 'delay', ms },
    })),
    corruption: entry('flips a bit', 'what cannot be read ends the connection', () => ({
      point: 'wire.batch',
      task: { do: 'corrupt', times: 1 },
    })),
    truncation: entry<{ readonly bytes?: number }>(
      'ends in the middle of a frame',
      'it dials again',
      ({ bytes = 0 }) => ({
        point: 'wire.batch',
        task: { do: 'truncate', bytes, times: 1 },
      }),
    ),
  },
  store: {
    down: entry('is not to be had', 'serves again; nothing was done', () => ({
      point: 'store.command',
      task: { do: 'throw', error: 'unavailable' },
    })),
    slow: entry<{ readonly ms?: number }>('is slow', 'answers', ({ ms = 200 }) => ({
      point: 'store.command',
      task: { do: 'sleep', ms },
    })),
    cut: entry('is cut off between command and reply', 'the same idempotency key answers what was done', () => ({
      point: 'store.reply',
      task: { do: 'throw', error: 'unavailable' },
    })),
    readOnly: entry('takes no commits', 'takes commits again', () => ({
      point: 'store.command',
      task: { do: 'throw', error: 'read_only' },
      where: { message: 'commit' },
    })),
  },
} as const;
