/** All actors counted in one walk, for the overview and for metrics. */
import type { ActorSystem, Process } from '../../actors/core/index.ts';
import { supervisionOf } from '../../supervisors/index.ts';
import { statusOf } from './actor-rows.ts';

export interface Census {
  actors: number;
  supervisors: number;
  /** How often children of those that live were started again. */
  restarts: number;
  /** Children whose restart waits. */
  waiting: number;
  /** Letters that wait, and those that were handled, by all that live. */
  backlog: number;
  handled: number;
  readonly groups: readonly { readonly kind: string; readonly status: string; readonly count: number }[];
}

export function censusOf(system: ActorSystem): Census {
  const groups = new Map<string, { kind: string; status: string; count: number }>();
  const census = { actors: 0, supervisors: 0, restarts: 0, waiting: 0, backlog: 0, handled: 0 };
  for (const process of system.processes()) {
    census.actors += 1;
    census.backlog += process.mailboxLength;
    census.handled += process.handled;
    const status = statusOf(process, false);
    count(groups, `${process.kind} ${status}`, { kind: process.kind, status });
    countChildren(process, census);
  }
  return { ...census, groups: [...groups.values()] };
}

function countChildren(process: Process, census: Pick<Census, 'supervisors' | 'restarts' | 'waiting'>): void {
  const supervision = supervisionOf(process);
  if (supervision === undefined) return;
  census.supervisors += 1;
  for (const child of supervision.children) {
    census.restarts += child.restarts;
    if (child.pid === 'restarting') census.waiting += 1;
  }
}

/** Adds one to a group, which begins with these labels. */
export function count<G extends { count: number }>(
  groups: Map<string, G>,
  key: string,
  labels: Omit<G, 'count'>,
): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { ...labels, count: 1 } as G);
  else group.count += 1;
}
