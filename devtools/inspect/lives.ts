/** The last lives of each place: when each incarnation began and ended, and why. */
import {
  type AnyEvent,
  type Clock,
  type CoreEvent,
  formatExitReason,
  type Pid,
  Recent,
} from '../../actors/core/index.ts';
import type { IncarnationRow } from '../protocol/index.ts';

/** How many places are remembered, and how many lives of each. */
const placesMax = 10_000;
const livesMax = 10;

interface Life {
  readonly pid: string;
  readonly startedAtMs: number | null;
  endedAtMs: number | null;
  reason: string | null;
}

export class Lives {
  readonly #clock: Clock;
  readonly #places = new Recent<string, Life[]>(placesMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(event: AnyEvent): void {
    const told = event as CoreEvent;
    if (told.type === 'actor.started') this.#began(told.pid);
    else if (told.type === 'actor.exited' || told.type === 'actor.not_started') {
      this.#ended(told.pid, formatExitReason(told.reason));
    }
  }

  #began(pid: Pid): void {
    // One without a name never lives again.
    if (pid.number > 0) return;
    const lives = this.#places.get(pid.path) ?? [];
    lives.push({ pid: String(pid), startedAtMs: this.#clock.wallMs(), endedAtMs: null, reason: null });
    if (lives.length > livesMax) lives.shift();
    this.#places.use(pid.path, lives);
  }

  #ended(pid: Pid, reason: string): void {
    if (pid.number > 0) return;
    const lives = this.#places.get(pid.path) ?? [];
    let life = lives.find((one) => one.pid === String(pid));
    if (life === undefined) {
      life = { pid: String(pid), startedAtMs: null, endedAtMs: null, reason: null };
      lives.push(life);
      if (lives.length > livesMax) lives.shift();
    }
    life.endedAtMs = this.#clock.wallMs();
    life.reason = reason;
    this.#places.use(pid.path, lives);
  }

  /** Newest first; `living` is who lives there now; `crashOf` tells the number of the report of an end. */
  of(path: string, living: Pid | undefined, crashOf: (pid: string) => number | null): IncarnationRow[] {
    const lives = [...(this.#places.get(path) ?? [])];
    // It began before anybody took notes.
    if (living !== undefined && !lives.some(({ pid }) => pid === String(living))) {
      lives.push({ pid: String(living), startedAtMs: null, endedAtMs: null, reason: null });
    }
    return lives.reverse().map((life) => ({ ...life, crash: crashOf(life.pid) }));
  }

  startedAtMs(pid: Pid): number | null {
    return this.#places.get(pid.path)?.find((life) => life.pid === String(pid))?.startedAtMs ?? null;
  }
}
