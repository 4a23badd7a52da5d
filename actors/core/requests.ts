/**
 * Calls as futures: an actor sends several requests, does something else, and takes the answers when it likes (OTP's
 * send_request, receive_response and wait_response, otp S-168).
 */
import { place } from './call.ts';
import { each, type Few, minus, plus } from './few.ts';
import { From, type Outcome } from './from.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorRef } from './ref.ts';
import type { TimerHandle } from './runtime.ts';

/** What came of a request. `error`: the server answered an error, ended, or was not there. */
export type ResponseOutcome<V = unknown> =
  | { readonly type: 'reply'; readonly value: V }
  | { readonly type: 'error'; readonly error: Error }
  | { readonly type: 'timeout' };

export interface WaitOptions {
  /** Default: no limit. */
  readonly timeoutMs?: number;
}

/** A request whose answer can be waited for. Made with `ctx.sendRequest`. */
export class PendingRequest<V = unknown> {
  readonly #asking: Process;
  readonly #from: From;
  #outcome: ResponseOutcome<V> | undefined;
  /** Told once each, when the answer comes. */
  #waiting: Few<(outcome: ResponseOutcome<V>) => void> = undefined;

  constructor(asking: Process, caller: Pid, to: ActorRef, name: string, arg: unknown) {
    this.#asking = asking;
    this.#from = new From((outcome) => this.#answered(outcome), caller);
    place(to, to.process, this.#from, Number.POSITIVE_INFINITY, (from) => ({
      kind: 'call',
      name,
      arg,
      from,
      sender: from.caller,
    }));
  }

  #answered(outcome: Outcome): void {
    const answer: ResponseOutcome<V> = outcome.ok
      ? { type: 'reply', value: outcome.value as V }
      : { type: 'error', error: outcome.error };
    this.#outcome = answer;
    each(this.#waiting, (settle) => settle(answer));
  }

  /** Takes the answer. When it does not come in time the request is given up: a late answer vanishes. */
  async receive(options: WaitOptions = {}): Promise<ResponseOutcome<V>> {
    const outcome = await this.wait(options);
    if (outcome.type === 'timeout') this.abandon();
    return outcome;
  }

  /** Takes the answer. When it does not come in time, it may be waited for again. */
  wait({ timeoutMs = Number.POSITIVE_INFINITY }: WaitOptions = {}): Promise<ResponseOutcome<V>> {
    if (this.#outcome !== undefined) return Promise.resolve(this.#outcome);
    return new Promise((resolve) => {
      let timer: TimerHandle | undefined;
      const settle = (outcome: ResponseOutcome<V>) => {
        this.#waiting = minus(this.#waiting, settle);
        this.#asking.cancelDeadline(timer);
        this.#asking.goOn(() => resolve(outcome));
      };
      this.#waiting = plus(this.#waiting, settle);
      if (timeoutMs <= 0) settle({ type: 'timeout' });
      else if (timeoutMs !== Number.POSITIVE_INFINITY) {
        timer = this.#asking.setDeadline(timeoutMs, () => settle({ type: 'timeout' }));
      }
    });
  }

  /** Gives the request up; the server is not told. */
  abandon(): void {
    this.#from.abandon();
  }
}
