/**
 * `From`: whom to answer. One call has one outcome; whatever comes after it (a second reply, a late one)
 * vanishes, as with OTP's alias (otp S-153).
 */
import { Deadline } from './deadlines.ts';
import { CallTimeoutError } from './errors.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

export class From extends Deadline {
  /** Who asked; undefined when it was no actor. */
  readonly caller: Pid | undefined;
  /** The process that took the call and has not answered yet; it fails the call when it ends. */
  holder: Process | undefined = undefined;
  /** Who was asked, for the error of a deadline. */
  target = '';
  timeoutMs = 0;
  #settled = false;
  readonly #deliver: ((outcome: Outcome) => void) | undefined;

  /** `deliver` is told the outcome, unless the call is given up before. */
  constructor(deliver?: (outcome: Outcome) => void, caller?: Pid) {
    super();
    this.#deliver = deliver;
    this.caller = caller;
  }

  get settled(): boolean {
    return this.#settled;
  }

  reply(value: unknown): void {
    if (this.#settle()) this.answered(value);
  }

  fail(error: Error): void {
    if (this.#settle()) this.failed(error);
  }

  /** Gives the call up: no outcome will be delivered. */
  abandon(): void {
    this.#settle();
  }

  /** The deadline of the call has come; who was asked is not told, and goes on (otp S-152). */
  expire(): void {
    this.fail(new CallTimeoutError(this.target, this.timeoutMs));
  }

  protected answered(value: unknown): void {
    this.#deliver?.({ ok: true, value });
  }

  protected failed(error: Error): void {
    this.#deliver?.({ ok: false, error });
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.list !== undefined) this.cancel();
    if (this.holder !== undefined) {
      this.holder.settled(this);
      this.holder = undefined;
    }
    return true;
  }
}
