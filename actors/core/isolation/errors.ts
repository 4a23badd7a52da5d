/** What can go wrong with an actor in a thread of its own, besides what can go wrong with any actor. */
import { ActorError } from '../errors.ts';

/** A value cannot be given to another thread: it holds a function, a promise or something else that has no copy. */
export class NotCloneableError extends ActorError {
  /** Where in the value: `.options.retry`, `[3]`; empty for the value itself. */
  readonly where: string;

  constructor(target: string, where: string, what: string, options?: ErrorOptions) {
    super('not_cloneable', `${target}: ${where === '' ? 'the value' : where} cannot be cloned: ${what}`, options);
    this.where = where;
  }
}

/** The actor's thread kept its event loop busy for so long that it was killed. */
export class ThreadStalledError extends ActorError {
  readonly stalledMs: number;
  /** What it was at: `call 'spin'`, `init`, or `work of its own`, such as a timer's. */
  readonly handling: string;

  constructor(target: string, stalledMs: number, handling: string) {
    const ms = Math.round(stalledMs);
    super('thread_stalled', `${target}: its thread did not yield for ${ms} ms in ${handling}, and was killed`);
    this.stalledMs = stalledMs;
    this.handling = handling;
  }
}

/** The actor's thread ended though the actor had not: `process.exit()`, or it used more memory than it may. */
export class ThreadExitedError extends ActorError {
  declare readonly code: 'thread_exited' | 'thread_out_of_memory';
  readonly exitCode: number;

  constructor(target: string, exitCode: number, outOfMemory: boolean, options?: ErrorOptions) {
    const what = outOfMemory ? 'used more memory than its resourceLimits allow' : `exited with code ${exitCode}`;
    super(outOfMemory ? 'thread_out_of_memory' : 'thread_exited', `${target}: its thread ${what}`, options);
    this.exitCode = exitCode;
  }
}
