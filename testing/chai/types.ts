/** What `ophionChai` adds to chai's assertions. */
import type { ExitReason } from '../../actors/core/index.ts';
import type { EventuallyOptions } from '../eventually.ts';
import type { LinearizabilityOptions } from '../linearizability/check.ts';
import type { Model } from '../model.ts';

export interface ExitedOptions {
  /** Its kind, such as `killed`; the whole reason; or the class of the error. Default: any. */
  readonly reason?: ExitReason['kind'] | ExitReason | (abstract new (...args: never[]) => Error);
}

export interface RestartedOptions {
  /** Only restarts of the last so many milliseconds, in the time of the system, count. Default: all. */
  readonly within?: number;
}

/** Assertions that come true in their time: to be awaited. */
export type Later<T> = PromiseLike<void> & {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => unknown
    ? ((...args: A) => Later<Chai.Assertion>) & Later<T[K]>
    : Later<T[K]>;
};

/** `eventually`, or `eventually({ withinMs: 500 })`. */
export type Eventually = Later<Chai.Assertion> & ((options: EventuallyOptions) => Later<Chai.Assertion>);

declare global {
  namespace Chai {
    interface Assertion {
      /** Somebody lives there, or this incarnation does. */
      alive: Assertion;
      /** Who lived there has ended, at least once, the last time with this reason. */
      exited(options?: ExitedOptions): Assertion;
      /** Who lives there was started again by its supervisor just so often. */
      restarted(times: number, options?: RestartedOptions): Assertion;
      /** So many letters wait there. */
      mailboxLength(length: number): Assertion;
      /** The living children of a supervisor, in start order. */
      childrenInOrder(ids: readonly string[]): Assertion;
      /** A history that one object could have made that does one thing after the other. */
      linearizable<S, O, R>(model: Model<S, O, R>, options?: LinearizabilityOptions): Assertion;
      /** A system without orphans; one that was stopped, with nothing left at all. */
      noLeaks: Assertion;
      /**
       * Waits until what follows holds, 1,000 ms at most: `await expect(ref).to.eventually.be.alive`. A function is
       * called for its value each time: `await expect(() => count).to.eventually.equal(3)`.
       */
      eventually: Eventually;
    }
  }
}
