/** What must not be seen: keys that look like secrets, and what the application says besides. */
import type { Clock } from '../../actors/core/index.ts';

/** Called with each key and value that is about to be shown; answers what is shown in its place. */
export type Redact = (key: string, value: unknown) => unknown;

/** Anywhere in a key, whatever its case: `author` is none, `authorization` is one. */
const secretPart = /pass(word|phrase|wd|code)?|secret|token|credential|auth(?!or(?!i[sz]))|private/i;
/** As a word of its own in camelCase, snake_case or kebab-case. */
const secretWord = /(^|[_-])key$|[a-z0-9]Key$|^KEY$|_KEY$/;

/** Numbers of tokens, not tokens: they are what people of language models look for. */
const tokenCount = /tokens?$|tokens?_?(count|used|total|max|limit)$/i;

/** Whether a value under this key is masked. */
export const looksSecret = (key: string, value: unknown): boolean =>
  (secretPart.test(key) || secretWord.test(key)) && !(typeof value === 'number' && tokenCount.test(key));

/** How long the application's redactor may take for one value that is shown, in milliseconds. */
export const redactMs = 25;
/** How many values in a row it may take longer for. */
const lateMax = 3;

/** What a redactor has not let through. */
export const masked = Symbol('masked');

/**
 * Calls the application's redactor. When it throws, or takes too long, what it would see is masked; from then on always,
 * when it has thrown or is late again and again. It runs where the actors do: one that never returns nobody can end.
 */
export class Redactor {
  readonly #redact: Redact | undefined;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #gaveUp: (error: unknown) => void;
  #given = false;
  /** How long it has taken for the value that is shown now, and for how many in a row it took too long. */
  #tookMs = 0;
  #late = 0;

  /** `gaveUp` is told once why it is not called any more. */
  constructor(redact: Redact | undefined, clock: Pick<Clock, 'monotonicMs'>, gaveUp: (error: unknown) => void) {
    this.#redact = redact;
    this.#clock = clock;
    this.#gaveUp = gaveUp;
  }

  /** Another value is shown. */
  begin(): void {
    if (this.#tookMs <= redactMs) this.#late = 0;
    this.#tookMs = 0;
  }

  /** What is shown in the place of a value. */
  of(key: string, value: unknown): unknown {
    if (this.#redact === undefined) return value;
    if (this.#given || this.#tookMs > redactMs) return masked;
    const startMs = this.#clock.monotonicMs();
    try {
      return this.#redact(key, value);
    } catch (error) {
      this.#giveUp(error);
      return masked;
    } finally {
      this.#tookMs += this.#clock.monotonicMs() - startMs;
      if (this.#tookMs > redactMs) this.#wasLate();
    }
  }

  #wasLate(): void {
    this.#late += 1;
    if (this.#late >= lateMax) this.#giveUp(new Error(`it took over ${redactMs} ms for a value, ${lateMax} times`));
  }

  #giveUp(error: unknown): void {
    if (this.#given) return;
    this.#given = true;
    this.#gaveUp(error);
  }
}
