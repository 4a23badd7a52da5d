/** What clients of the public port may use at most, and what is counted to hold them to it. */
import { ActorError, type Clock, SpecError } from '../../../actors/core/index.ts';
import type { Client } from './access.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface ServiceLimits {
  /**
   * Requests a second of one client, and of one address without a token (health checks). A stream counts once. Default
   * 1,000; one more is refused with `rate_limited` and told when to come back. Not for hosts (`operate`) that use session
   * state of this one: their work is their own clients'.
   */
  readonly requestsPerSecond?: number;
  /** How many requests may come at once after a pause. Default: twice `requestsPerSecond`. */
  readonly burst?: number;
  /** Requests of one client that run at a time, streams included. Default 1,024. */
  readonly openPerClient?: number;
  /** Streams of one client at a time: watches, and tools that answer item by item. Default 256. */
  readonly streamsPerClient?: number;
  /** Streams of all clients at a time. Default 4,096. */
  readonly streams?: number;
  /** Bytes of requests, over all clients, that have arrived and are not read yet. Default 256 MiB. */
  readonly pendingBytes?: number;
  /**
   * Requests a minute of one address that are answered `unauthenticated`. Default 60; those beyond it are answered
   * `rate_limited`, and told to nobody. A right token is taken all the same: nobody keeps others out.
   */
  readonly failuresPerMinute?: number;
}

export const defaultServiceLimits = {
  requestsPerSecond: 1_000,
  openPerClient: 1_024,
  streamsPerClient: 256,
  streams: 4_096,
  pendingBytes: 256 * 1024 * 1024,
  failuresPerMinute: 60,
} as const;

/** A client has used up what it may use. Nothing was done. */
export class LimitError extends ActorError {
  declare readonly code: 'rate_limited' | 'too_many_requests';
  /** Whose limit, and which. */
  readonly subject: string;
  /** After which it makes sense to try again. */
  readonly retryAfterMs: number;

  constructor(code: LimitError['code'], subject: string, message: string, retryAfterMs: number) {
    super(code, `${subject}: ${message}`);
    this.subject = subject;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Something that ends frees a place; when, nobody knows. */
const placeMs = 200;
/** How many addresses are remembered; the one that was quiet for longest is forgotten first. */
const addressesMax = 10_000;

/** Checks the limits that were given. Throws SpecError, which names the option and the value. */
export function checkLimits(limits: ServiceLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw new SpecError('limits', `invalid_${name}: it must be above 0`, value);
  }
}

interface Open {
  requests: number;
  streams: number;
}

/** Counts for one port. Knows no sockets: whoever serves a request says who and from where. */
export class Quota {
  readonly #limits: Required<ServiceLimits>;
  readonly #clock: Clock;
  readonly #clients: TokenBuckets;
  readonly #addresses: TokenBuckets;
  readonly #failures: TokenBuckets;
  readonly #open = new Map<string, Open>();
  #streams = 0;
  #pendingBytes = 0;

  constructor(limits: ServiceLimits, clock: Clock) {
    const given = { ...defaultServiceLimits, ...limits };
    this.#limits = { ...given, burst: limits.burst ?? 2 * given.requestsPerSecond };
    this.#clock = clock;
    const { requestsPerSecond, burst, failuresPerMinute } = this.#limits;
    const rate = { perSecond: requestsPerSecond, burst, max: addressesMax };
    this.#clients = new TokenBuckets(rate);
    this.#addresses = new TokenBuckets(rate);
    this.#failures = new TokenBuckets({
      perSecond: failuresPerMinute / 60,
      burst: failuresPerMinute,
      max: addressesMax,
    });
  }

  /**
   * A request begins: of a client, or of an address when it needs no token. `paced`: so many a second may come. Answers
   * what to call once when it is over. Throws LimitError.
   */
  enter(
    client: Client | undefined,
    address: string,
    { streaming, paced }: { readonly streaming: boolean; readonly paced: boolean },
  ): () => void {
    const subject = client === undefined ? `address ${address}` : `client '${client.name}'`;
    if (paced) this.#pace(client, address, subject);
    const open = this.#open.get(subject) ?? { requests: 0, streams: 0 };
    const { openPerClient, streamsPerClient, streams } = this.#limits;
    if (open.requests >= openPerClient) throw full(subject, `has ${openPerClient} requests open already`);
    if (streaming && open.streams >= streamsPerClient)
      throw full(subject, `has ${streamsPerClient} streams open already`);
    if (streaming && this.#streams >= streams) throw full('all clients', `have ${streams} streams open already`);
    this.#open.set(subject, open);
    this.#count(open, subject, streaming, 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#count(open, subject, streaming, -1);
    };
  }

  /** Bytes of a request have arrived, or (below 0) are done with. Throws LimitError when too many wait. */
  pending(bytes: number): void {
    const { pendingBytes } = this.#limits;
    if (bytes > 0 && this.#pendingBytes + bytes > pendingBytes)
      throw full('all clients', `have ${pendingBytes} bytes of requests under way already`);
    this.#pendingBytes += bytes;
  }

  /** A request without a right token. Throws LimitError when its address has had too many. */
  failed(address: string): void {
    const waitMs = this.#failures.take(address, this.#clock.monotonicMs());
    if (waitMs > 0)
      throw new LimitError('rate_limited', `address ${address}`, 'too many requests without a right token', waitMs);
  }

  #pace(client: Client | undefined, address: string, subject: string): void {
    const nowMs = this.#clock.monotonicMs();
    const waitMs = client === undefined ? this.#addresses.take(address, nowMs) : this.#clients.take(client.name, nowMs);
    if (waitMs === 0) return;
    const { requestsPerSecond } = this.#limits;
    throw new LimitError('rate_limited', subject, `may make ${requestsPerSecond} requests a second`, waitMs);
  }

  #count(open: Open, subject: string, streaming: boolean, by: 1 | -1): void {
    open.requests += by;
    if (streaming) {
      open.streams += by;
      this.#streams += by;
    }
    if (open.requests === 0) this.#open.delete(subject);
  }
}

const full = (subject: string, message: string) => new LimitError('too_many_requests', subject, message, placeMs);
