/**
 * Waits until something holds: in simulated time by moving it, in real time by the events of a system. A short beat
 * besides, for what happens without an event; never longer than the deadline.
 */
import { nodeRuntime } from '../actors/core/index.ts';
import { type InSystem, recentEvents } from './recent-events.ts';

/** Time that a test moves: a `Simulation` is one. */
export interface VirtualTime {
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Lets so many milliseconds pass. */
  advance(ms: number): Promise<void>;
}

export interface EventuallyOptions {
  /** How long it may take, in milliseconds of the time that is meant. Default 1,000. */
  readonly withinMs?: number;
  /** Virtual time. Default: real time. */
  readonly on?: VirtualTime;
  /** Whose events wake it. Default: what is looked at, if it belongs to a system. */
  readonly system?: InSystem;
}

/** In virtual time it is looked at so often, at equal distances. */
const looks = 200;
/** The longest time between two looks without an event. */
const beatMs = 20;

/**
 * Calls `attempt` until it does not throw, and answers what it answers. Rejects with its last error when the time is
 * over. Attempts follow one another: one that never ends is never given up.
 */
export async function untilPasses<T>(attempt: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { withinMs = 1_000, on } = options;
  if (!(withinMs >= 0)) throw new RangeError(`eventually: withinMs must not be negative, and is ${withinMs}`);
  return on === undefined ? inRealTime(attempt, withinMs, options.system) : inVirtualTime(attempt, withinMs, on);
}

async function inVirtualTime<T>(attempt: () => T | Promise<T>, withinMs: number, time: VirtualTime): Promise<T> {
  await time.settle();
  for (let look = 0; ; look += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (look >= looks) throw error;
    }
    await time.advance(withinMs / looks);
  }
}

async function inRealTime<T>(
  attempt: () => T | Promise<T>,
  withinMs: number,
  system: InSystem | undefined,
): Promise<T> {
  const { clock } = nodeRuntime();
  const events = system === undefined ? undefined : recentEvents(system);
  const untilMs = clock.monotonicMs() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) throw error;
      await new Promise<void>((resolve) => {
        const wake = () => {
          timer.cancel();
          forget?.();
          resolve();
        };
        const timer = clock.setTimer(Math.min(beatMs, leftMs), wake);
        const forget = events?.onNext(wake);
      });
    }
  }
}
