/** A clock under faults: wall time that jumps, timers that come early, late, or not before they are healed. */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';
import type { FaultSet } from './fault-set.ts';

const wall = { point: 'clock.wall' } as const;
const timerSet = { point: 'clock.timer' } as const;

export function faultyClock(clock: Clock, set: FaultSet): Clock {
  return {
    // Never goes back, whatever the faults.
    monotonicMs: () => clock.monotonicMs(),
    wallMs() {
      const { task } = (set.concerns('clock.wall') && set.decide(wall)) || {};
      return clock.wallMs() + (task?.do === 'shift' ? task.ms : 0);
    },
    setTimer(ms, fire) {
      const { rule, task } = (set.concerns('clock.timer') && set.decide(timerSet)) || {};
      if (rule === undefined || task === undefined) return clock.setTimer(ms, fire);
      // However early, time goes on: who waits for the rest would otherwise wait for ever.
      if (task.do === 'delay' && task.ms < 0) return clock.setTimer(Math.max(Math.min(ms, 1), ms + task.ms), fire);
      let callOff: (() => void) | undefined;
      // Due, it waits on; healed before that, it is in time.
      const timer: TimerHandle = clock.setTimer(ms, () => {
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
