/**
 * What leaves on a stream: small messages straight into its outbox, large ones by way of a file or a transfer, and only
 * then in their turn. Without time and without I/O: both are the outside's.
 */
import { ActorError } from '../../actors/core/index.ts';
import type { Elsewhere } from './gen/workers_pb.js';
import type { Limits } from './limits.ts';
import { Order } from './order.ts';
import type { Outbox } from './outbox.ts';
import { maxAttachments, type Parts, type Spill, sizeOf } from './spill.ts';
import { StreamFullError } from './stream-full.ts';

/** What a stream needs for payloads that are too large for frames. */
export interface Outside {
  /** Where the files of this incarnation are; undefined: nowhere. */
  readonly files: Spill | undefined;
  /** For a worker that shares no files with this host. */
  readonly transfers: Spill | undefined;
  /** How much is out on all streams together. */
  readonly budget: { spilledBytes: number };
  /** Calls `then` in the turn of who owns the stream. */
  later<T>(work: Promise<T>, then: (result: T | Error) => void): void;
  /** So many more bytes are about to be delivered; less than 0: they will not be. */
  arriving(bytes: number): void;
}

export interface Letter {
  readonly exchange: number;
  readonly parts: Parts;
  readonly end: boolean;
  /** It has its number, that of its last frame. */
  readonly placed?: (sequence: number) => void;
  /** It was not sent, and will not be. */
  readonly failed: (error: ActorError) => void;
}

const nothing = new Uint8Array();

export class Dispatch {
  readonly #stream: string;
  readonly #limits: Limits;
  readonly #outbox: Outbox;
  readonly #outside: Outside | undefined;
  readonly #order = new Order();
  #heldBytes = 0;
  /** How the worker takes what is too large for frames; it says so when it is ready. */
  spill: Spill | undefined;

  constructor(stream: string, limits: Limits, outbox: Outbox, outside: Outside | undefined) {
    this.#stream = stream;
    this.#limits = limits;
    this.#outbox = outbox;
    this.#outside = outside;
  }

  /** Bytes of small messages that wait behind large ones of their exchange. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** True for what goes by a file or a transfer. */
  isLarge([payload = nothing, ...attachments]: Parts): boolean {
    return attachments.length > 0 || payload.length > this.#limits.maxMessageBytes;
  }

  /** Why a message cannot be sent; undefined when it can. */
  refusal(parts: Parts): ActorError | undefined {
    if (!this.isLarge(parts)) return undefined;
    const size = sizeOf(parts);
    const { maxMessageBytes, maxPayloadBytes, maxSpilledBytes } = this.#limits;
    const max = this.spill === undefined ? maxMessageBytes : Math.max(maxPayloadBytes, maxMessageBytes);
    if (size > max || parts.length > maxAttachments + 1 || this.spill === undefined) {
      const why = this.spill === undefined ? ' (this worker takes no files and no transfers)' : '';
      const text = `a message of ${size} bytes is above the limit of ${max}${why}; nothing was sent`;
      return new ActorError('message_too_large', `${this.#stream}: ${text}`);
    }
    const out = this.#outside?.budget.spilledBytes ?? 0;
    if (out === 0 || out + size <= maxSpilledBytes) return undefined;
    return new StreamFullError(this.#stream, 'maxSpilledBytes', maxSpilledBytes, out);
  }

  /** Sends a message that is not refused. */
  send(letter: Letter): void {
    const { exchange, parts } = letter;
    const [payload = nothing] = parts;
    if (this.isLarge(parts)) this.#spill(letter);
    else if (!this.#order.mustWait(exchange)) this.#place(letter, payload);
    else {
      this.#heldBytes += payload.length;
      const place = this.#order.enter(exchange, () => {
        this.#heldBytes -= payload.length;
      });
      this.#order.ready(place, () => {
        this.#heldBytes -= payload.length;
        this.#place(letter, payload);
      });
    }
  }

  #place({ exchange, end, placed }: Letter, payload: Uint8Array): void {
    const sequence = this.#outbox.put(exchange, payload, end);
    placed?.(sequence);
  }

  #spill({ exchange, parts, end, placed, failed }: Letter): void {
    const { spill } = this;
    const outside = this.#outside;
    if (spill === undefined || outside === undefined) return;
    const size = sizeOf(parts);
    const { budget } = outside;
    const aborted = new AbortController();
    budget.spilledBytes += size;
    const back = () => {
      budget.spilledBytes -= size;
    };
    let lies: Elsewhere | undefined;
    const place = this.#order.enter(exchange, () => {
      aborted.abort();
      back();
      if (lies !== undefined) spill.drop(lies);
    });
    outside.later(spill.put(parts, aborted.signal), (result) => {
      if (!this.#order.has(place)) {
        // Given up meanwhile.
        if (!(result instanceof Error)) spill.drop(result);
        return;
      }
      if (result instanceof Error) {
        this.#order.leave(place);
        failed(asActorError(result, this.#stream));
        return;
      }
      lies = result;
      this.#order.ready(place, () => {
        const sequence = this.#outbox.put(exchange, nothing, end, { elsewhere: result, onTaken: back });
        placed?.(sequence);
      });
    });
  }

  /** Gives up what waits of this exchange; false when nothing does. */
  withdraw(exchange: number): boolean {
    return this.#order.leaveAll(exchange);
  }

  /** Gives up everything that waits. */
  clear(): void {
    this.#order.clear();
  }
}

function asActorError(error: Error, stream: string): ActorError {
  if (error instanceof ActorError) return error;
  const text = `a large payload could not be put where the worker takes it: ${error.message}; nothing was sent`;
  return new ActorError('no_room', `${stream}: ${text}`, { cause: error });
}
