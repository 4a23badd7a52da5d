/**
 * A history: who asked for what, when, and what became of it. What a test records while it runs, and what a checker
 * judges afterwards. Time is a count of events, so no two happen at once, and nothing depends on a clock.
 */
import { ActorError, isActorError } from '../actors/core/index.ts';

/**
 * `ok`: it happened, with this result. `fail`: it certainly did not happen. `unknown`: nobody can tell; it may have
 * happened, or happen at any later time, or never. `open`: it has not ended yet, which is judged as unknown.
 */
export type OperationOutcome = 'ok' | 'fail' | 'unknown' | 'open';

export interface Operation<Op = unknown, Result = unknown> {
  /** Counts up in the order of invocation. */
  readonly id: number;
  readonly client: string;
  readonly op: Op;
  readonly outcome: OperationOutcome;
  /** Of an operation that is `ok`. */
  readonly result: Result | undefined;
  /** The event of the history with which it began. */
  readonly invokedAt: number;
  /** The event with which it ended; Infinity for one that is unknown or open: it may yet happen. */
  readonly endedAt: number;
}

/** An operation that was begun. Exactly one of these is to be called, once. */
export interface Invocation<Result> {
  ok(result: Result): void;
  fail(): void;
  unknown(): void;
}

export interface HistoryOptions {
  /** How many operations it holds at most; one more throws ActorError `history_full`. Default 1,000,000. */
  readonly max?: number;
}

export interface RunOptions {
  /**
   * What a rejection says about whether the operation happened. Default: `fail` for errors that promise it
   * (StateError but `unavailable` and `lost`; MailboxFullError; PoolError; WorkerLostError `not_started`),
   * `unknown` for all others.
   */
  readonly outcomeOf?: (error: unknown) => 'fail' | 'unknown';
}

/** Records operations of any number of clients. Starts nothing and holds nothing but what it is told. */
export class History<Op, Result> {
  readonly #operations: Operation<Op, Result>[] = [];
  readonly #max: number;
  #events = 0;

  constructor({ max = 1_000_000 }: HistoryOptions = {}) {
    this.#max = max;
  }

  /** In the order of invocation. */
  get operations(): readonly Operation<Op, Result>[] {
    return this.#operations;
  }

  /** The number of the last event: what begins or ends from now on has a greater one. */
  get now(): number {
    return this.#events;
  }

  /** A client begins an operation. */
  invoke(client: string, op: Op): Invocation<Result> {
    const id = this.#operations.length;
    if (id >= this.#max) throw new ActorError('history_full', `history: it holds ${this.#max} operations already`);
    const begun = { id, client, op, invokedAt: this.#next(), endedAt: Number.POSITIVE_INFINITY };
    this.#operations.push({ ...begun, outcome: 'open', result: undefined });
    const end = (outcome: OperationOutcome, result: Result | undefined) => {
      if (this.#operations[id]?.outcome !== 'open') {
        throw new ActorError('operation_ended', `history: operation ${id} of ${client} has ended already`);
      }
      const endedAt = outcome === 'unknown' ? begun.endedAt : this.#next();
      this.#operations[id] = { ...begun, outcome, result, endedAt };
    };
    return {
      ok: (result) => end('ok', result),
      fail: () => end('fail', undefined),
      unknown: () => end('unknown', undefined),
    };
  }

  /** Runs an operation and records it with its outcome; answers, or rejects, as `work` does. */
  async run<R extends Result>(
    client: string,
    op: Op,
    work: () => Promise<R> | R,
    { outcomeOf = outcomeOfError }: RunOptions = {},
  ): Promise<R> {
    const invocation = this.invoke(client, op);
    try {
      const result = await work();
      invocation.ok(result);
      return result;
    } catch (error) {
      if (outcomeOf(error) === 'fail') invocation.fail();
      else invocation.unknown();
      throw error;
    }
  }

  #next(): number {
    this.#events += 1;
    return this.#events;
  }
}

/** Errors that promise that nothing has happened. */
const nothingHappened: ReadonlySet<string> = new Set([
  ...['conflict', 'not_found', 'already_exists', 'invalid', 'expired', 'quota', 'too_large', 'read_only', 'denied'],
  ...['locked', 'mailbox_full', 'queue_full', 'queue_timeout', 'affinity_lost', 'circuit_open'],
]);

/** What an error says about whether the operation that it ended has happened. */
export function outcomeOfError(error: unknown): 'fail' | 'unknown' {
  if (!isActorError(error)) return 'unknown';
  if ('outcome' in error) return error.outcome === 'not_started' ? 'fail' : 'unknown';
  return nothingHappened.has(error.code) ? 'fail' : 'unknown';
}
