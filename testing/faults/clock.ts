/**
 * A clock under faults: wall time that jumps, time that goes slowly, timers that come early, late, or not before they
 * are healed.
 */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';
import type { FaultSet } from './fault-set.ts';
import { Pace } from './pace.ts';

const wall = { point: 'clock.wall' } as const;
const timerSet = { point: 'clock.timer' } as const;

export function faultyClock(clock: Clock, set: FaultSet): Clock {
  const pace = new Pace(clock, set);
  return {
    // Never goes back, whatever the faults.
    monotonicMs: () => pace.nowMs(),
    wallMs() {
      const { task } = (set.concerns('clock.wall') && set.decide(wall)) || {};
      return clock.wallMs() - pace.behindMs() + (task?.do === 'shift' ? task.ms : 0);
    },
    setTimer(ms, fire) {
      const { rule, task } = (set.concerns('clock.timer') && set.decide(timerSet)) || {};
      if (rule === undefined || task === undefined) return pace.setTimer(ms, fire);
      // However early, time goes on: who waits for the rest would otherwise wait for ever.
      if (task.do === 'delay' && task.ms < 0) return pace.setTimer(Math.max(Math.min(ms, 1), ms + task.ms), fire);
      let callOff: (() => void) | undefined;
      // Due, it waits on; healed before that, it is in time.
      const timer: TimerHandle = pace.setTimer(ms, () => {
        if (rule.healed) fire();
        else callOff = task.do === 'delay' ? rule.later(task.ms, fire) : rule.untilHealed(task, fire);
      });
      return {
        cancel() {
          timer.cancel();
          callOff?.();
        },
      };
    },
  };
}
