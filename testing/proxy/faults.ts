/**
 * What a proxy can do to the bytes of one direction. A plan of faults is data: these are plain numbers and words, and
 * what is left out is healthy.
 */
import { type Random, SpecError } from '../../actors/core/index.ts';

export interface WireFaults {
  /** How much later everything arrives, in milliseconds; the order stays. Default 0. */
  readonly latencyMs?: number;
  /** Up to this much more, drawn for each chunk that comes in. Needs the proxy's `random`. Default 0. */
  readonly jitterMs?: number;
  /** How much passes in a second. Default: as much as comes. */
  readonly bytesPerSecond?: number;
  /** Everything is passed on in pieces of at most so many bytes. Default: as it comes. */
  readonly sliceBytes?: number;
  /** Nothing passes any more, not even the end: the connection is half-open. What comes is kept, up to the bound. */
  readonly stall?: boolean;
  /** Nothing passes any more, and after so many milliseconds the connection is closed. */
  readonly timeoutMs?: number;
  /** How much later the end of this direction is passed on, in milliseconds. Default 0. */
  readonly slowCloseMs?: number;
  /** Flips one bit: of the byte at this offset, or of each byte with this probability, which needs `random`. */
  readonly corrupt?: { readonly at: number } | { readonly probability: number };
  /** Takes so many bytes out at this offset; what follows passes. */
  readonly truncate?: { readonly at: number; readonly bytes: number };
  /** After so many bytes the connection is reset or closed, or this direction stalls. */
  readonly limit?: { readonly bytes: number; readonly how: 'reset' | 'close' | 'stall' };
}

/** Checks faults that somebody gives. Throws a SpecError that names what is wrong. */
export function validateFaults(faults: WireFaults, random: Random | undefined): void {
  const wrong = (rule: string, value: unknown): never => {
    throw new SpecError('proxy', rule, value);
  };
  const known = { ...numbers, stall: true, corrupt: true, truncate: true, limit: true };
  for (const name of Object.keys(faults)) if (!(name in known)) wrong(`unknown_fault ${name}`, name);
  for (const [name, least] of Object.entries(numbers)) {
    const value = faults[name as keyof typeof numbers];
    if (value !== undefined && !(Number.isFinite(value) && value >= least)) wrong(`invalid_${name}`, value);
  }
  const { corrupt, truncate, limit, jitterMs = 0 } = faults;
  const whole = (value: number, least = 0) => Number.isInteger(value) && value >= least;
  if (corrupt !== undefined) {
    const fits = 'at' in corrupt ? whole(corrupt.at) : corrupt.probability > 0 && corrupt.probability <= 1;
    if (!fits) wrong('invalid_corrupt', corrupt);
  }
  if (truncate !== undefined && !(whole(truncate.at) && whole(truncate.bytes, 1))) wrong('invalid_truncate', truncate);
  if (limit !== undefined && !(whole(limit.bytes) && ['reset', 'close', 'stall'].includes(limit.how)))
    wrong('invalid_limit', limit);
  const draws = jitterMs > 0 || (corrupt !== undefined && 'probability' in corrupt);
  if (draws && random === undefined) wrong('missing_random: jitter and a probability need the option random', faults);
}

/** The least value of each fault that is a number. */
const numbers = { latencyMs: 0, jitterMs: 0, bytesPerSecond: 1, sliceBytes: 1, timeoutMs: 0, slowCloseMs: 0 } as const;

/**
 * A generator of its own for each direction of each connection, seeded by one draw: how the others happen to be
 * scheduled then changes nothing for it.
 */
export function splitRandom(random: Random): Random {
  let state = Math.floor(random.next() * 2 ** 32);
  return {
    next: () => {
      // mulberry32
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
