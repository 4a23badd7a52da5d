/** One stream to a host, from its beginning to its end. */
import type { Outgoing } from '../outgoing.ts';

/** Opens a stream of the service, on which `requests` are said. */
export type Dial<Q, R> = (requests: AsyncIterable<Q>, signal: AbortSignal) => AsyncIterable<R>;

/**
 * Says what `out` has and hears what is answered. Resolves when the host ends it, rejects with what ended it otherwise;
 * then nothing is said any more.
 */
export async function onStream<Q, R>(
  dial: Dial<Q, R>,
  out: Outgoing<Q>,
  ending: AbortSignal,
  heard: (response: R) => void,
): Promise<void> {
  // One for each stream: who listens to it for the stream's sake does so no longer than that.
  const left = new AbortController();
  const leave = (): void => left.abort(ending.reason);
  ending.addEventListener('abort', leave, { once: true });
  try {
    for await (const response of dial(out, left.signal)) heard(response);
  } finally {
    ending.removeEventListener('abort', leave);
    out.close();
  }
}
