/**
 * `From`: whom to answer. One call has one outcome; whatever comes after it (a second reply, a late one)
 * vanishes, as with OTP's alias (otp S-153).
 */

import type { Process } from './process.ts';
import type { TimerHandle } from './runtime.ts';

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

export class From {
  /** The process that took the call and has not answered yet; it fails the call when it ends. */
  holder: Process | undefined;
  timer: TimerHandle | undefined;
  #deliver: ((outcome: Outcome) => void) | undefined;

  constructor(deliver: (outcome: Outcome) => void) {
    this.#deliver = deliver;
  }

  get settled(): boolean {
    return this.#deliver === undefined;
  }

  reply(value: unknown): void {
    this.settle({ ok: true, value });
  }

  fail(error: Error): void {
    this.settle({ ok: false, error });
  }

  settle(outcome: Outcome): void {
    const deliver = this.#deliver;
    if (deliver === undefined) return;
    this.#deliver = undefined;
    this.timer?.cancel();
    this.holder?.deferred?.delete(this);
    this.holder = undefined;
    deliver(outcome);
  }

  /** Gives the call up: no outcome will be delivered. */
  abandon(): void {
    this.#deliver = undefined;
    this.timer?.cancel();
    this.holder?.deferred?.delete(this);
    this.holder = undefined;
  }
}
