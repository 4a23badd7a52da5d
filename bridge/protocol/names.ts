/**
 * Refs to the parts of the bridge of one ophion tree, and their child specs.
 */
import type { ActorSystem } from '../../actors/core/index.ts';
import { ServerRef } from '../../actors/core/index.ts';
import {
  type ChildSpec,
  type DynamicSupervisorLogic,
  DynamicSupervisorRef,
  dynamicSupervisor,
} from '../../supervisors/index.ts';
import { type BridgeInput, bridge } from './bridge.ts';
import { paths } from './paths.ts';

export interface BridgeNames {
  readonly system: ActorSystem;
  /** The path of the ophion tree. */
  readonly root: string;
  readonly bridge: ServerRef<typeof bridge>;
  /** The supervisor of one-off work, such as running a TypeScript tool. */
  readonly tasks: DynamicSupervisorRef;
}

/** Refs to places: they need not be alive yet. */
export function bridgeNames(system: ActorSystem, root: string): BridgeNames {
  return {
    system,
    root,
    bridge: new ServerRef(system, paths.bridge(root), bridge),
    tasks: new DynamicSupervisorRef(system, paths.tasks(root)),
  };
}

export interface BridgeChildren {
  readonly tasks: ChildSpec<DynamicSupervisorLogic>;
  readonly bridge: ChildSpec<typeof bridge>;
}

export interface BridgeChildrenOptions extends BridgeInput {
  /** The most requests of workers at a time; one more is answered with `max_children`. Default 10,000. */
  readonly maxTasks?: number;
}

/** The children to put into the tree, in this order, behind `links` and before the pools. */
export function bridgeChildren({ maxTasks = 10_000, ...input }: BridgeChildrenOptions): BridgeChildren {
  return {
    tasks: { logic: dynamicSupervisor({ maxChildren: maxTasks }) },
    bridge: { logic: bridge, input },
  };
}
