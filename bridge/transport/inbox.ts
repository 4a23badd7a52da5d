/**
 * The receiving half of a stream: envelopes in order, each once, put together again where a message was cut into
 * frames. Bounded by the size of a message and by the number of exchanges. Pure.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import type { Elsewhere, Envelope } from './gen/workers_pb.js';
import type { Limits } from './limits.ts';
import { bytesOf } from './spill.ts';

/** One whole message of an exchange; exchange 0 is for those that want no answer. */
export interface Message {
  readonly exchange: number;
  readonly payload: Uint8Array;
  readonly end: boolean;
  /** Where it lies: `payload` is empty until it was taken from there. */
  readonly elsewhere?: Elsewhere;
  /** What the payload refers to by number. */
  readonly attachments?: readonly Uint8Array[];
}

interface Pieces {
  readonly pieces: Uint8Array[];
  size: number;
}

export class Inbox {
  readonly #limits: Limits;
  /** The highest number that was taken. */
  taken = 0;
  readonly #parts = new Map<number, Pieces>();
  #partBytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * The message that this frame completes; undefined while more is to come, and for a double. Throws ProtocolError
   * on a gap in the numbers and on whatever is above the limits.
   */
  take(sequence: number, envelope: Envelope): Message | undefined {
    if (sequence <= this.taken) return undefined;
    if (sequence !== this.taken + 1) {
      throw new ProtocolError(`the worker's frame ${sequence} came after ${this.taken}`);
    }
    this.taken = sequence;
    const exchange = Number(envelope.exchange);
    if (!Number.isSafeInteger(exchange))
      throw new ProtocolError(`the worker's exchange ${envelope.exchange} is no number`);
    const { payload, more, end } = envelope;
    let parts = this.#parts.get(exchange);
    if (envelope.elsewhere !== undefined) {
      if (parts !== undefined || more || payload.length > 0)
        throw new ProtocolError(`a message of exchange ${exchange} lies partly elsewhere`);
      const size = bytesOf(envelope.elsewhere);
      const max = Math.max(this.#limits.maxPayloadBytes, this.#limits.maxMessageBytes);
      if (!(size <= max)) this.#tooLarge(exchange, max);
      return { exchange, payload, end, elsewhere: envelope.elsewhere };
    }
    if (parts === undefined) {
      if (!more) return { exchange, payload: this.#fits(exchange, payload), end };
      if (this.#parts.size >= this.#limits.maxExchanges) {
        throw new ProtocolError(`the worker has begun more than ${this.#limits.maxExchanges} messages at once`);
      }
      parts = { pieces: [], size: 0 };
      this.#parts.set(exchange, parts);
    }
    parts.pieces.push(payload);
    parts.size += payload.length;
    this.#partBytes += payload.length;
    if (parts.size > this.#limits.maxMessageBytes) this.#tooLarge(exchange);
    if (this.#partBytes > 4 * this.#limits.maxMessageBytes) {
      throw new ProtocolError(`the worker's unfinished messages hold ${this.#partBytes} bytes`);
    }
    if (more) return undefined;
    this.#parts.delete(exchange);
    this.#partBytes -= parts.size;
    return { exchange, payload: joined(parts), end };
  }

  #fits(exchange: number, payload: Uint8Array): Uint8Array {
    if (payload.length > this.#limits.maxMessageBytes) this.#tooLarge(exchange);
    return payload;
  }

  #tooLarge(exchange: number, limit = this.#limits.maxMessageBytes): never {
    throw new ProtocolError(`a message of exchange ${exchange} is above the limit of ${limit} bytes`);
  }
}

function joined({ pieces, size }: Pieces): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
