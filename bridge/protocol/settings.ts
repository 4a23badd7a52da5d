/** What callers must know of how the bridge was set up; in a table, since callers hold nothing but its name. */
import type { ActorSystem } from '../../actors/core/index.ts';
import { table } from './call-table.ts';

export const defaultMaxOpenCalls = 100_000;

export interface BridgeSettings {
  /** How many calls may be open at a time; one more is refused with `mailbox_full`, and nothing of it was sent. */
  maxOpenCalls: number;
}

/** Those of the bridge at this path; the defaults until it has started. */
export function bridgeSettings(system: ActorSystem, bridgePath: string): BridgeSettings {
  return table(system, `${bridgePath}/settings`, () => ({ maxOpenCalls: defaultMaxOpenCalls }));
}
