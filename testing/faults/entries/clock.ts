/** Faults of the clock. Monotonic time never goes back. */
import { entry } from './entry.ts';

export const clockEntries = {
  wallForward: entry<{ readonly ms?: number }>('wall time is ahead', 'right again', ({ ms = 3_600_000 }) => ({
    point: 'clock.wall',
    task: { do: 'shift', ms },
  })),
  wallBack: entry<{ readonly ms?: number }>('wall time is behind', 'right again', ({ ms = 3_600_000 }) => ({
    point: 'clock.wall',
    task: { do: 'shift', ms: -ms },
  })),
  slow: entry<{ readonly factor?: number }>(
    'time goes slowly, half as fast unless told otherwise: deadlines come late by everybody else’s clock',
    'goes on at the right pace from where it is; wall time is right again; timers that are due by then fire',
    ({ factor = 0.5 }) => ({ point: 'clock.rate', task: { do: 'rate', factor } }),
  ),
  timerEarly: entry<{ readonly ms?: number }>('timers fire early', 'deadlines wait for the rest', ({ ms = 10 }) => ({
    point: 'clock.timer',
    task: { do: 'delay', ms: -ms },
  })),
  timerLate: entry<{ readonly ms?: number }>('timers fire late', 'fires; healed, at once', ({ ms = 100 }) => ({
    point: 'clock.timer',
    task: { do: 'delay', ms },
  })),
  timerLost: entry('timers do not fire', 'healed, those that are due fire', () => ({
    point: 'clock.timer',
    task: { do: 'drop' },
  })),
} as const;
