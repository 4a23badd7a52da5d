/** Counts the turns that the event loop has, until it is disposed of. */
export class TurnCount implements Disposable {
  count = 0;
  readonly #turned: () => void;
  #ended = false;

  /** `turned` is called in each. */
  constructor(turned: () => void = () => {}) {
    this.#turned = turned;
    this.#wait();
  }

  #wait(): void {
    setImmediate(() => {
      if (this.#ended) return;
      this.count += 1;
      this.#turned();
      this.#wait();
    });
  }

  [Symbol.dispose](): void {
    this.#ended = true;
  }
}
