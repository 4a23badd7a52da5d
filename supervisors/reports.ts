/** Supervisor reports as system events: who died, who did not start, who did not end well (otp S-250 to S-256). */
import type { ExitReason, Process } from '../actors/core/index.ts';
import type { SupervisorEvent, SupervisorReport } from './events.ts';
import type { Offspring } from './offspring.ts';

/** Emits a report before the supervisor goes on (otp S-256). */
export function report(
  supervisor: Process,
  context: SupervisorReport['context'],
  reason: ExitReason,
  child: Offspring,
): void {
  if (!supervisor.system.events.heard('supervisor.report')) return;
  const { id, spec, lastPid } = child;
  emit(supervisor, {
    type: 'supervisor.report',
    supervisor: supervisor.pid,
    context,
    reason,
    offender: { ...facts(spec), id, pid: lastPid },
  });
}

/** One report for all instances of a template that ended for the same bad reason (otp S-071). */
export function reportTogether(supervisor: Process, spec: Offspring['spec'], reason: ExitReason, count: number): void {
  emit(supervisor, {
    type: 'supervisor.report',
    supervisor: supervisor.pid,
    context: 'shutdown_error',
    reason,
    offender: { ...facts(spec), id: spec.id, pid: undefined },
    count,
  });
}

const facts = ({ restart, shutdown, significant, type }: Offspring['spec']) => ({
  restart,
  shutdown,
  significant,
  type,
});

/** Tells the system's listeners; costs one look-up when there are none. */
export function emit(supervisor: Process, event: SupervisorEvent): void {
  supervisor.system.emit(event);
}
