/**
 * The choice tape: every free choice of a run is one record (number, point, choice, out of). 0 is always the plainest
 * one: the oldest first, no fault. A tape can be played again, and shrunk towards zeros.
 */
import type { RandomStream } from './random.ts';

export interface Choice {
  /** What was chosen, such as `schedule` or `fault r1`. */
  readonly point: string;
  /** From 0 to `of` - 1. */
  readonly choice: number;
  readonly of: number;
}

export type Tape = readonly Choice[];

/** A tape was played on a run that asks for something else: the first choice that differs. */
export class TapeDivergence extends Error {
  readonly number: number;
  readonly onTape: Choice | undefined;
  readonly asked: Omit<Choice, 'choice'>;

  constructor(number: number, onTape: Choice | undefined, asked: Omit<Choice, 'choice'>) {
    const was = onTape === undefined ? 'the tape is at its end' : `the tape has '${onTape.point}' of ${onTape.of}`;
    super(`choice ${number}: the run asks '${asked.point}' of ${asked.of}, and ${was}`);
    this.name = new.target.name;
    this.number = number;
    this.onTape = onTape;
    this.asked = asked;
  }
}

/** The probability of anything but 0, or the one to take; undefined: all are equally likely. */
export type Likely = number | (() => number) | undefined;

/** Where the choices of a run come from. */
export interface Chooser {
  /** A number in [0, of). */
  choose(number: number, point: string, of: number, likely: Likely): number;
}

/** Draws from a stream for each kind of point, so that one more fault changes no schedule. */
export function seeded(stream: RandomStream): Chooser {
  const streams = new Map<string, RandomStream>();
  return {
    choose(_number, point, of, likely) {
      if (typeof likely === 'function') return likely();
      const space = point.indexOf(' ');
      const kind = space < 0 ? point : point.slice(0, space);
      let own = streams.get(kind);
      if (own === undefined) {
        own = stream.split(kind);
        streams.set(kind, own);
      }
      if (likely === undefined) return own.below(of);
      return own.next() < likely ? 1 + own.below(of - 1) : 0;
    },
  };
}

/** Plays a tape; a run that asks for anything else, or more, ends with TapeDivergence. */
export function replayed(tape: Tape): Chooser {
  return {
    choose(number, point, of) {
      const choice = tape[number];
      if (choice === undefined || choice.point !== point || choice.of !== of) {
        throw new TapeDivergence(number, choice, { point, of });
      }
      return choice.choice;
    },
  };
}

/** Plays what fits of a list of choices, and the plainest one behind its end: for shrinking. */
export function guided(choices: readonly number[]): Chooser {
  return { choose: (number, _point, of) => Math.min(choices[number] ?? 0, of - 1) };
}

/** The choices of one run, as they are made. */
export class Choices {
  readonly tape: Choice[] = [];
  readonly #chooser: Chooser;
  readonly #told: (number: number, choice: Choice) => void;

  constructor(chooser: Chooser, told: (number: number, choice: Choice) => void) {
    this.#chooser = chooser;
    this.#told = told;
  }

  /** Chooses one of several, and writes it down. One of one is no choice. */
  choose(point: string, of: number, likely?: Likely): number {
    if (of < 2) return 0;
    const number = this.tape.length;
    const choice = { point, choice: this.#chooser.choose(number, point, of, likely), of };
    this.tape.push(choice);
    this.#told(number, choice);
    return choice.choice;
  }
}
