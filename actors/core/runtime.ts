/**
 * The one door to chance: clock, timers, random numbers, ids, turns of the event loop and the outside world.
 * Everything else asks a `Runtime`, so that a simulation can own all of it. node-runtime.ts is the real one.
 */

export interface TimerHandle {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC, for people and logs only. */
  wallMs(): number;
  /** Runs `fn` once, not before `ms` milliseconds have passed. */
  setTimer(ms: number, fn: () => void): TimerHandle;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

export interface Ids {
  /** An unguessable id: 128 bits as 32 hexadecimal digits. Fit for tokens. */
  next(): string;
}

export interface Turns {
  /** Runs `fn` before control returns to the event loop. */
  soon(fn: () => void): void;
  /** The same, and when nothing is left that `soon` or a promise has to do before. */
  beforeIo(fn: () => void): void;
  /** Runs `fn` after the event loop has served I/O and timers. */
  afterIo(fn: () => void): void;
}

/** Who runs next, and for how long. What is left out is as production has it. */
export interface Schedule {
  /** How many turns of actors in a row before the event loop has its own. Default: as many as fit into 2 ms. */
  readonly turnsPerSlice?: number;
  /** How many letters one actor handles before the others have their turn. Default 200. */
  readonly lettersPerTurn?: number;
  /**
   * With one turn a slice: whether what an actor's promises do before the next slice belongs to its turn, so that a
   * recording can tell whose it was. Code outside all actors must then not run. Default false.
   */
  readonly turnsHoldPromises?: boolean;
  /**
   * Which of those that wait is next, an index below `waiting`; `at` tells who stands there, the same object each time.
   * Default 0: first come, first served.
   */
  readonly next?: (waiting: number, at: (index: number) => object) => number;
  /**
   * How long one turn of an actor may keep the event loop busy before it is reported as `actor.stalled`, in
   * milliseconds. Costs two looks at the clock a turn. Default: nobody looks.
   */
  readonly stallMs?: number;
}

/** Signals that the operating system sends to this whole process. */
export interface Signals {
  /** Calls `heard` at each such signal, instead of what it does by default, until what this returns is called. */
  listen(signal: 'SIGINT' | 'SIGTERM', heard: () => void): () => void;
}

/** How much memory a thread may use; beyond it the thread is ended. What is left out is as Node has it. */
export interface ResourceLimits {
  readonly maxYoungGenerationSizeMb?: number;
  readonly maxOldGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

/** How a thread ended, asked to or not. */
export interface ThreadEnd {
  readonly code: number;
  /** What ended it, when that was an error. */
  readonly error: Error | undefined;
  readonly outOfMemory: boolean;
}

export interface ThreadOptions {
  /** For debuggers and logs. */
  readonly name: string;
  /** What the thread is told at its start: cloned, as all messages are. */
  readonly data: unknown;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly onMessage: (message: unknown) => void;
  /** Told once, after the last message. */
  readonly onEnd: (end: ThreadEnd) => void;
}

export interface Thread {
  readonly id: number;
  /** Throws when the message cannot be cloned. To an ended thread it goes nowhere. */
  post(message: unknown): void;
  /** Ends it, whatever it does; `onEnd` tells when it is gone. */
  terminate(): void;
}

/** Threads that run isolated actors. */
export interface Threads {
  start(options: ThreadOptions): Thread;
}

/** One record for probes: what happened, and to whom. */
export interface ProbeRecord {
  readonly point: string;
  readonly subject: string;
}

export type LogLevel = 'info' | 'warning' | 'error';

/** Where the library writes what nobody else listens to, such as a crash report. */
export type LogSink = (level: LogLevel, text: string) => void;

export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly turns: Turns;
  /** For simulations and development: another order of the actors, and stalls. */
  readonly schedule?: Schedule;
  /**
   * What is done to every message that actors send: messages are shared, not copied, so a receiver must not change
   * them. In development `freezeDeep` or `structuredClone` shows who does. Default: nothing.
   */
  readonly passMessage?: (message: unknown) => unknown;
  /** Left out where there are none to hear. */
  readonly signals?: Signals;
  /** Left out where isolated actors are to run in this thread, as in a simulation. */
  readonly threads?: Threads;
  readonly log: LogSink;
  /** Called at named points when set; one null check when not. */
  readonly probe: ((record: ProbeRecord) => void) | null;
}
