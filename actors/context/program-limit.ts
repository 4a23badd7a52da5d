/** The time of a run that goes on here: its deadline and its caller's signal, as one signal that ends what waits. */
import { type ActorSystem, CallTimeoutError } from '../core/index.ts';

export class RunLimit {
  readonly #controller = new AbortController();
  readonly #release: () => void;

  /** Throws the signal's reason when it has aborted already. */
  constructor(system: ActorSystem, target: string, timeoutMs: number, given: AbortSignal | undefined) {
    given?.throwIfAborted();
    const controller = this.#controller;
    const timer = Number.isFinite(timeoutMs)
      ? system.deadlines.set(timeoutMs, () => controller.abort(new CallTimeoutError(target, timeoutMs)))
      : undefined;
    const passOn = (): void => controller.abort(given?.reason);
    given?.addEventListener('abort', passOn, { once: true });
    this.#release = () => {
      timer?.cancel();
      given?.removeEventListener('abort', passOn);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the work answers, or the reason why nobody waits for it any more; then what becomes of it is not heard. */
  race<T>(work: T | PromiseLike<T>): Promise<T> {
    const { signal } = this.#controller;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      const done = (): void => signal.removeEventListener('abort', giveUp);
      Promise.resolve(work).then(resolve, reject).finally(done);
      if (signal.aborted) giveUp();
    });
  }

  /** Nothing waits for its time any more. */
  end(): void {
    this.#release();
  }

  /** What it has left behind hears that nobody wants it. */
  giveUp(): void {
    this.#controller.abort(new DOMException('the run was given up', 'AbortError'));
  }
}
