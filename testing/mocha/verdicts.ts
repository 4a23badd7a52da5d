/**
 * A test that passed, and left something behind, fails: it, and nobody else. Mocha says that a test has passed before
 * its hooks run, and a hook that fails ends the whole run; so the word is held back until the last hook has looked.
 */
import type Mocha from 'mocha';

type Emit = (this: Mocha.Runner, event: string, ...args: unknown[]) => boolean;

interface RunnerWithFail {
  fail(test: object, error: Error): void;
}

/** What may happen between the end of a test and its last hook. */
const hookEvents: ReadonlySet<string> = new Set(['hook', 'hook end']);

export class Verdicts {
  #held: { readonly runner: Mocha.Runner; readonly test: unknown } | undefined;
  #emit: Emit | undefined;

  /** Holds back, from now on, the word that a test has passed until `release` or `fail`. */
  async start(): Promise<void> {
    if (this.#emit !== undefined) return;
    // Not before it is needed: the library does without mocha.
    const { default: mocha } = await import('mocha');
    const prototype = mocha.Runner.prototype as unknown as { emit: Emit };
    const { emit } = prototype;
    const take = (runner: Mocha.Runner, event: string, test: unknown): boolean => {
      if (event === 'pass') {
        this.#held = { runner, test };
        return true;
      }
      const isOfHeld = this.#held?.runner === runner;
      if (isOfHeld && event === 'test end' && this.#held?.test === test) return true;
      // Whatever else happens, such as a failing hook, comes after the test.
      if (isOfHeld && !hookEvents.has(event)) this.release();
      return false;
    };
    this.#emit = emit;
    prototype.emit = function (event, ...args) {
      return take(this, event, args[0]) || emit.call(this, event, ...args);
    };
  }

  /** The test has passed: now it is told. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    this.#emit?.call(held.runner, 'pass', held.test);
    this.#emit?.call(held.runner, 'test end', held.test);
  }

  /** The test has failed after all. */
  fail(test: object, error: Error): void {
    const held = this.#held;
    this.#held = undefined;
    if (held?.test === test) {
      (held.runner as unknown as RunnerWithFail).fail(test, error);
      this.#emit?.call(held.runner, 'test end', test);
      return;
    }
    // Told already, or of another copy of mocha: then it fails on top of it.
    (test as unknown as { emit(event: 'error', error: Error): void }).emit('error', error);
  }
}
