/**
 * One worker incarnation's stream, over as many connections as it takes: who may connect, what is taken and sent,
 * which exchanges are open. A state machine without time and without I/O; links.ts drives it.
 */
import { create } from '@bufbuild/protobuf';
import { type ActorError, ProtocolError } from '../../actors/core/index.ts';
import { Arrivals } from './arrivals.ts';
import type { Batch, Refusal } from './carrier.ts';
import { Dispatch, type Outside } from './dispatch.ts';
import { type Exchange, Exchanges } from './exchanges.ts';
import {
  DrainSchema,
  type Frame,
  GoodbyeSchema,
  type Hello,
  LeaseSchema,
  LimitsSchema,
  type Liveness,
  type Ready,
  WelcomeSchema,
} from './gen/workers_pb.js';
import { Inbox, type Message } from './inbox.ts';
import { type Lease, leaseIntervalMs } from './lease.ts';
import { type Limits, protocolVersion } from './limits.ts';
import type { Expect } from './messages.ts';
import { Outbox } from './outbox.ts';
import { sameSecret } from './same-secret.ts';
import { bytesOf, type Parts, sizeOf } from './spill.ts';
import type { LostExchange, StreamEvent, Unsent } from './stream-events.ts';
import { StreamFullError } from './stream-full.ts';

export class Stream {
  readonly expected: Expect;
  readonly id: string;
  /** `expected`: never connected; `loading`: greeted, not ready; `up`: ready; `down`: over for good. */
  status: 'expected' | 'loading' | 'up' | 'down' = 'expected';
  /** False while the worker is fenced: nothing is sent, nothing is taken. */
  connected = false;
  /** The worker has said Goodbye: its connection may end, and that is no loss. */
  leaving = false;
  catalog: Uint8Array = new Uint8Array();
  capacity = 0;
  readonly exchanges: Exchanges;
  /** Undefined for a worker whose process this host started. */
  lease: Lease | undefined;
  readonly #limits: Limits;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #dispatch: Dispatch;
  readonly #arrivals: Arrivals;
  readonly #outside: Outside | undefined;
  #draining = false;

  /** Without an outside, payloads that are too large for frames are refused. */
  constructor(expected: Expect, limits: Limits, outside?: Outside) {
    this.expected = expected;
    this.id = expected.worker.toString();
    this.#limits = limits;
    this.exchanges = new Exchanges(limits);
    this.#outbox = new Outbox(limits);
    this.#inbox = new Inbox(limits);
    this.#outside = outside;
    this.#dispatch = new Dispatch(this.id, limits, this.#outbox, outside);
    this.#arrivals = new Arrivals(outside);
  }

  /** Bytes that wait for the worker, or that it has not acknowledged; but for those that lie elsewhere. */
  get queuedBytes(): number {
    return this.#outbox.bytes + this.#dispatch.heldBytes;
  }

  /** True while something that the worker has said is not told yet, because it lies elsewhere. */
  get taking(): boolean {
    return this.#arrivals.busy;
  }

