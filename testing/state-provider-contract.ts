/**
 * The laws of StateProvider as mocha tests, for any backend: `stateProviderContract('local', () => ...)`. The numbers
 * are those of the laws in actors/state/provider.ts.
 */
import type { StateProvider } from '../actors/state/index.ts';
import { accessLaws } from './state-laws/access.ts';
import { commitLaws } from './state-laws/commits.ts';
import { computedLaws } from './state-laws/computed.ts';
import { crashLaws } from './state-laws/crashes.ts';
import { dependencyLaws } from './state-laws/dependencies.ts';
import { loadChai } from './state-laws/expect.ts';
import { portLaws } from './state-laws/exports.ts';
import { lifeLaws } from './state-laws/lives.ts';
import { lockLaws } from './state-laws/locks.ts';
import { pastLaws } from './state-laws/pasts.ts';
import { readerLaws } from './state-laws/readers.ts';
import { secretLaws } from './state-laws/secrets.ts';
import type { LawBook } from './state-laws/subject.ts';
import { valueLaws } from './state-laws/values.ts';
import { watchLaws } from './state-laws/watches.ts';

export { contractFunctions } from './state-laws/computed.ts';

/** A provider to be judged, fresh for each test, and what can be done to it. */
export interface StateSubject {
  /** Knows `contractFunctions`. */
  readonly provider: StateProvider;
  /** Ways to crash something below, by name. What was crashed comes back by itself. */
  readonly crashes: Readonly<Record<string, (sessionId: string) => void | Promise<void>>>;
  /** Lets this much time pass for times to live. */
  pass(ms: number): void | Promise<void>;
  /** How many commits are kept at most. */
  readonly historyMax: number;
  /** Frees everything; fails when something is left. */
  dispose(): Promise<void>;
}

/** Call it at the top of a spec file. `make` is called before each test. */
export function stateProviderContract(name: string, make: () => StateSubject | Promise<StateSubject>): void {
  describe(`the laws of StateProvider: ${name}`, () => {
    let subject: StateSubject | undefined;
    before(loadChai);
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(async () => {
      const done = subject;
      subject = undefined;
      await done?.dispose();
    });
    const book: LawBook = {
      get subject() {
        if (subject === undefined) throw new Error('stateProviderContract: there is a subject only during a test');
        return subject;
      },
    };
    commitLaws(book);
    valueLaws(book);
    watchLaws(book);
    crashLaws(book);
    portLaws(book);
    pastLaws(book);
    secretLaws(book);
    lockLaws(book);
    dependencyLaws(book);
    computedLaws(book);
    accessLaws(book);
    readerLaws(book);
    lifeLaws(book);
  });
}
