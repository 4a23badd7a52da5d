/**
 * How frames travel. A carrier is one connection: ordered batches of frames in both directions, with back-pressure
 * both ways and an end that is told once. It knows neither workers nor exchanges. grpc.ts is the default one,
 * unix-socket.ts the fast one for workers on this machine, memory.ts is for tests. One set of tests holds for all.
 */
import type { Frame } from './gen/workers_pb.js';
import type { Limits } from './limits.ts';
import type { Expect } from './messages.ts';
import type { Spill } from './spill.ts';

/** Frames that were queued in one turn, in order, and what the sender has taken from the other side. */
export interface Batch {
  readonly frames: readonly Frame[];
  readonly acknowledged: number;
  /** How much the other side may send in all; left out or 0: nothing is said about it. See window.ts. */
  readonly credit?: number;
}

/** Why a host does not take a connection. The worker must not dial again. */
export interface Refusal {
  readonly code: 'unauthenticated' | 'failed_precondition' | 'invalid_argument' | 'resource_exhausted';
  readonly message: string;
}

/** Hears what comes in. Never called from within a method of the carrier. */
export interface CarrierEvents {
  batch(batch: Batch): void;
  /** `send` may be called again after it answered false. */
  drained(): void;
  /** The other side has said everything that it will say; it may still listen. gRPC tells it of a loss, too, before `closed`. */
  ended(): void;
  /** The connection is gone, told once; nothing comes after it. */
  closed(why: string): void;
}

export interface Carrier {
  /** Who is at the other end, for messages. */
  readonly peer: string;
  /** Begins to hear. Called once. */
  listen(events: CarrierEvents): void;
  /** Hands a batch over. False: it was taken, but wait for `drained` before the next one. */
  send(batch: Batch): boolean;
  /** Stops reading, so that the other side is held back by its own transport. */
  pause(): void;
  resume(): void;
  /** Ends this side in order: what was sent still arrives. */
  end(): void;
  /** Ends the connection with a reason that tells the worker not to come back. */
  refuse(refusal: Refusal): void;
  /** Breaks the connection at once. */
  abort(): void;
}

/** What a listener tells its owner. */
export interface ListenerEvents {
  /** It takes connections now; workers dial this address. */
  listening(address: string): void;
  accepted(carrier: Carrier): void;
  /** It does not listen, or no longer. */
  failed(error: Error): void;
}

export interface Listener {
  /** How payloads too large for frames go to and from workers that share no files with this host. Default: not at all. */
  readonly transfers?: Transfers;
  /** Whether processes that this host starts find its files. Default true. */
  readonly sharesFiles?: boolean;
  /** Ends the listener and all its connections, and frees what it made on disk. Safe to call twice. */
  close(): void;
}

/** Payloads beside the streams. */
export interface Transfers {
  /** For one incarnation, until it is closed. */
  open(expected: Expect, limits: Limits): Spill;
}

/** Begins to listen. */
export type Listen = (events: ListenerEvents) => Listener;
