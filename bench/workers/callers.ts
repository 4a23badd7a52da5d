/** Callers that wait for each answer before they ask again: the same for ours and for every baseline. */
import { median, nowMs, perSecond } from '../contest.ts';

/** One round trip. */
export type Echo = (payload: Uint8Array) => Promise<unknown>;

export const envelope = new Uint8Array(100).fill(7);

/** Round trips a second of so many callers. */
export async function throughput(echo: Echo, callers: number, size: number): Promise<number> {
  // What the first ones cost, such as a connection that opens its window, is no part of a long-lived stream.
  await Promise.all(Array.from({ length: callers }, () => echo(envelope)));
  let left = size;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await echo(envelope);
    }
  };
  const startMs = nowMs();
  await Promise.all(Array.from({ length: callers }, caller));
  return perSecond(size, startMs);
}

/** The median of one caller's round trips, in microseconds. */
export async function latency(echo: Echo, size: number): Promise<number> {
  for (let i = 0; i < Math.min(size, 100); i += 1) await echo(envelope);
  const tookUs: number[] = [];
  for (let i = 0; i < size; i += 1) {
    const startMs = nowMs();
    await echo(envelope);
    tookUs.push((nowMs() - startMs) * 1_000);
  }
  return median(tookUs);
}
