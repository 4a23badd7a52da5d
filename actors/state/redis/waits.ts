/**
 * Waits for the server: each is over when there is an answer, its time is up, its signal aborts, or all end. They come
 * and go with each command, so they lie in a list of their own: a Set would make garbage that lives on.
 */
import { type ActorSystem, isActorError, type TimerHandle } from '../../core/index.ts';
import type { Attempt } from '../retry.ts';
import { RedisError, redisError } from './errors.ts';

export class Waits {
  readonly system: ActorSystem;
  /** What went wrong with the connection last. */
  readonly last: () => Error | undefined;
  first: Wait | undefined;
  size = 0;

  constructor(system: ActorSystem, last: () => Error | undefined) {
    this.system = system;
    this.last = last;
  }

  /** Ends all of them with this error. */
  end(error: Error): void {
    while (this.first !== undefined) this.first.end(error);
  }
}

export class Wait {
  readonly #waits: Waits;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: TimerHandle;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  #before: Wait | undefined;
  #next: Wait | undefined;
  /** Nobody waits any more. */
  over = false;

  constructor(
    waits: Waits,
    { timeoutMs, signal }: Attempt,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.#waits = waits;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#next = waits.first;
    if (this.#next !== undefined) this.#next.#before = this;
    waits.first = this;
    waits.size += 1;
    this.#timer = waits.system.deadlines.set(timeoutMs, () =>
      this.end(new RedisError('redis_down', `no answer within ${timeoutMs} ms`, { cause: waits.last() })),
    );
    signal?.addEventListener('abort', this, { once: true });
  }

  /** Goes on with what becomes of this; `instead` is tried once when it fails, and rejects with what is to be told. */
  on(work: Promise<unknown>, instead?: (error: Error) => Promise<unknown>): void {
    work.then(
      (value) => {
        if (this.#finish()) this.#resolve(value);
      },
      (error: Error) => {
        if (instead === undefined) this.failed(error);
        else this.on(instead(error));
      },
    );
  }

  failed(error: unknown): void {
    this.end(isActorError(error) ? error : redisError(error, this.#waits.last()));
  }

  end(error: Error): void {
    if (this.#finish()) this.#reject(error);
  }

  /** Of its signal. */
  handleEvent(): void {
    this.end(this.#signal?.reason as Error);
  }

  /** False when it was over before. */
  #finish(): boolean {
    if (this.over) return false;
    this.over = true;
    this.#timer.cancel();
    this.#signal?.removeEventListener('abort', this);
    this.#waits.size -= 1;
    if (this.#next !== undefined) this.#next.#before = this.#before;
    if (this.#before === undefined) this.#waits.first = this.#next;
    else this.#before.#next = this.#next;
    return true;
  }
}
