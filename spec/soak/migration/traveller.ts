/** A session that moves, as a context has one: who uses it waits while it moves, and goes on where it has gone. */
import { isDeepStrictEqual } from 'node:util';
import { type MoveOptions, moveSession, type StateProvider, type StateSession } from '../../../actors/state/index.ts';

export class Traveller {
  session: StateSession;
  /** Copies that were not what they were copied of, in words. */
  readonly wrong: string[] = [];
  #moving: Promise<void> | undefined;

  constructor(session: StateSession) {
    this.session = session;
  }

  /** Where it is, once it does not move. */
  readonly find = async (): Promise<StateSession> => {
    while (this.#moving !== undefined) await this.#moving;
    return this.session;
  };

  /** Rejects as `moveSession` does; then it is where it was. */
  async move(to: StateProvider, options: MoveOptions = {}): Promise<void> {
    const before = this.session;
    let arrived = (): void => {};
    this.#moving = new Promise((resolve) => {
      arrived = resolve;
    });
    try {
      await moveSession(before, to, {
        ...options,
        swap: async (now) => {
          this.session = now;
          if (now !== before && !isDeepStrictEqual(await now.export(), await before.export()))
            this.wrong.push(`the copy on ${now.kind} is not what was on ${before.kind}`);
          await options.swap?.(now);
        },
      });
    } finally {
      this.#moving = undefined;
      arrived();
    }
  }
}