  /** A connection's first frame. Answers why it is refused; undefined when the stream goes on with it. */
  connect(hello: Hello): Refusal | undefined {
    const { expected } = this;
    // The token first, so that nobody without it learns anything.
    const mine =
      this.isProvedBy(hello.token) &&
      hello.workerId === expected.workerId &&
      hello.incarnation === expected.incarnation &&
      hello.runId === expected.runId;
    if (!mine || this.status === 'down')
      return { code: 'unauthenticated', message: 'no worker with this token is expected' };
    if (hello.protocolVersion !== protocolVersion) {
      return {
        code: 'failed_precondition',
        message: `the host speaks protocol version ${protocolVersion}, the worker ${hello.protocolVersion}`,
      };
    }
    if (!this.#outbox.resume(Number(hello.resumeFrom))) {
      return { code: 'failed_precondition', message: `the stream cannot go on from frame ${hello.resumeFrom}` };
    }
    this.connected = true;
    if (this.status === 'expected') this.status = 'loading';
    const limits = create(LimitsSchema, {
      maxFrameBytes: this.#limits.maxFrameBytes,
      maxMessageBytes: this.#limits.maxMessageBytes,
      maxExchanges: this.#limits.maxExchanges,
      livenessIntervalMs: this.#livenessIntervalMs,
      windowBytes: this.#limits.windowBytes,
      maxPayloadBytes: BigInt(this.#limits.maxPayloadBytes),
      maxSpilledBytes: BigInt(this.#limits.maxSpilledBytes),
    });
    const welcome = create(WelcomeSchema, {
      protocolVersion,
      resumeFrom: BigInt(this.#inbox.taken),
      limits,
      leaseMs: expected.leaseMs ?? 0,
      folders: [...(this.#outside?.files?.folders ?? [])],
      transfers: this.#outside?.transfers !== undefined,
    });
    this.#outbox.control({ case: 'welcome', value: welcome });
    // A Drain that was lost with the connection is said again.
    if (this.#draining) this.#outbox.control({ case: 'drain', value: create(DrainSchema) });
    return undefined;
  }

  /** True for the token that was made for this incarnation. */
  isProvedBy(token: string): boolean {
    return sameSecret(token, this.expected.token);
  }

  /** Grants the lease that the worker asks for with its sign of life. Throws ProtocolError. */
  grant({ lease: asked, leaseHeard }: Liveness, nowMs: number): void {
    const number = Number(asked);
    if (number === 0 || this.lease?.ask(number, Number(leaseHeard), nowMs) !== true) return;
    this.#outbox.control({ case: 'lease', value: create(LeaseSchema, { number: asked }) });
  }

  /** A worker with a lease asks for it often enough, however seldom the others say how they are. */
  get #livenessIntervalMs(): number {
    const { livenessIntervalMs } = this.#limits;
    const { leaseMs } = this.expected;
    return leaseMs === undefined ? livenessIntervalMs : Math.min(livenessIntervalMs, leaseIntervalMs(leaseMs));
  }

  /** The connection is gone. */
  disconnect(): void {
    this.connected = false;
  }

  /** Tells what a batch of the worker means, frame by frame. Throws ProtocolError when the two sides disagree. */
  receive(batch: Batch, tell: (event: StreamEvent) => void): void {
    if (!this.connected) return;
    if (!this.#outbox.acknowledge(batch.acknowledged, batch.credit)) {
      throw new ProtocolError(`the worker acknowledged frame ${batch.acknowledged}, which it was not sent`);
    }
    for (const frame of batch.frames) this.#take(frame, tell);
  }

  #take(frame: Frame, tell: (event: StreamEvent) => void): void {
    const { body } = frame;
    switch (body.case) {
      case 'envelope': {
        const before = this.#inbox.taken;
        const message = this.#inbox.take(Number(frame.sequence), body.value);
        if (this.#inbox.taken !== before) {
          this.#outbox.window.take(body.value.payload.length);
          this.#outbox.took(this.#inbox.taken, body.value.payload.length);
        }
        if (message !== undefined) this.#arrivals.take(message, (whole) => this.#message(whole, tell));
        return;
      }
      case 'progress':
        tell({ type: 'progress', what: body.value.what });
        return;
      case 'ready':
        // Said again after a redial, as the worker cannot know whether the first one arrived.
        if (this.status !== 'loading') return;
        this.#ready(body.value);
        tell({ type: 'ready', catalog: this.catalog, capacity: this.capacity });
        return;
      case 'liveness':
        tell({ type: 'liveness', liveness: body.value });
        return;
      case 'goodbye':
        this.leaving = true;
        tell({ type: 'goodbye', reason: body.value.reason });
        return;
      case 'hello':
      case 'welcome':
      case 'drain':
      case 'join':
      case 'admission':
      case 'lease':
      case 'gone':
        throw new ProtocolError(`the worker sent a ${body.case} in the middle of its stream`);
      case undefined:
        tell({ type: 'unknown_frame', sequence: Number(frame.sequence) });
        return;
      default: {
        const never: never = body;
        throw new TypeError(String(never));
      }
    }
  }

  #ready({ catalog, capacity, takesFiles, takesTransfers }: Ready): void {
    this.status = 'up';
    this.catalog = catalog;
    this.capacity = capacity;
    const { files, transfers } = this.#outside ?? {};
    this.#dispatch.spill = (takesFiles ? files : undefined) ?? (takesTransfers ? transfers : undefined);
  }

  #message(message: Message, tell: (event: StreamEvent) => void): void {
    const { exchange, elsewhere, payload } = message;
    const found = exchange === 0 ? undefined : this.exchanges.incoming(exchange);
    if (exchange !== 0 && found === undefined) {
      if (elsewhere !== undefined) this.#outside?.arriving(-bytesOf(elsewhere));
      return;
    }
    // What lies elsewhere was no part of the credit.
    this.#outbox.window.hold(elsewhere === undefined ? payload.length : 0);
    if (found === undefined) {
      tell({ type: 'post', message });
      return;
    }
    if (message.end && found.exchange.by === 'host') this.exchanges.remove(found.exchange);
    tell({ type: 'message', message, ...found });
  }

  /** A message that was told has been handled: the worker may send as much again. */
  release(inFramesBytes: number): void {
    this.#outbox.window.release(inFramesBytes);
  }

  /**
   * Opens a host exchange, or says why not; then nothing was sent. `unsent` is told when that shows only later: then the
   * exchange is over.
   */
  open(parts: Parts, context: object, unsent: Unsent): Exchange | ActorError {
    const refused = this.#dispatch.refusal(parts) ?? this.#full(parts);
    if (refused !== undefined) return refused;
    const exchange = this.exchanges.open(context);
    this.#dispatch.send({
      exchange: exchange.id,
      parts,
      end: false,
      placed: (sequence) => {
        exchange.opening = sequence;
      },
      failed: (error) => {
        this.exchanges.remove(exchange);
        unsent(exchange, error);
      },
    });
    return exchange;
  }

