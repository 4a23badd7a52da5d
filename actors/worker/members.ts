/** The living workers of a pool: what they say of themselves, what they hold, and which one is free. */
import type { ChurnMap, MonitorRef, Pid } from '../core/index.ts';
import type { WorkerReport } from './worker-memory.ts';

export interface Member {
  readonly id: string;
  readonly pid: Pid;
  readonly monitor: MonitorRef;
  report: WorkerReport;
  /** The ids of what it runs. */
  readonly leases: ChurnMap<string, true>;
  /** In service: work that may go anywhere goes there. */
  active: boolean;
  /** It was ready and not in service: it has waited to take a place. */
  spare: boolean;
  /** It is ended by us: it is granted nothing, whatever it says of itself. */
  retired: boolean;
}

export const isReady = ({ report, retired }: Member): boolean =>
  !retired && (report.state === 'idle' || report.state === 'busy');

const starting: ReadonlySet<string> = new Set(['reserved', 'spawning', 'connecting', 'loading']);
export const isStarting = ({ report }: Member): boolean => starting.has(report.state);

export class Members {
  readonly #byPid = new Map<Pid, Member>();
  /** Those in service and ready, so that looking for a free one is short. */
  #serving: readonly Member[] = [];

  get size(): number {
    return this.#byPid.size;
  }

  get serving(): readonly Member[] {
    return this.#serving;
  }

  get(pid: Pid): Member | undefined {
    return this.#byPid.get(pid);
  }

  set(member: Member): void {
    this.#byPid.set(member.pid, member);
  }

  delete(pid: Pid): boolean {
    return this.#byPid.delete(pid);
  }

  values(): readonly Member[] {
    return [...this.#byPid.values()];
  }

  withId(id: string): Member | undefined {
    return this.values().find((member) => member.id === id);
  }

  /** These are in service from now on, and no others. Answers the spares among them. */
  serve(pids: readonly Pid[]): readonly Pid[] {
    const active = new Set(pids);
    const promoted: Pid[] = [];
    for (const member of this.#byPid.values()) {
      member.active = active.has(member.pid);
      if (member.active && member.spare) promoted.push(member.pid);
      member.spare = !member.active && isReady(member);
    }
    this.#serving = this.values().filter((member) => member.active && isReady(member));
    return promoted;
  }

  /** One in service with room, the least loaded; the preferred one when it has room. */
  pick(preferred: string | undefined): Pid | undefined {
    let best: Member | undefined;
    for (const member of this.#serving) {
      if (!hasRoom(member)) continue;
      if (member.id === preferred) return member.pid;
      if (best === undefined || member.leases.size < best.leases.size) best = member;
    }
    return best?.pid;
  }
}

const hasRoom = (member: Member, beyond = 0): boolean =>
  isReady(member) && member.leases.size < member.report.capacity + beyond;
export const roomOn = (member: Member | undefined, beyond = 0): boolean =>
  member !== undefined && hasRoom(member, beyond);
