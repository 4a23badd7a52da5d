/** What a system has left behind by itself: for an assertion at any moment, without a snapshot before it. */
import type { ActorSystem } from '../../actors/core/index.ts';
import { orphansOf } from '../checks/supervision.ts';
import { withRunId } from './processes.ts';
import { runIdOf } from './systems.ts';

/**
 * While it runs, actors without a parent; once its root has ended, everything: actors, deadlines, and OS processes
 * that its workers have started.
 */
export function leftBySystem(system: ActorSystem): readonly string[] {
  const processes = [...system.processes()];
  const runs = processes.some(({ parent, orphaned }) => parent === undefined && !orphaned);
  if (runs) return orphansOf(system);
  const left = processes.map(({ pid }) => `actor ${pid}`);
  if (system.deadlines.size > 0) left.push(`${system.deadlines.size} deadlines`);
  const runId = runIdOf(system);
  if (runId !== undefined) left.push(...withRunId(new Set([runId])).map((osPid) => `process ${osPid}`));
  return left;
}
