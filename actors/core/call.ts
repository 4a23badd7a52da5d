/**
 * Calls: one question, one outcome, a deadline. From outside an actor a promise settles at once; an actor that says
 * that it is the caller goes on in its own turn, and not at all once it has ended (otp S-152 to S-154, S-277).
 */
import { ActorDownError, ActorError } from './errors.ts';
import { exitReason } from './exit-reason.ts';
import { From } from './from.ts';
import type { Letter } from './letter.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorRef } from './ref.ts';
import type { Scheduler } from './scheduler.ts';

/** What everything that waits takes. */
export interface CallOptions {
  /** How long to wait, in milliseconds. Default 5,000; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Gives up when it aborts: the call rejects with its reason. */
  readonly signal?: AbortSignal;
  /**
   * The actor that asks, its `ctx`: it goes on in its turn and never after its end, and cannot ask itself. Default:
   * code outside any actor.
   */
  readonly caller?: { readonly self: Pid };
}

export const defaultCallTimeoutMs = 5_000;

/**
 * Calls a server and waits for the one outcome. A target that is not there or dies rejects at once; a reply that
 * comes after the timeout vanishes.
 */
export function call(ref: ActorRef, name: string, arg: unknown, options?: CallOptions): Promise<unknown> {
  return ask(ref, options, (from) => ({
    kind: 'call',
    name,
    arg,
    from,
    sender: from.caller ?? ref.system.current?.pid,
  }));
}

/**
 * Asks by a system letter: `answer` runs in the target's turn, also while it is suspended (otp S-187). Fails as a
 * call does, and with what `answer` throws.
 */
export function askSystem<T>(
  ref: ActorRef,
  answer: (process: Process) => T | Promise<T>,
  options?: CallOptions,
): Promise<T> {
  const letter = (from: From, process: Process): Letter => ({
    kind: 'system',
    from,
    work: () => answered(from, () => answer(process)),
  });
  return ask(ref, options, letter) as Promise<T>;
}

function answered(from: From, answer: () => unknown): void | Promise<void> {
  try {
    const result = answer();
    if (!(result instanceof Promise)) from.reply(result);
    else {
      return result.then(
        (value) => from.reply(value),
        (error: Error) => from.fail(error),
      );
    }
  } catch (error) {
    from.fail(error as Error);
  }
}

/** A question that somebody waits for. It listens for its own abort: no closure for each call. */
class Question extends From {
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  /** The actor that asks. */
  readonly #asking: Process | undefined;
  #signal: AbortSignal | undefined;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void, caller: Pid | undefined) {
    super(undefined, caller);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#asking = caller === undefined ? undefined : Pid.processOf(caller);
  }

  /** Whoever asks: undefined outside all actors. */
  asking(scheduler: Scheduler): unknown {
    return this.#asking ?? scheduler.running;
  }

  protected override answered(value: unknown): void {
    this.#signal?.removeEventListener('abort', this);
    if (this.#asking === undefined) this.#resolve(value);
    else this.#asking.goOn(() => this.#resolve(value));
  }

  protected override failed(error: Error): void {
    this.#signal?.removeEventListener('abort', this);
    if (this.#asking === undefined) this.#reject(error);
    else this.#asking.goOn(() => this.#reject(error));
  }

  /** Gives up when the signal aborts. */
  heed(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', this, { once: true });
  }

  handleEvent(): void {
    this.abandon();
    const reason: unknown = this.#signal?.reason;
    if (this.#asking === undefined) this.#reject(reason);
    else this.#asking.goOn(() => this.#reject(reason));
  }
}

const noOptions: CallOptions = {};

/** Puts a question of any kind, made for whoever is there now, and waits for its outcome. */
export function ask(
  ref: ActorRef,
  options: CallOptions = noOptions,
  letter: (from: From, process: Process) => Letter,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { timeoutMs = defaultCallTimeoutMs, signal, caller } = options;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const from = new Question(resolve, reject, caller?.self);
    if (signal !== undefined) from.heed(signal);
    const { process } = ref;
    // An actor that waits for itself waits for ever (otp S-154).
    if (process !== undefined && process === from.asking(ref.system.scheduler)) {
      from.fail(new ActorError('calling_self', `${ref.path}: an actor cannot call itself`));
    } else place(ref, process, from, timeoutMs, letter);
  });
}

/** Puts a question into a mailbox, with its deadline. */
export function place(
  ref: ActorRef,
  process: Process | undefined,
  from: From,
  timeoutMs: number,
  letter: (from: From, process: Process) => Letter,
): void {
  try {
    if (process === undefined || !process.accept(letter(from, process))) {
      from.fail(new ActorDownError(ref.path, exitReason.noproc));
      return;
    }
  } catch (error) {
    from.fail(error as Error);
    return;
  }
  if (timeoutMs === Number.POSITIVE_INFINITY) return;
  from.target = ref.path;
  from.timeoutMs = timeoutMs;
  // No time at all is over before the target has its turn.
  if (timeoutMs <= 0) from.expire();
  else ref.system.deadlines.add(timeoutMs, from);
}
