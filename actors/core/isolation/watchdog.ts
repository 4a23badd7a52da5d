/**
 * Looks whether a thread's event loop still turns. It counts its own looks, not the time: when this side stood still
 * itself (or the whole machine slept), the thread has its chance before anybody judges.
 */
import type { Process } from '../process.ts';
import type { Counters } from './counters.ts';

/** So many looks without a sign of life are too many. */
const patience = 5;

export interface WatchdogOptions {
  /** Looks for as long as it lives. */
  readonly process: Process;
  readonly counters: Counters;
  readonly watchdogMs: number;
  readonly stalled: (ms: number) => void;
}

/** How often the thread gives a sign of life: at least once between two looks. */
export const beatMs = (watchdogMs: number): number => Math.min(watchdogMs / patience / 3, 0x7fff_ffff);

export function watchThread({ process, counters, watchdogMs, stalled }: WatchdogOptions): void {
  if (watchdogMs === Number.POSITIVE_INFINITY) return;
  const { clock } = process.system.runtime;
  let seen = counters.beats;
  let lastMs = clock.monotonicMs();
  let misses = 0;
  const look = () => {
    const { beats } = counters;
    if (beats !== seen) {
      seen = beats;
      misses = 0;
      lastMs = clock.monotonicMs();
    } else misses += 1;
    if (misses >= patience) stalled(clock.monotonicMs() - lastMs);
    else process.setDeadline(watchdogMs / patience, look);
  };
  process.setDeadline(watchdogMs / patience, look);
}
