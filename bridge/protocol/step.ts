/**
 * Named points between the effects of a handler, for probes: a test or a fault plan can crash or kill the bridge at
 * each of them. Costs one null check when there is no probe.
 */
import type { ActorContext } from '../../actors/core/index.ts';
import { ActorDownError, exitReason } from '../../actors/core/index.ts';

/** Tells the probe. Throws when the probe has ended this actor: what an ended one does has no effect. */
export function step(ctx: ActorContext<never>, point: string, subject: string): void {
  const { probe } = ctx.runtime;
  if (probe === null) return;
  probe({ point: `bridge.${point}`, subject });
  if (!ctx.self.alive) throw new ActorDownError(String(ctx.self), exitReason.killed);
}
