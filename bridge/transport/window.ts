/**
 * How much a worker may send: credit for bytes, granted by who receives. Counted from the beginning of the incarnation,
 * so that nothing of it is lost with a connection. Pure.
 */
import { ProtocolError } from '../../actors/core/index.ts';

/** What an envelope counts besides its payload, on both sides: so that empty ones are not free. */
export const envelopeBytes = 64;

export class Window {
  readonly #size: number;
  #received = 0;
  /** What was handed on, and nobody is done with yet. */
  #held = 0;
  #granted = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** An envelope came. Throws ProtocolError when the worker had no credit for it. */
  take(payloadBytes: number): void {
    this.#received += payloadBytes + envelopeBytes;
    if (this.#granted > 0 && this.#received > this.#granted) {
      throw new ProtocolError(`the worker sent ${this.#received} bytes; its credit was ${this.#granted}`);
    }
  }

  /** A whole message is handed on; `release` it when it was handled. */
  hold(payloadBytes: number): void {
    this.#held += payloadBytes + envelopeBytes;
  }

  release(payloadBytes: number): void {
    this.#held -= payloadBytes + envelopeBytes;
  }

  /** True when the worker should be told, even if there is nothing else to say. */
  get due(): boolean {
    return this.#received - this.#held + this.#size - this.#granted >= this.#size / 4;
  }

  /** What is said to the worker now; it never goes back. */
  grant(): number {
    this.#granted = Math.max(this.#granted, this.#received - this.#held + this.#size);
    return this.#granted;
  }
}
