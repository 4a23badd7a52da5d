/**
 * What both ends of a worker's stream keep, in bytes, counts and milliseconds. The host says them in its Welcome.
 */
import { SpecError } from '../../actors/core/index.ts';

export interface Limits {
  /** The largest frame, header included, and the largest coalesced message. Default 65,536 bytes. */
  readonly maxFrameBytes: number;
  /** The largest message that goes in frames. Default 16 MiB. */
  readonly maxMessageBytes: number;
  /** The largest message at all: what is above `maxMessageBytes` goes by a file or a transfer. Default 1 GiB. */
  readonly maxPayloadBytes: number;
  /**
   * How much of such messages may be out on all streams together, each way, before it is taken. Default 1 GiB; a single
   * one is always let through.
   */
  readonly maxSpilledBytes: number;
  /** How many exchanges either side may have open on one stream. Default 1,024. */
  readonly maxExchanges: number;
  /** How often a worker says how it is. Default 1,000 ms. */
  readonly livenessIntervalMs: number;
  /**
   * How much either side may have sent on one stream that the other one is not done with; each envelope counts its
   * payload and 64 bytes. More waits at its sender. Default 4 MiB; raise it for workers far away.
   */
  readonly windowBytes: number;
}

export const defaultLimits: Limits = {
  maxFrameBytes: 64 * 1024,
  maxMessageBytes: 16 * 1024 * 1024,
  maxPayloadBytes: 1024 * 1024 * 1024,
  maxSpilledBytes: 1024 * 1024 * 1024,
  maxExchanges: 1024,
  livenessIntervalMs: 1000,
  windowBytes: 4 * 1024 * 1024,
};

/** The protocol that this host speaks. A worker with another one is refused. */
export const protocolVersion = 1;

/** Fills in the defaults. Throws a SpecError that names the field and the value. */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'maxFrameBytes' ? 256 : name === 'windowBytes' ? 4 * limits.maxFrameBytes : 1;
    if (!Number.isInteger(value) || value < least) throw new SpecError('limits', `invalid_${name}`, value);
  }
  return limits;
}
