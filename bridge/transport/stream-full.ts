/** Refused because too much waits already for a worker: nothing is wrong with the worker, nor with the message. */
import { ActorError } from '../../actors/core/index.ts';

/** The bounds of a stream that can be used up, by the names that they have in `limits`. */
export type StreamBound = 'maxMessageBytes' | 'maxSpilledBytes' | 'maxExchanges';

/**
 * A worker's stream is full, `stream_full`, or has too many open exchanges, `too_many_exchanges`. Nothing was sent: it is
 * safe to send it again, once the worker has taken or ended some of what it has.
 */
export class StreamFullError extends ActorError {
  readonly outcome = 'not_started';
  /** The worker whose stream it is, by its pid. */
  readonly worker: string;
  /** Which of the `limits` it is. */
  readonly bound: StreamBound;
  /** How much may wait: bytes, or exchanges. */
  readonly max: number;
  /** How much waited. */
  readonly held: number;

  constructor(worker: string, bound: StreamBound, max: number, held: number) {
    super(bound === 'maxExchanges' ? 'too_many_exchanges' : 'stream_full', `${worker}: ${wording[bound](held, max)}`);
    this.worker = worker;
    this.bound = bound;
    this.max = max;
    this.held = held;
  }
}

const later = 'nothing was sent; try again later, use more workers, or raise';

const wording: Readonly<Record<StreamBound, (held: number, max: number) => string>> = {
  maxMessageBytes: (held, max) =>
    `it has not taken ${held} bytes yet, and at most ${max} may wait for it; ${later} limits.maxMessageBytes, a quarter of that`,
  maxSpilledBytes: (held, max) =>
    `${held} bytes of large payloads are not taken yet, and at most ${max} may wait on all streams; ${later} limits.maxSpilledBytes`,
  maxExchanges: (held, max) =>
    `it has ${held} open exchanges of the host, and at most ${max} may be open; ${later} limits.maxExchanges`,
};
