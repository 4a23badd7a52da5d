/** A worker as `pool.status()` tells of it. */
import { isReady, type Member } from './members.ts';
import type { WorkerRole, WorkerStatus } from './pool-messages.ts';
import type { PoolTable } from './pool-table.ts';

export function rowOf(member: Member, table: PoolTable, nowMs: number): WorkerStatus {
  const { id, pid, report, leases } = member;
  const life = table.lives.get(pid);
  const leaving = table.leaving.get(id);
  return {
    id,
    remote: report.remote,
    index: table.slots.of(id),
    pid,
    osPid: report.osPid,
    incarnation: pid.incarnation,
    state: report.state,
    role: leaving === undefined ? roleOf(member) : 'leaving',
    inFlight: leases.size,
    capacity: report.capacity,
    restarts: pid.incarnation - 1,
    rssBytes: report.rssBytes,
    calls: life?.calls ?? 0,
    ageMs: life === undefined ? 0 : nowMs - life.readyMs,
    due: leaving?.reason ?? table.due.get(pid),
  };
}

function roleOf(member: Member): WorkerRole {
  if (member.retired) return 'leaving';
  if (!isReady(member)) return 'starting';
  return member.active ? 'active' : 'spare';
}
