/**
 * The head of a session: the field `head` of its hash, as one text, so that to compare it and to write it costs one
 * command with one value. Where somebody stands among all that the server may have been is proven by the tip, a random
 * mark of each commit.
 */

import { RedisError } from './errors.ts';

/** The schema that this release writes, and the newest that it reads. */
export const schema = 1;

export interface Head {
  readonly text: string;
  /** Changes when the id is opened anew. */
  readonly life: string;
  readonly epoch: number;
  readonly revision: number;
  readonly tip: string;
  /** The revision that last declared or removed a variable. */
  readonly shape: number;
  /** The next place in the order of creation. */
  readonly next: number;
  /** The revision and the tip at which the epoch began. */
  readonly base: string;
  /** Bytes of all commits, and of those that are not kept. */
  readonly sum: number;
  readonly floor: number;
  /** Milliseconds; undefined: none. */
  readonly ttlMs: number | undefined;
  /** Until when it takes no commits, in milliseconds since 1970; 0: it does. */
  readonly sealedMs: number;
  /** It is a copy that is being moved here. */
  readonly arriving: boolean;
}

export type Parts = Omit<Head, 'text'>;

export function headWith(parts: Parts): Head {
  const { life, epoch, revision, tip, shape, next, base, sum, floor, ttlMs, sealedMs, arriving } = parts;
  const kept = `${base} ${sum} ${floor} ${ttlMs === undefined ? 0 : ttlMs} ${sealedMs} ${arriving ? 1 : 0}`;
  const text = `${schema} ${life} ${epoch} ${revision} ${tip} ${shape} ${next} ${kept}`;
  return { text, life, epoch, revision, tip, shape, next, base, sum, floor, ttlMs, sealedMs, arriving };
}

/** The head after a commit, if nobody else writes in between. */
export function headAfter(
  head: Head,
  revision: number,
  tip: string,
  sum: number,
  shape = head.shape,
  next = head.next,
): Head {
  const { life, epoch, base, floor, ttlMs, sealedMs, arriving } = head;
  return headWith({ life, epoch, revision, tip, shape, next, base, sum, floor, ttlMs, sealedMs, arriving });
}

/** Throws RedisError `redis_failed` for what cannot be right. */
export function headOf(text: string): Head {
  const parts = text.split(' ');
  if (parts.length !== 14)
    throw new RedisError('redis_failed', `the head of a session is not as this release writes it: '${text}'`);
  const [, life, epoch, revision, tip, shape, next, base, basetip, sum, floor, ttl, sealed, arriving] = parts;
  return {
    text,
    life: life as string,
    epoch: Number(epoch),
    revision: Number(revision),
    tip: tip as string,
    shape: Number(shape),
    next: Number(next),
    base: `${base} ${basetip}`,
    sum: Number(sum),
    floor: Number(floor),
    ttlMs: ttl === '0' ? undefined : Number(ttl),
    sealedMs: Number(sealed),
    arriving: arriving !== '0',
  };
}

/** Whether two heads are of the same commit. */
export const samePlace = (a: Head, b: Head): boolean =>
  a.life === b.life && a.epoch === b.epoch && a.revision === b.revision && a.tip === b.tip;
