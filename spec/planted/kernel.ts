/** Bugs that somebody could make in the kernel. */
import { each, minus } from '../../actors/core/few.ts';
import { From, type Monitor, Process } from '../../actors/core/index.ts';
import { type PlantedBug, patch } from './plant.ts';

export const kernelBugs: Readonly<Record<string, PlantedBug>> = {
  'late reply': {
    said: /was (fulfilled|rejected) after it was/,
    plant: () =>
      patch(
        From.prototype,
        'reply',
        (reply) =>
          function (this: From & { answered?: (value: unknown) => void }, value: unknown) {
            if (this.settled) (this as unknown as { answered(value: unknown): void }).answered(value);
            else reply.call(this, value);
          },
      ),
  },
  'missed DOWN': {
    said: /a monitor of .* was told 0 times/,
    plant: () =>
      patch(
        Process.prototype,
        'leave',
        (leave) =>
          function (this: Process) {
            // Of one that was killed, only the first monitor hears.
            let first: Monitor | undefined;
            each(this.monitors, (monitor) => {
              if (first === undefined) first = monitor;
              else if (this.exitReason?.kind === 'killed') this.monitors = minus(this.monitors, monitor);
            });
            leave.call(this);
          },
      ),
  },
  'double DOWN': {
    said: /a monitor of .* was told [23] times/,
    plant: () =>
      patch(
        Process.prototype,
        'leave',
        (leave) =>
          function (this: Process) {
            const reason = this.exitReason;
            if (reason?.kind === 'error') each(this.monitors, (monitor) => monitor.notify(this.pid, reason));
            leave.call(this);
          },
      ),
  },
  'leaked timer': {
    said: /left behind: .*deadlines/,
    plant: () =>
      patch(
        Process.prototype,
        'setDeadline',
        () =>
          function (this: Process, ms: number, fire: () => void) {
            return this.system.deadlines.set(ms, () => {
              if (this.status !== 'dead') fire();
            });
          },
      ),
  },
  'children that outlive their supervisor': {
    said: /is an orphan|left behind|was told 0 times/,
    plant: () =>
      patch(
        Process.prototype,
        'leave',
        (leave) =>
          function (this: Process) {
            for (const other of this.linkedWith) if (other.parent === this) this.links = minus(this.links, other);
            leave.call(this);
          },
      ),
  },
};
