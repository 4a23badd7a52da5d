/** All actors counted in one walk, for the overview and for metrics. */
import { type ActorSystem, Process } from '../../actors/core/index.ts';
import { type SupervisedChild, supervisionOf } from '../../supervisors/index.ts';
import { statusOf } from './actor-rows.ts';
import type { Pace } from './pace.ts';

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

/** Of those that live while it counts. */
export async function censusOf(system: ActorSystem, pace: Pace): Promise<Census> {
  const groups = new Map<string, { kind: string; status: string; count: number }>();
  const census = { actors: 0, supervisors: 0, restarts: 0, waiting: 0, backlog: 0, handled: 0 };
  await pace.each(processesAndChildren(system), (one) => {
    if (!(one instanceof Process)) {
      census.restarts += one.restarts;
      if (one.pid === 'restarting') census.waiting += 1;
      return;
    }
    census.actors += 1;
    census.backlog += one.mailboxLength;
    census.handled += one.handled;
    if (one.kind === 'supervisor') census.supervisors += 1;
    const status = statusOf(one, false);
    count(groups, `${one.kind} ${status}`, { kind: one.kind, status });
  });
  return { ...census, groups: [...groups.values()] };
}

function* processesAndChildren(system: ActorSystem): Generator<Process | SupervisedChild> {
  for (const process of [...system.processes()]) {
    yield process;
    yield* supervisionOf(process)?.children ?? [];
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
