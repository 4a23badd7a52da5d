/**
 * Root hooks for mocha: what is there is noted before each test, and what is there more after it, when all is quiet,
 * fails that test by name and place, and is ended, so that the next one is not blamed.
 */
import { formatLeft, type Left } from '../leaks/left.ts';
import { type LeakOptions, LeakRecorder, type LeakSnapshot } from '../leaks/recorder.ts';
import { Verdicts } from './verdicts.ts';
import { watchdog } from './watchdog.ts';

export interface LeakHookOptions extends LeakOptions {
  /**
   * How long the process may go on after the last test, in milliseconds; then what holds it open is printed, and it
   * exits with code 1. Default 5,000.
   */
  readonly hangMs?: number;
}

/** What mocha gives its hooks, as far as these need it: the library does without mocha's types. */
export interface HookContext {
  timeout(ms: number): unknown;
  readonly currentTest?: { readonly state?: string | undefined } | undefined;
}

type Hook = (this: HookContext) => Promise<void>;

/** What a module for `mocha --require` exports. */
export interface LeakHooks {
  readonly mochaHooks: Readonly<Record<'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll', Hook>>;
  readonly mochaGlobalTeardown: () => void;
}

/** A test, or what is around tests, has left something behind. */
export class LeakError extends Error {
  readonly left: readonly Left[];

  constructor(what: string, left: readonly Left[]) {
    super(`${what} left behind:\n${formatLeft(left)}`);
    this.name = new.target.name;
    this.left = left;
    // Where this was found out is of no use to anybody.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** Makes the hooks; notes where things are made from the call on. Call it once for a run, in a module of its own. */
export function leakHooks(options: LeakHookOptions = {}): LeakHooks {
  const { graceMs = 1_000, hangMs = 5_000 } = options;
  const recorder = new LeakRecorder(options);
  const verdicts = new Verdicts();
  recorder.start();
  let beforeAll: LeakSnapshot | undefined;
  let before: LeakSnapshot | undefined;

  const timeoutMs = 2 * graceMs + 10_000;
  const mochaHooks: LeakHooks['mochaHooks'] = {
    async beforeAll() {
      this.timeout(timeoutMs);
      await verdicts.start();
      beforeAll = await recorder.snapshot();
    },
    async beforeEach() {
      this.timeout(timeoutMs);
      before = await recorder.snapshot();
    },
    async afterEach() {
      this.timeout(timeoutMs);
      const test = this.currentTest;
      const left = before === undefined ? [] : await recorder.leftSince(before);
      // One that has failed may well have left something; why it failed is what matters.
      if (left.length > 0 && test?.state === 'passed') verdicts.fail(test, new LeakError('the test', left));
      else verdicts.release();
      await recorder.free(left);
    },
    async afterAll() {
      this.timeout(timeoutMs);
      const left = beforeAll === undefined ? [] : await recorder.leftSince(beforeAll);
      await recorder.free(left);
      if (left.length > 0) throw new LeakError('a hook around the tests', left);
    },
  };
  return { mochaHooks, mochaGlobalTeardown: () => watchdog(recorder, hangMs) };
}
