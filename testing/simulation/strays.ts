/**
 * Rejections that nobody hears of, while a simulation runs: Node would end the process for one. They belong to the run,
 * as it alone has the process to itself.
 */
import { StrayRejection } from './errors.ts';

export class Strays {
  readonly #reasons: unknown[] = [];
  readonly #hear = (reason: unknown) => void this.#reasons.push(reason);

  /** Listens from now on. */
  constructor() {
    process.on('unhandledRejection', this.#hear);
  }

  /** Listens no longer; answers the first that was heard. */
  async end(): Promise<StrayRejection | undefined> {
    // Node tells of them when nothing else is left to do in this turn.
    await new Promise((resolve) => void setImmediate(resolve));
    process.off('unhandledRejection', this.#hear);
    return this.#reasons.length === 0 ? undefined : new StrayRejection(this.#reasons[0]);
  }
}
