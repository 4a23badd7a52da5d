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
  /** Runs `fn` after the event loop has served I/O and timers. */
  afterIo(fn: () => void): void;
}

/** Who runs next, and for how long. What is left out is as production has it. */
export interface Schedule {
  /** How many turns of actors in a row before the event loop has its own. Default: as many as fit into 2 ms. */
  readonly turnsPerSlice?: number;
  /** Which of those that wait is next, an index below `waiting`. Default 0: first come, first served. */
  readonly next?: (waiting: number) => number;
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

/** One record for probes: what happened, and to whom. */
export interface ProbeRecord {
  readonly point: string;
  readonly subject: string;
}

/** Where the library writes what nobody else listens to, such as a crash report. */
export type LogSink = (level: 'info' | 'warning' | 'error', text: string) => void;

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
  readonly log: LogSink;
  /** Called at named points when set; one null check when not. */
  readonly probe: ((record: ProbeRecord) => void) | null;
}
