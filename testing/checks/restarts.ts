/**
 * The restarts of one supervisor that count for its budget, and when. One that a death causes counts when the supervisor
 * hears of it, which it reports. One that is tried again, or later, counts at some moment that nobody is told: between
 * what it did last and the first start. Slow stops and inits therefore change nothing, or make the judgement milder.
 */
import type { Pid } from '../../actors/core/index.ts';

/** A child that was started, or was to be. */
export interface Start {
  /** Its place among its siblings. */
  readonly index: number;
  readonly atMs: number;
  readonly at: number;
  /** Undefined when it failed. */
  readonly pid: Pid | undefined;
  /** Whether its supervisor said that it started it again. */
  isRestart: boolean;
}

/** Counted at some moment from `fromMs` to `toMs`. */
interface Counted {
  readonly fromMs: number;
  readonly toMs: number;
}

export class Restarts {
  readonly #inGroups: boolean;
  readonly #counted: Counted[] = [];
  readonly #rounds: Start[] = [];
  /** What was counted, and has started nobody yet. */
  #pending: string | undefined;
  /** Whether the next start belongs to the round of the one before. */
  #goesOn = false;
  #lastMs = 0;
  #gaveUpAtMs: number | undefined;

  constructor(inGroups: boolean) {
    this.#inGroups = inGroups;
  }

  /** The first start of each restart. */
  get rounds(): readonly Start[] {
    return this.#rounds;
  }

  /** The end of this child is answered by a restart. */
  decided(id: string, atMs: number): void {
    this.#counted.push({ fromMs: atMs, toMs: atMs });
    this.#pending = id;
    this.#goesOn = false;
    this.#lastMs = atMs;
  }

  /** Not now: it counts when the wait is over. */
  waits(atMs: number): void {
    if (this.#pending !== undefined) this.#counted.pop();
    this.#pending = undefined;
    this.#goesOn = false;
    this.#lastMs = atMs;
  }

  /** The restart that this one wanted is not done. */
  gaveUp(id: string, atMs: number): void {
    if (this.#pending === id) this.#counted.pop();
    this.#gaveUpAtMs = atMs;
  }

  /** A child was started again, or that failed. */
  started(start: Start, atMs: number): void {
    if (!this.#goesOn) {
      this.#rounds.push(start);
      if (this.#pending === undefined) this.#counted.push({ fromMs: this.#lastMs, toMs: start.atMs });
    }
    this.#pending = undefined;
    this.#goesOn = this.#inGroups && start.pid !== undefined;
    this.#lastMs = atMs;
  }

  /** Whether more were done than `maxRestarts` in a window of `periodMs`, for certain. */
  isOver(maxRestarts: number, periodMs: number): boolean {
    return this.#counted.some(
      ({ toMs }, index) =>
        this.#counted.slice(0, index).filter(({ fromMs }) => toMs <= fromMs + periodMs).length >= maxRestarts,
    );
  }

  /** Whether it gave up with less than `maxRestarts` in the window of `periodMs`, for certain. */
  gaveUpEarly(maxRestarts: number, periodMs: number): boolean {
    const nowMs = this.#gaveUpAtMs;
    if (nowMs === undefined) return false;
    return this.#counted.filter(({ toMs }) => nowMs <= toMs + periodMs).length < maxRestarts;
  }
}
