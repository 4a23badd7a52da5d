/** Having a copy catch up without anybody waiting for it, once at a time. */
import type { Copy } from './copies.ts';
import type { RedisHost } from './host.ts';

/** How long a server that is not to be had is tried again, and how long one answer may take, in milliseconds. */
const patienceMs = 60_000;
const answerMs = 5_000;

/** Whether somebody watches it. */
export const isWanted = ({ entry, beginning }: Copy): boolean => entry.watchers !== undefined || beginning > 0;

export function pull(host: RedisHost, copy: Copy): void {
  if (copy.pulling !== undefined) {
    copy.pulling.again = true;
    return;
  }
  const pulling = { again: false };
  copy.pulling = pulling;
  void (async () => {
    do {
      pulling.again = false;
      await pullOnce(host, copy);
    } while (pulling.again);
    copy.pulling = undefined;
  })();
}

/** What is wrong passes, and is tried again, or is told to whoever uses the session; then the next look tries again. */
async function pullOnce(host: RedisHost, copy: Copy): Promise<void> {
  if (!isWanted(copy)) {
    copy.following = false;
    await host.link.unsubscribe(copy.keys.session);
    return;
  }
  try {
    await host.persist(`session '${copy.id}'`, { timeoutMs: patienceMs }, async ({ number, timeoutMs }) => {
      // Not an access: to watch keeps nothing alive.
      await host.catchUp(copy, 'head', { number, timeoutMs: Math.min(timeoutMs, answerMs) });
    });
  } catch {
    // See above.
  }
}
