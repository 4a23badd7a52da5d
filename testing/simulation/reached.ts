/**
 * What a run has reached, for a report over many: faults by point and task, restarts by strategy, decisions by restart
 * type, ends by reason, and what the scenario says with `sim.sometimes`. A place is `kind/name`, such as
 * `fault/actor.init throw` or `restart/one_for_all`.
 */
import { type AnyEvent, type CoreEvent, isNormal, Pid } from '../../actors/core/index.ts';
import { type SupervisorEvent, shapeOf } from '../../supervisors/index.ts';

export class Reached {
  /** How often each place was reached; 0 for one that was looked for in vain. */
  readonly counts = new Map<string, number>();

  fault(point: string, task: string): void {
    const end = task.search(/[(*]/);
    this.hit(`fault/${point} ${end < 0 ? task : task.slice(0, end)}`);
  }

  hit(place: string, times = 1): void {
    this.counts.set(place, (this.counts.get(place) ?? 0) + times);
  }

  /** What a system event shows. */
  event(event: AnyEvent): void {
    const told = event as SupervisorEvent | Extract<CoreEvent, { type: 'actor.exited' }>;
    switch (told.type) {
      case 'actor.exited':
        this.hit(`exit/${told.reason.kind}`);
        break;
      case 'child.restarted':
        this.hit(`restart/${shapeOf(Pid.processOf(told.supervisor))?.strategy ?? 'dynamic'}`);
        break;
      case 'child.backing_off':
        this.hit('supervisor/waited');
        break;
      case 'child.gave_up':
        this.hit('supervisor/gave up a child');
        break;
      case 'supervisor.report': {
        const { context, offender, reason } = told;
        if (context === 'child_terminated')
          this.hit(`child/${offender.restart} ${isNormal(reason) ? 'ended' : 'crashed'}`);
        else this.hit(`supervisor/${context}`);
        break;
      }
      default:
        break;
    }
  }
}
