/**
 * What `links` is told and tells. Payloads, contexts, keys and catalogs are opaque here.
 */
import type { ActorRef, ExitReason, Pid } from '../../actors/core/index.ts';

/** A worker incarnation that will dial in. From its worker actor, before it spawns the process. */
export interface Expect {
  readonly worker: Pid;
  readonly workerId: string;
  readonly incarnation: number;
  /** Made for this spawn alone; the first frame of the stream has to prove it. */
  readonly token: string;
  readonly runId: string;
  readonly pool: string;
  /** How long it may live without a new lease, in milliseconds. Left out for one whose process this host started. */
  readonly leaseMs?: number;
}

/** A worker that nobody here spawned asks to join a pool. Cast to the pool's manager as `join`. */
export interface JoinRequest {
  /** For the answer: `admit` or `turnAway`, cast to links. */
  readonly join: string;
  readonly pool: string;
  /** What it says of itself. */
  readonly module: string;
  readonly osPid: number;
  readonly host: string;
  readonly pythonVersion: string;
  readonly libraryVersion: string;
  /** How many calls it takes at a time; 0: as many as the pool says. */
  readonly capacity: number;
}

/** Tells a worker that joins with what to greet; links expects it already. */
export interface Admit {
  readonly join: string;
  readonly workerId: string;
  readonly incarnation: number;
  readonly token: string;
  readonly runId: string;
  readonly leaseMs: number;
  readonly preload: readonly string[];
  readonly capacity: number;
}

/** Refuses a worker that wants to join. */
export interface TurnAway {
  readonly join: string;
  readonly message: string;
  /** True when it is worth another try. */
  readonly later: boolean;
}

/** The host ends a worker's stream on purpose, and tells the worker so. */
export interface Dismiss {
  readonly stream: string;
  readonly reason: string;
}

/** The worker is gone for good: its stream is down and whatever comes from it is dropped. */
export interface Forget {
  readonly worker: Pid;
  /** Default `normal`. */
  readonly reason?: ExitReason;
  readonly lastOutput?: string;
}

/** What a message carries. None of it may be changed before the exchange is over: it is not copied. */
export interface Carried {
  readonly payload: Uint8Array;
  /**
   * Large pieces of bytes that the payload refers to by number, at most 1,024. A message with some goes by a file or a
   * transfer, whatever its size. Default none.
   */
  readonly attachments?: readonly Uint8Array[];
}

export interface Open extends Carried {
  readonly stream: string;
  /** Comes back with everything that happens to the exchange; kept here until it is over. */
  readonly context: object;
  /** A name for `write`, for who does not keep numbers; unique among open exchanges. */
  readonly key?: string;
  /** The exchange is lost with a CallTimeoutError when the worker has not ended it by then. Default: no limit. */
  readonly timeoutMs?: number;
}

/** A further message on an open exchange, named by stream and number or by its key. */
export type Write = Carried & {
  /** The host's last message. It ends an exchange that the worker opened. Default false. */
  readonly end?: boolean;
  /**
   * When the message that opened the exchange has not left yet, neither is sent, and the exchange is lost, not started.
   * Default false.
   */
  readonly withdraw?: boolean;
} & ({ readonly stream: string; readonly exchange: number } | { readonly key: string });

/** A one-way message, in order with everything else on the stream. */
export interface Post extends Carried {
  readonly stream: string;
}

/** Gives an exchange that the worker opened a context, and a key if wanted. */
export interface Adopt {
  readonly stream: string;
  readonly exchange: number;
  readonly context: object;
  readonly key?: string;
}

/** Who hears of deliveries, as cast `deliver`. One at a time; again after each restart. */
export interface Subscribe {
  readonly consumer: ActorRef;
}

/** Everything up to this delivery was handled. */
export interface Acknowledge {
  readonly delivery: number;
}

/** What a worker has said, and how much of it did not come in frames. */
export interface Heard extends Carried {
  /** Left out when all of it did. */
  readonly spilledBytes?: number;
}

/** What happened, told to the consumer. */
export type Happening =
  | {
      readonly type: 'stream.up';
      readonly stream: string;
      readonly worker: Pid;
      readonly pool: string;
      readonly catalog: Uint8Array;
      readonly capacity: number;
    }
  /** After an `exchange.lost` for each exchange that was open. */
  | { readonly type: 'stream.down'; readonly stream: string; readonly worker: Pid; readonly reason: ExitReason }
  | (Heard & {
      readonly type: 'exchange.message';
      readonly stream: string;
      readonly exchange: number;
      /** The worker's last message: ends an exchange that the host opened. */
      readonly end: boolean;
      readonly context: object | undefined;
      /** The first message of an exchange that the worker opened. */
      readonly opened: boolean;
    })
  | {
      readonly type: 'exchange.lost';
      readonly stream: string;
      readonly exchange: number;
      readonly by: 'host' | 'worker';
      readonly context: object;
      /** `not_started`: the worker cannot have seen the whole message that opened it. */
      readonly outcome: 'not_started' | 'unknown';
      readonly reason: ExitReason;
      readonly lastOutput: string;
    }
  /** A write was not sent, and the exchange goes on without it: above the limits, or no room for a large one. */
  | {
      readonly type: 'write.refused';
      readonly stream: string;
      readonly exchange: number;
      readonly context: object | undefined;
      readonly reason: ExitReason;
    }
  /** One-way, from the worker. */
  | (Heard & { readonly type: 'message'; readonly stream: string });

/** A happening with its number; kept by links until the consumer has acknowledged it. */
export type Delivery = Happening & { readonly delivery: number };

/** What links sends to a worker actor about its stream. */
export type StreamNotice =
  /** The worker may dial this address now. */
  | { readonly type: 'stream.expected'; readonly address: string }
  | {
      readonly type: 'stream.hello';
      readonly osPid: number;
      readonly pythonVersion: string;
      readonly libraryVersion: string;
    }
  | { readonly type: 'stream.progress'; readonly what: string }
  | { readonly type: 'stream.ready'; readonly catalog: Uint8Array; readonly capacity: number }
  | {
      readonly type: 'stream.liveness';
      readonly loopLagMs: number;
      readonly inFlight: readonly number[];
      readonly rssBytes: number;
    }
  /** The host does not read for a while: silence is not the worker's fault. */
  | { readonly type: 'stream.paused' }
  | { readonly type: 'stream.unpaused' }
  /** The connection is gone; the worker may dial again within the grace. */
  | { readonly type: 'stream.lost'; readonly reason: ExitReason }
  | { readonly type: 'stream.resumed' }
  /** The worker has said Goodbye: it has finished. */
  | { readonly type: 'stream.goodbye'; readonly reason: string }
  /** The process of a worker that joined has ended; or the worker has left, and that is known to be so. */
  | { readonly type: 'stream.gone'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  /** Lost for good. */
  | { readonly type: 'stream.closed'; readonly reason: ExitReason };
