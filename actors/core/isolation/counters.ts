/**
 * Numbers that both sides of a thread see at any time, also while one of them is stuck: that it lives, and how many
 * letters it has taken.
 */

const beats = 0;
const handled = 1;
const taken = 2;

export class Counters {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  /** How often the thread's event loop has turned. */
  get beats(): number {
    return Atomics.load(this.#cells, beats);
  }

  beat(): void {
    Atomics.add(this.#cells, beats, 1);
  }

  /** Letters to the isolated actor that it has handled. */
  get handled(): number {
    return Atomics.load(this.#cells, handled);
  }

  handle(): void {
    Atomics.add(this.#cells, handled, 1);
  }

  /** Letters out of the thread that the host has taken. */
  get taken(): number {
    return Atomics.load(this.#cells, taken);
  }

  take(): void {
    Atomics.add(this.#cells, taken, 1);
  }
}

/** How many are on their way: both counts go round. */
export const onTheWay = (sent: number, arrived: number): number => (sent - arrived) | 0;
