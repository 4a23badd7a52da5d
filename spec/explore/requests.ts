/** Requests that clients make, and what becomes of each: one answer, its own. */
import type { Begun, OutcomeCheck } from '../../testing/checks/outcomes.ts';
import type { Answered } from './actors.ts';

export class Requests {
  readonly #outcomes: OutcomeCheck;
  readonly #found: string[];
  readonly #begun = new Map<number, Begun>();
  #last = 0;

  constructor(outcomes: OutcomeCheck, found: string[]) {
    this.#outcomes = outcomes;
    this.#found = found;
  }

  /** A number that nobody has. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  begin(tag: number): void {
    this.#begun.set(tag, this.#outcomes.begin(`request ${tag}`));
  }

  answered({ tag, ok, value }: Answered): void {
    this.#begun.get(tag)?.ended(ok ? 'fulfilled' : 'rejected');
    if (ok && value !== tag) this.#found.push(`request ${tag} was answered ${String(value)}`);
  }
}
