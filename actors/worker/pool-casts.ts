/**
 * What consumers and its own actors tell a pool's manager, so that a crash of the manager loses nothing: it stands in
 * the pool's table until it is handled, and one letter says that something stands there, however much it is.
 */
import type { ActorRef } from '../core/index.ts';
import type { Checkin, Checkout } from './pool-messages.ts';
import { PoolTable } from './pool-table.ts';

/** What is told to a pool. */
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

/** A pool's manager, to whom it can be said that something stands in its table. */
export interface Attending extends ActorRef {
  cast(name: 'attend'): void;
}

/** Throws MailboxFullError when the manager's mailbox is full; then nothing was told. */
export function tellPool<N extends PoolCast>(manager: Attending, name: N, arg: PoolCasts[N]): void {
  const table = PoolTable.of(manager.system, manager.path);
  if (!table.called) {
    // Not handled before this turn is over.
    manager.cast('attend');
    table.called = true;
  }
  table.unhandled.push({ name, arg });
}
