/** What led to a message, and what it led to. Pure. */
import type { MessageRow } from '../protocol/index.ts';

/** So many causes, and so many effects, at most. */
const most = 500;

/** In the order of time, with the message itself. */
export function causesAndEffects(messages: readonly MessageRow[], message: MessageRow): MessageRow[] {
  const bySeq = new Map(messages.map((one) => [one.seq, one]));
  const effectsOf = new Map<number, MessageRow[]>();
  for (const one of messages) {
    if (one.cause === null) continue;
    const effects = effectsOf.get(one.cause);
    if (effects === undefined) effectsOf.set(one.cause, [one]);
    else effects.push(one);
  }
  const found = new Map([[message.seq, message]]);
  let cause = message.cause === null ? undefined : bySeq.get(message.cause);
  // Each once: a file may say anything.
  for (let left = most; cause !== undefined && left > 0 && !found.has(cause.seq); left -= 1) {
    found.set(cause.seq, cause);
    cause = cause.cause === null ? undefined : bySeq.get(cause.cause);
  }
  const next = [message];
  const limit = found.size + most;
  for (let one = next.shift(); one !== undefined && found.size < limit; one = next.shift()) {
    for (const effect of effectsOf.get(one.seq) ?? []) {
      if (found.has(effect.seq)) continue;
      found.set(effect.seq, effect);
      next.push(effect);
    }
  }
  return [...found.values()].sort((a, b) => a.seq - b.seq);
}
