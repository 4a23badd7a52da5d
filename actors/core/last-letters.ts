/**
 * The letters that an actor has handled last, for its crash report. Kept as references: an actor that does not crash pays
 * for no text. Their times are those of the scheduler's slice, a look at the clock for each would cost more than a letter.
 */
import type { Letter } from './letter.ts';

/** How many are kept. */
export const lastLettersKept = 20;

export interface HandledLetter {
  readonly letter: Letter;
  /** About when its handling began, on the monotonic clock. */
  readonly atMs: number;
}

export class LastLetters {
  readonly #letters: Letter[] = [];
  readonly #times: number[] = [];
  #next = 0;

  add(letter: Letter, atMs: number): void {
    this.#letters[this.#next] = letter;
    this.#times[this.#next] = atMs;
    this.#next = this.#next === lastLettersKept - 1 ? 0 : this.#next + 1;
  }

  /** Oldest first. */
  list(): readonly HandledLetter[] {
    const start = this.#letters.length < lastLettersKept ? 0 : this.#next;
    return this.#letters.map((_, index) => {
      const at = (start + index) % this.#letters.length;
      return { letter: this.#letters[at] as Letter, atMs: this.#times[at] as number };
    });
  }
}
