/** What consumers and its own actors cast to a pool's manager, and the way to cast it so that a crash of the manager loses nothing. */
import type { ActorContext, ActorRef } from '../core/index.ts';
import type { Checkin, Checkout } from './pool-messages.ts';
import { PoolTable } from './pool-table.ts';

/** What is cast to a pool. */
export interface PoolCasts {
  checkout: Checkout;
  /** In the turn in which the work is sent. */
  started: { readonly lease: string };
  checkin: Checkin;
  /** Who asked is gone: what has not started will not. */
  cancel: { readonly lease: string };
  /** What an affinity key stands for is not needed any more, or its loss is known. */
  release: { readonly affinityKey: string };
  /** The consumer has started again. */
  resume: { readonly consumer: ActorRef };
  /** From who watches the files that the workers run: these have changed. */
  reload: { readonly files: readonly string[] };
}
export type PoolCast = keyof PoolCasts;

/**
 * Casts to a pool so that it is handled even when the manager crashes first: it stands in the pool's table until then.
 * Throws MailboxFullError when the manager's mailbox is full; then nothing was told.
 */
export function tellPool<N extends PoolCast>(
  ctx: ActorContext<never>,
  manager: ActorRef,
  name: N,
  arg: PoolCasts[N],
): void {
  const { unhandled } = PoolTable.of(ctx.system, manager.path);
  unhandled.set(arg, name);
  try {
    ctx.cast(manager, name, arg);
  } catch (error) {
    unhandled.delete(arg);
    throw error;
  }
}
