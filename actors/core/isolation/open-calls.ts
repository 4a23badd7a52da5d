/** Calls between the two sides of a thread that have no answer yet, each under a number of the side that asks. */
import { From } from '../from.ts';
import type { Pid } from '../pid.ts';

/** A call that came from the other side. */
export class RemoteFrom extends From {
  readonly calls: OpenCalls;
  readonly number: number;

  constructor(calls: OpenCalls, number: number, caller: Pid | undefined) {
    super(undefined, caller);
    this.calls = calls;
    this.number = number;
  }

  protected override answered(value: unknown): void {
    this.calls.reply(this, true, value);
  }

  protected override failed(error: Error): void {
    this.calls.reply(this, false, error);
  }
}

export interface OpenCallsOptions {
  readonly reply: (from: RemoteFrom, ok: boolean, value: unknown) => void;
  /** Told of calls of ours that nobody waits for any more. */
  readonly abandon: (numbers: readonly number[]) => void;
}

/** Calls of ours are looked through for those that nobody waits for any more whenever there are twice as many. */
const few = 64;

export class OpenCalls {
  readonly #options: OpenCallsOptions;
  readonly #ours = new Map<number, From>();
  readonly #theirs = new Map<number, RemoteFrom>();
  #last = 0;
  #sweepAt = few;

  constructor(options: OpenCallsOptions) {
    this.#options = options;
  }

  /** Gives a call of ours a number. */
  ask(from: From): number {
    if (this.#ours.size >= this.#sweepAt) this.#sweep();
    this.#last += 1;
    this.#ours.set(this.#last, from);
    return this.#last;
  }

  /** The call of ours with that number. One that nobody waits for is answered to nobody. */
  asked(number: number): From {
    return this.#ours.get(number) ?? new From();
  }

  /** Answered, or never sent. */
  close(number: number): void {
    this.#ours.delete(number);
  }

  #sweep(): void {
    const numbers = [...this.#ours].filter(([, from]) => from.settled).map(([number]) => number);
    for (const number of numbers) this.#ours.delete(number);
    this.#sweepAt = Math.max(few, 2 * this.#ours.size);
    if (numbers.length > 0) this.#options.abandon(numbers);
  }

  /** Whom to answer for a call of theirs. */
  called(number: number, caller?: Pid): From {
    const known = this.#theirs.get(number);
    if (known !== undefined) return known;
    const from = new RemoteFrom(this, number, caller);
    this.#theirs.set(number, from);
    return from;
  }

  /** Internal: told by the call. */
  reply(from: RemoteFrom, ok: boolean, value: unknown): void {
    this.#theirs.delete(from.number);
    this.#options.reply(from, ok, value);
  }

  /** They do not wait for these any more. */
  abandoned(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#theirs.get(number)?.abandon();
      this.#theirs.delete(number);
    }
  }

  /** The other side is gone. */
  closeAll(): void {
    this.abandoned([...this.#theirs.keys()]);
    this.#ours.clear();
  }
}
