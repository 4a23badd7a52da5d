/** What faults, checkers and assertions are about: a system, by anything that belongs to it. */
import type { ActorSystem } from '../../actors/core/index.ts';

/** A running system, or anything in it: the ref that `startSupervisor` answers, any other ref, what `useSystem` answers. */
export type FaultTarget = ActorSystem | { readonly system: ActorSystem };

export const systemOf = (target: FaultTarget): ActorSystem => ('system' in target ? target.system : target);