  /** Sends a message on an open exchange; `unsent` is told when it is not. Ends a worker's exchange with `end`. */
  write(exchange: Exchange, parts: Parts, end: boolean, unsent: Unsent): void {
    const refused = this.#dispatch.refusal(parts);
    const failed = (error: ActorError) => unsent(exchange, error);
    if (refused !== undefined) failed(refused);
    else if (!end || exchange.by === 'host') this.#dispatch.send({ exchange: exchange.id, parts, end, failed });
    else {
      // Not before it is sent: when it cannot be, the exchange gets another end.
      const placed = () => this.exchanges.remove(exchange);
      this.#dispatch.send({ exchange: exchange.id, parts, end, placed, failed });
    }
  }

  post(parts: Parts, failed: (error: ActorError) => void): void {
    const refused = this.#dispatch.refusal(parts);
    if (refused === undefined) this.#dispatch.send({ exchange: 0, parts, end: false, failed });
    else failed(refused);
  }

  /** Gives a host exchange up whose first message has not left: the worker will never hear of it. False: it has left. */
  withdraw(exchange: Exchange): boolean {
    if (exchange.by === 'worker' || exchange.opening !== Number.POSITIVE_INFINITY) return false;
    this.exchanges.remove(exchange);
    return this.#dispatch.withdraw(exchange.id);
  }

  /** Asks the worker to finish what runs and to take nothing new. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.connected) this.#outbox.control({ case: 'drain', value: create(DrainSchema) });
  }

  /** Tells the worker that the host ends the stream on purpose; that its connection then ends is no loss. */
  goodbye(reason: string): void {
    this.leaving = true;
    this.#outbox.control({ case: 'goodbye', value: create(GoodbyeSchema, { reason }) });
  }

  /** True when a batch waits for the connection. */
  get dirty(): boolean {
    return this.connected && this.#outbox.dirty;
  }

  /** True when nothing of this side is on its way. */
  get settled(): boolean {
    return this.#outbox.settled;
  }

  /** The next batch for the connection, at most one frame's size. */
  next(alsoAcknowledge = false): Batch | undefined {
    return this.connected ? this.#outbox.next(alsoAcknowledge) : undefined;
  }

  /**
   * The worker does not take what it is sent: above this many bytes `links` gives it up. Opening exchanges is
   * refused at half of it, so that answers and cancellations still have room.
   */
  get overfull(): boolean {
    return this.queuedBytes > 8 * this.#limits.maxMessageBytes;
  }

  /** Over for good. Answers what was open, in order, and whether the worker can have seen it. */
  down(): LostExchange[] {
    this.status = 'down';
    this.connected = false;
    const lost = this.exchanges.drain().map((exchange) => ({ exchange, outcome: this.outcome(exchange) }));
    this.#dispatch.clear();
    this.#arrivals.clear();
    this.#outbox.clear();
    this.#outside?.files?.close();
    this.#outside?.transfers?.close();
    return lost;
  }

  /**
   * `not_started` when the last frame of the opening message was never handed to a connection, or the worker itself
   * said, by where it resumed, that it had not arrived: it cannot have begun on a message that it never had whole.
   */
  outcome(exchange: Exchange): 'not_started' | 'unknown' {
    return exchange.by === 'host' && exchange.opening > this.#outbox.handed ? 'not_started' : 'unknown';
  }

  #full(parts: Parts): ActorError | undefined {
    const { byHost, max: most } = this.exchanges;
    if (byHost >= most) return new StreamFullError(this.id, 'maxExchanges', most, byHost);
    const max = 4 * this.#limits.maxMessageBytes;
    const held = this.queuedBytes;
    const size = sizeOf(parts);
    // What goes by a file has a bound of its own.
    if (held === 0 || this.#dispatch.isLarge(parts) || held + size <= max) return undefined;
    return new StreamFullError(this.id, 'maxMessageBytes', max, held);
  }
}
