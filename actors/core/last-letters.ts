/**
 * When an actor's last letters were handled, for its crash report; the letters themselves lie in its mailbox. Their times
 * are those of the scheduler's slice: a look at the clock for each would cost more than a letter, and so would a note for
 * each.
 */
import type { Letter } from './letter.ts';
import type { Scheduler } from './scheduler.ts';

/** How many are kept. */
export const lastLettersKept = 20;

export interface HandledLetter {
  readonly letter: Letter;
  /** About when its handling began, on the monotonic clock. */
  readonly atMs: number;
}

/** A slice of the scheduler in which it handled letters, from the one of this number on. */
interface Slice {
  readonly atMs: number;
  readonly from: number;
}

export class LetterTimes {
  /** The number of the newest slice. */
  slice = 0;
  /** Letters that it handled and that are not kept. */
  unkept = 0;
  #slices: Slice[] = [];

  /** From the letter of this number on it is another slice. */
  begin({ slices, sliceMs: atMs }: Scheduler, from: number): void {
    this.slice = slices;
    this.#slices.push({ atMs, from });
    // The first of the last ones began no later than the last slice that began before them.
    if (this.#slices.length > lastLettersKept) this.#slices.shift();
  }

  /** The last letters, oldest first; `handled` is the number of the newest. */
  of(letters: readonly Letter[], handled: number): readonly HandledLetter[] {
    const first = handled - letters.length + 1;
    return letters.map((letter, index) => {
      const slice = this.#slices.findLast(({ from }) => from <= first + index);
      return { letter, atMs: (slice ?? (this.#slices[0] as Slice)).atMs };
    });
  }
}
