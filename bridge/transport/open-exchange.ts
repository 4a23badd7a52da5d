/**
 * Opening an exchange so that it has an outcome even when `links` crashes before it takes the request: the request
 * stands in a table of the system until then, and the next incarnation tells it to be lost, not started.
 */
import { type ActorContext, type ActorRef, type ActorSystem, Ring } from '../../actors/core/index.ts';
import type { Open } from './messages.ts';

/** The requests that links has not taken yet. */
export function unopened(system: ActorSystem, linksPath: string): Ring<Open> {
  const name = `${linksPath}/unopened`;
  let table = system.tables.get(name) as Ring<Open> | undefined;
  if (table === undefined) {
    table = new Ring();
    system.tables.set(name, table);
  }
  return table;
}

/**
 * Opens a host exchange: the consumer hears of it with `open.context`, whatever happens. Throws MailboxFullError when
 * the mailbox of links is full; then nothing was opened.
 */
export function openExchange(ctx: ActorContext<never>, links: ActorRef, open: Open): void {
  // What an ended actor still asks for has no effect (otp S-271).
  if (!ctx.self.alive) return;
  ctx.cast(links, 'open', open);
  // Not handled before this turn is over.
  unopened(ctx.system, links.path).push(open);
}
