/**
 * Payloads beside the stream, for workers that share no files with this host: in pieces, over a call of its own that
 * the worker opens, with the flow control of that call. What was lost with a connection goes on over the next one.
 */
import { ActorError, ProtocolError } from '../../actors/core/index.ts';
import type { Transfers } from './carrier.ts';
import type {
  Elsewhere,
  TransferChunk,
  TransferHello,
  TransferRequest,
  TransferResponse,
  TransferTaken,
} from './gen/workers_pb.js';
import type { Limits } from './limits.ts';
import type { Expect } from './messages.ts';
import { sameSecret } from './same-secret.ts';
import { bytesOf, elsewhere, type Parts, type Spill, sizeOf } from './spill.ts';

/** One piece: well below what either side takes as a message. */
const pieceBytes = 256 * 1024;
/** How many transfers that were given up are remembered, for when the worker did not hear of it. */
const droppedKept = 1024;

/** One connection of a worker, for transfers alone. */
export interface TransferWire {
  /** False: it was taken, but wait for `drained` before the next one. */
  send(body: TransferResponse['body']): boolean;
  refuse(code: 'unauthenticated' | 'invalid_argument', message: string): void;
  close(): void;
}

/** What a wire tells. */
export interface TransferEvents {
  heard(body: TransferRequest['body']): void;
  drained(): void;
  closed(): void;
}

/** Who takes the transfers of one listener. */
export class TransferDesk implements Transfers {
  readonly #open = new Map<string, TransferSpill>();

  open(expected: Expect, limits: Limits): Spill {
    const key = keyOf(expected);
    const spill = new TransferSpill(expected, limits, () => {
      if (this.#open.get(key) === spill) this.#open.delete(key);
    });
    this.#open.set(key, spill);
    return spill;
  }

  /** A worker has opened a call. */
  accept(wire: TransferWire): TransferEvents {
    let spill: TransferSpill | undefined;
    return {
      heard: (body) => {
        try {
          if (spill !== undefined) spill.heard(body, wire);
          else spill = this.#greeted(body, wire);
        } catch (error) {
          wire.refuse('invalid_argument', (error as Error).message);
          spill?.lost(wire);
        }
      },
      drained: () => spill?.pump(wire),
      closed: () => spill?.lost(wire),
    };
  }

  #greeted(body: TransferRequest['body'], wire: TransferWire): TransferSpill | undefined {
    const hello = body.case === 'hello' ? body.value : undefined;
    const found = hello === undefined ? undefined : this.#open.get(keyOf(hello));
    if (hello === undefined || found === undefined || !sameSecret(hello.token, found.expected.token)) {
      wire.refuse('unauthenticated', 'no worker with this token is expected');
      return undefined;
    }
    found.connect(hello, wire);
    return found;
  }

