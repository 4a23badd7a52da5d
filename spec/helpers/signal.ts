/** Something has changed: who waits for a condition looks again. */
export class Signal {
  readonly #waiting = new Set<() => void>();

  fire(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves as soon as the condition holds, now or after a change. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
