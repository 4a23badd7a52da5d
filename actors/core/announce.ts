/**
 * Tells tools in this Node process of each system that begins. A diagnostics channel of Node's carries it, so that
 * the library keeps no list of its own, and nobody pays for what nobody listens to.
 */
import { channel } from 'node:diagnostics_channel';
import type { ActorSystem } from './system.ts';

const name = 'ophion.system';

/** Called with each system that is about to start its first actor. */
export function announce(system: ActorSystem): void {
  const systems = channel(name);
  if (systems.hasSubscribers) systems.publish(system);
}

/** Calls `listener` with each system that begins from now on, until what this returns is called. */
export function onSystem(listener: (system: ActorSystem) => void): () => void {
  const heard = (system: unknown) => listener(system as ActorSystem);
  const systems = channel(name);
  systems.subscribe(heard);
  return () => void systems.unsubscribe(heard);
}