  /** The listener is closing. */
  close(): void {
    for (const spill of [...this.#open.values()]) spill.close();
  }
}

const keyOf = ({ workerId, incarnation }: { readonly workerId: string; readonly incarnation: number }): string =>
  `${workerId}#${incarnation}`;

interface Outgoing {
  readonly parts: Parts;
  readonly size: number;
  /** Where the next piece begins. */
  next: number;
  readonly settle: (error?: Error) => void;
}

interface Incoming {
  readonly bytes: Uint8Array;
  taken: number;
}

export class TransferSpill implements Spill {
  readonly folders: readonly string[] = [];
  readonly expected: Expect;
  readonly #limits: Limits;
  readonly #onClose: () => void;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #incoming = new Map<number, Incoming>();
  readonly #dropped = new Set<number>();
  #incomingBytes = 0;
  #transfers = 0;
  #wire: TransferWire | undefined;
  #writable = false;

  constructor(expected: Expect, limits: Limits, onClose: () => void) {
    this.expected = expected;
    this.#limits = limits;
    this.#onClose = onClose;
  }

  // What layer 1 does

  put(parts: Parts, signal: AbortSignal): Promise<Elsewhere> {
    this.#transfers += 1;
    const transfer = this.#transfers;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#drop(transfer);
        settle(new ActorError('cancelled', 'the transfer was given up'));
      };
      const settle = (error?: Error) => {
        this.#outgoing.delete(transfer);
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve(elsewhere({ case: 'transfer', value: BigInt(transfer) }, parts));
        else reject(error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#outgoing.set(transfer, { parts, size: sizeOf(parts), next: 0, settle });
      this.pump();
    });
  }

  take(from: Elsewhere): Promise<Parts> {
    const transfer = Number(from.place.value);
    const found = from.place.case === 'transfer' ? this.#incoming.get(transfer) : undefined;
    if (found === undefined || found.taken < found.bytes.length || found.bytes.length !== bytesOf(from))
      return Promise.reject(new ProtocolError(`transfer ${transfer} is not there, or not whole`));
    this.#forget(transfer);
    let at = 0;
    return Promise.resolve(
      from.lengths.map((length) => {
        const part = found.bytes.subarray(at, at + Number(length));
        at += part.length;
        return part;
      }),
    );
  }

  drop({ place }: Elsewhere): void {
    this.#drop(Number(place.value));
  }

  #drop(transfer: number): void {
    this.#dropped.add(transfer);
    for (const oldest of this.#dropped) {
      if (this.#dropped.size <= droppedKept) break;
      this.#dropped.delete(oldest);
    }
    this.#send({ case: 'dropped', value: { $typeName: 'ophion.v1.TransferDropped', transfer: BigInt(transfer) } });
  }

  close(): void {
    this.#onClose();
    const error = new ActorError('cancelled', 'the worker is gone');
    for (const { settle } of [...this.#outgoing.values()]) settle(error);
    this.#incoming.clear();
    this.#wire?.close();
    this.#wire = undefined;
  }

  // What the worker does

  connect({ taken }: TransferHello, wire: TransferWire): void {
    this.#wire?.close();
    this.#wire = wire;
    this.#writable = true;
    const mine = [...this.#incoming].map(([transfer, incoming]) => takenOf(transfer, incoming));
    this.#send({ case: 'resume', value: { $typeName: 'ophion.v1.TransferResume', taken: mine } });
    const theirs = new Map(taken.map((one) => [Number(one.transfer), one]));
    for (const [transfer, { whole }] of theirs)
      if (!this.#outgoing.has(transfer) && (!whole || this.#dropped.has(transfer))) this.#drop(transfer);
    for (const [transfer, outgoing] of [...this.#outgoing])
      this.#resume(outgoing, Number(theirs.get(transfer)?.bytes ?? 0));
    this.pump();
  }

  #resume(outgoing: Outgoing, taken: number): void {
    if (taken > outgoing.size) throw new ProtocolError(`the worker has ${taken} bytes of ${outgoing.size}`);
    outgoing.next = taken;
    if (taken === outgoing.size) outgoing.settle();
  }

  heard(body: TransferRequest['body'], wire: TransferWire): void {
    if (wire !== this.#wire) return;
    switch (body.case) {
      case 'chunk':
        this.#chunk(body.value);
        return;
      case 'taken': {
        const outgoing = this.#outgoing.get(Number(body.value.transfer));
        if (outgoing !== undefined) this.#resume(outgoing, Number(body.value.bytes));
        return;
      }
      case 'dropped':
        this.#forget(Number(body.value.transfer));
        return;
      case 'hello':
        throw new ProtocolError('the worker greets twice');
      case undefined:
        return;
      default: {
        const never: never = body;
        throw new TypeError(String(never));
      }
    }
  }

  #chunk({ transfer: number, offset, size, data }: TransferChunk): void {
    const transfer = Number(number);
    const incoming = this.#incoming.get(transfer) ?? this.#begin(transfer, Number(size));
    const end = incoming.taken + data.length;
    if (Number(offset) !== incoming.taken || Number(size) !== incoming.bytes.length || end > incoming.bytes.length)
      throw new ProtocolError(`a piece of transfer ${transfer} does not fit behind the last one`);
    incoming.bytes.set(data, incoming.taken);
    incoming.taken = end;
    if (end === incoming.bytes.length) this.#send({ case: 'taken', value: takenOf(transfer, incoming) });
  }

  #begin(transfer: number, size: number): Incoming {
    const { maxPayloadBytes, maxMessageBytes, maxSpilledBytes } = this.#limits;
    const after = this.#incomingBytes + size;
    if (size > Math.max(maxPayloadBytes, maxMessageBytes) || (this.#incoming.size > 0 && after > maxSpilledBytes))
      throw new ProtocolError(`a transfer of ${size} bytes is above the limits`);
    const incoming = { bytes: new Uint8Array(size), taken: 0 };
    this.#incoming.set(transfer, incoming);
    this.#incomingBytes = after;
    return incoming;
  }

  #forget(transfer: number): void {
    this.#incomingBytes -= this.#incoming.get(transfer)?.bytes.length ?? 0;
    this.#incoming.delete(transfer);
  }

  lost(wire: TransferWire): void {
    if (wire === this.#wire) this.#wire = undefined;
  }

  /** Sends pieces as long as they are taken, those of all transfers in turn. */
  pump(drained?: TransferWire): void {
    if (drained !== undefined && drained === this.#wire) this.#writable = true;
    for (let sent = true; sent && this.#writable; ) {
      sent = false;
      for (const [transfer, outgoing] of this.#outgoing) {
        if (this.#wire === undefined || !this.#writable || outgoing.next >= outgoing.size) continue;
        const data = pieceOf(outgoing);
        const value: TransferChunk = {
          $typeName: 'ophion.v1.TransferChunk',
          transfer: BigInt(transfer),
          offset: BigInt(outgoing.next),
          size: BigInt(outgoing.size),
          data,
        };
        outgoing.next += data.length;
        sent = true;
        this.#send({ case: 'chunk', value });
      }
    }
  }

  #send(body: TransferResponse['body']): void {
    if (this.#wire !== undefined) this.#writable = this.#wire.send(body) && this.#writable;
  }
}

const takenOf = (transfer: number, { bytes, taken }: Incoming): TransferTaken => ({
  $typeName: 'ophion.v1.TransferTaken',
  transfer: BigInt(transfer),
  bytes: BigInt(taken),
  whole: taken === bytes.length,
});

/** The next piece, out of one part. */
function pieceOf({ parts, next }: Outgoing): Uint8Array {
  let at = next;
  for (const part of parts) {
    if (at < part.length) return part.subarray(at, at + pieceBytes);
    at -= part.length;
  }
  return new Uint8Array();
}
