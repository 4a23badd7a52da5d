/**
 * The state of `links`: streams, connections and what the consumer has not acknowledged. Its table outlives the
 * actor's incarnations, so that after a crash of `links` every open exchange is still told to be lost.
 */
import {
  type ActorContext,
  type ActorError,
  type ActorRef,
  CallTimeoutError,
  type DownMessage,
  type ExitReason,
  exitReason,
  type MonitorRef,
  type Pid,
  type TimerHandle,
} from '../../actors/core/index.ts';
import type { Batch, Carrier, Refusal } from './carrier.ts';
import { Connection, type ConnectionMessage } from './connection.ts';
import { Deliveries, type DeliveryBounds } from './deliveries.ts';
import type { TransportEvent } from './events.ts';
import type { Exchange } from './exchanges.ts';
import type { Limits } from './limits.ts';
import type {
  Adopt,
  Delivery,
  Expect,
  Forget,
  Happening,
  Open,
  Post,
  StreamNotice,
  Subscribe,
  Write,
} from './messages.ts';
import { unopened } from './open-exchange.ts';
import { Stream, type StreamEvent } from './stream.ts';

export interface SwitchboardOptions extends DeliveryBounds {
  readonly limits: Limits;
  readonly graceMs: number;
  readonly helloTimeoutMs: number;
  readonly maxGuests: number;
}

/** How long links waits before it tells a consumer again whose mailbox was full. */
const retryMs = 20;

/** What outlives an incarnation of links. */
export class LinksTable {
  /** By id, which is the worker's pid as text. */
  readonly streams = new Map<string, Stream>();
  readonly keys = new Map<string, { readonly stream: Stream; readonly exchange: Exchange }>();
  readonly deliveries: Deliveries;
  consumer: ActorRef | undefined;

  constructor(bounds: DeliveryBounds) {
    this.deliveries = new Deliveries(bounds);
  }
}

export class Switchboard {
  readonly #ctx: ActorContext<never>;
  readonly #options: SwitchboardOptions;
  readonly #table: LinksTable;
  readonly #connections = new Map<Stream, Connection>();
  /** Connections that have not greeted yet. */
  readonly #guests = new Set<Connection>();
  readonly #graces = new Map<Stream, TimerHandle>();
  readonly #dirty = new Set<Stream>();
  readonly #unopened: Set<Open>;
  #address: string | undefined;
  #flushing = false;
  #paused = false;
  /** The consumer lives and was told everything up to here; undefined when there is nobody to tell. */
  #told: number | undefined;
  #consumerMonitor: MonitorRef | undefined;

  constructor(ctx: ActorContext<never>, table: LinksTable, options: SwitchboardOptions) {
    this.#ctx = ctx;
    this.#table = table;
    this.#options = options;
    this.#unopened = unopened(ctx.system, ctx.path);
    if (table.consumer !== undefined) this.subscribe({ consumer: table.consumer });
    // After a crash of an earlier incarnation: its connections are gone, and so is what waited in its mailbox.
    for (const stream of table.streams.values()) this.#down(stream, exitReason.exit('links_restarted'), '');
    for (const open of this.#unopened) this.open(open);
  }

  // The worker actors' side

  expect(expected: Expect): void {
    const stream = new Stream(expected, this.#options.limits);
    this.#table.streams.set(stream.id, stream);
    this.#ctx.monitor(expected.worker);
    if (this.#address !== undefined) this.#notify(stream, { type: 'stream.expected', address: this.#address });
  }

  listening(address: string): void {
    this.#address = address;
    this.#emit({ type: 'links.listening', links: this.#ctx.self, address });
    for (const stream of this.#table.streams.values()) this.#notify(stream, { type: 'stream.expected', address });
  }

  forget({ worker, reason = exitReason.normal, lastOutput = '' }: Forget): void {
    const stream = this.#table.streams.get(worker.toString());
    if (stream !== undefined) this.#down(stream, reason, lastOutput);
  }

  drain(worker: Pid): void {
    const stream = this.#table.streams.get(worker.toString());
    stream?.drain();
    this.#touch(stream);
  }

  /** The consumer, or a worker actor, has ended. */
  down({ ref, pid, reason }: DownMessage): void {
    // Nothing is told before it subscribes again; everything is kept.
    if (ref === this.#consumerMonitor) this.#told = undefined;
    else if (pid !== undefined) this.forget({ worker: pid, reason });
  }

  // The consumer's side

  open(open: Open): void {
    const { stream: id, payload, context, key, timeoutMs } = open;
    this.#unopened.delete(open);
    const stream = this.#table.streams.get(id);
    const opened = stream === undefined ? exitReason.noproc : stream.open(payload, context, key);
    if (stream === undefined || 'message' in opened || 'kind' in opened) {
      const reason = 'kind' in opened ? opened : exitReason.error(opened as ActorError);
      const outcome = 'not_started';
      this.#tell({
        type: 'exchange.lost',
        stream: id,
        exchange: 0,
        by: 'host',
        context,
        outcome,
        reason,
        lastOutput: '',
      });
      return;
    }
    this.#name(stream, opened, key);
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      const timer = this.#ctx.setTimer(timeoutMs, { type: 'exchange.expired', stream, exchange: opened, timeoutMs });
      const { onOver } = opened;
      opened.onOver = () => {
        onOver?.();
        this.#ctx.cancelTimer(timer);
      };
    }
    this.#sent(stream);
  }

  expire(stream: Stream, exchange: Exchange, timeoutMs: number): void {
    if (stream.exchanges.get(exchange.id) !== exchange) return;
    stream.exchanges.remove(exchange);
    // Unknown even when it was not sent yet: its frames have numbers and will be.
    this.#lost(stream, exchange, 'unknown', exitReason.error(new CallTimeoutError(stream.id, timeoutMs)), '');
  }

  write(write: Write): void {
    const found = 'key' in write ? this.#table.keys.get(write.key) : this.#find(write.stream, write.exchange);
    // A late message to an exchange that is over has no place to go, and that is fine.
    if (found === undefined) return;
    const { stream, exchange } = found;
    const error = stream.write(exchange, write.payload, write.end ?? false);
    if (error === undefined) {
      this.#sent(stream);
      return;
    }
    const { id, context } = exchange;
    this.#tell({ type: 'write.refused', stream: stream.id, exchange: id, context, reason: exitReason.error(error) });
  }

  post({ stream: id, payload }: Post): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined) return;
    const error = stream.post(payload);
    if (error === undefined) this.#sent(stream);
    else {
      this.#tell({
        type: 'write.refused',
        stream: id,
        exchange: 0,
        context: undefined,
        reason: exitReason.error(error),
      });
    }
  }

  adopt({ stream: id, exchange: number, context, key }: Adopt): void {
    const found = this.#find(id, number);
    if (found === undefined) return;
    found.exchange.context = context;
    this.#name(found.stream, found.exchange, key);
  }

  subscribe({ consumer }: Subscribe): void {
    const { deliveries, streams } = this.#table;
    this.#table.consumer = consumer;
    this.#told = deliveries.acknowledged;
    if (this.#consumerMonitor !== undefined) this.#ctx.demonitor(this.#consumerMonitor);
    this.#consumerMonitor = this.#ctx.monitor(consumer);
    const kept = deliveries.all();
    const untold = new Set(kept.map((delivery) => (delivery.type === 'stream.up' ? delivery.stream : undefined)));
    for (const stream of streams.values()) {
      if (stream.status !== 'up' || untold.has(stream.id)) continue;
      // Acknowledging it acknowledges nothing else.
      this.#cast({ ...up(stream), delivery: deliveries.acknowledged });
    }
    for (const delivery of kept) this.#cast(delivery);
  }

  acknowledge(upTo: number): void {
    const { deliveries } = this.#table;
    deliveries.acknowledge(upTo);
    if (!this.#paused || !deliveries.roomy) return;
    this.#paused = false;
    for (const [stream, connection] of this.#connections) {
      connection.carrier.resume();
      this.#notify(stream, { type: 'stream.unpaused' });
    }
  }

  /** Tells again from where the consumer's mailbox was full. */
  retry(): void {
    const from = this.#told;
    if (from === undefined) return;
    for (const delivery of this.#table.deliveries.all()) if (delivery.delivery > from) this.#cast(delivery);
  }

  // Connections

  accepted(carrier: Carrier): void {
    if (this.#guests.size >= this.#options.maxGuests) {
      carrier.refuse({ code: 'resource_exhausted', message: 'too many connections wait to be greeted' });
      return;
    }
    const connection = new Connection(carrier);
    this.#guests.add(connection);
    connection.timer = this.#ctx.setTimer(this.#options.helloTimeoutMs, { type: 'connection.silent', connection });
    connection.listen((message: ConnectionMessage) => this.#ctx.send(this.#ctx.self, message));
  }

  silent(connection: Connection): void {
    if (!this.#guests.delete(connection)) return;
    this.#refuse(connection, { code: 'unauthenticated', message: 'it did not greet in time' });
  }

  batch(connection: Connection, batch: Batch): void {
    if (connection.stream === undefined) {
      if (this.#guests.delete(connection)) this.#greeted(connection, batch);
      return;
    }
    this.#receive(connection.stream, batch);
  }

  drained(connection: Connection): void {
    connection.writable = true;
    this.#touch(connection.stream);
  }

  /** The worker has half-closed: after a Goodbye the host ends its side, else the connection is broken. */
  ended(connection: Connection): void {
    const { stream } = connection;
    if (stream?.leaving) {
      // The worker leaves for good once it knows that everything arrived.
      this.#flush(stream, true);
      connection.carrier.end();
    } else {
      connection.carrier.abort();
      this.closed(connection, 'the worker ended the connection');
    }
  }

  closed(connection: Connection, why: string): void {
    this.#guests.delete(connection);
    this.#ctx.cancelTimer(connection.timer);
    const { stream } = connection;
    connection.stream = undefined;
    if (stream === undefined || this.#connections.get(stream) !== connection) return;
    this.#connections.delete(stream);
    stream.disconnect();
    if (stream.leaving) return;
    const reason = exitReason.exit(`the stream was lost: ${why}`);
    this.#graces.set(stream, this.#ctx.setTimer(this.#options.graceMs, { type: 'grace.over', stream, reason }));
    this.#emit({ type: 'stream.lost', worker: stream.expected.worker, stream: stream.id, reason });
    this.#notify(stream, { type: 'stream.lost', reason });
  }

  graceOver(stream: Stream, reason: ExitReason): void {
    if (!this.#graces.delete(stream)) return;
    this.#close(stream, reason);
  }

  /** Breaks all connections; the actor is ending. */
  dispose(): void {
    for (const connection of [...this.#guests, ...this.#connections.values()]) connection.carrier.abort();
  }

  status(): LinksStatus {
    const streams = [...this.#table.streams.values()].map((stream) => ({
      stream: stream.id,
      pool: stream.expected.pool,
      status: stream.status,
      connected: stream.connected,
      exchanges: stream.exchanges.size,
      queuedBytes: stream.queuedBytes,
    }));
    return { address: this.#address, streams, unacknowledged: this.#table.deliveries.length, paused: this.#paused };
  }

  #greeted(connection: Connection, batch: Batch): void {
    this.#ctx.cancelTimer(connection.timer);
    const [first, ...rest] = batch.frames;
    if (first?.body.case !== 'hello') {
      this.#refuse(connection, { code: 'invalid_argument', message: 'the first frame is no Hello' });
      return;
    }
    const hello = first.body.value;
    const stream = this.#table.streams.get(`${hello.workerId}#${hello.incarnation}`);
    const refusal: Refusal | undefined =
      stream === undefined
        ? { code: 'unauthenticated', message: 'no worker with this token is expected' }
        : stream.connect(hello);
    if (stream === undefined || refusal !== undefined) {
      this.#refuse(connection, refusal as Refusal);
      return;
    }
    const resumed = this.#graces.has(stream) || this.#connections.has(stream);
    this.#ctx.cancelTimer(this.#graces.get(stream));
    this.#graces.delete(stream);
    // The worker knows of a loss that this side has not seen yet.
    const older = this.#connections.get(stream);
    if (older !== undefined) {
      older.stream = undefined;
      older.carrier.abort();
    }
    connection.stream = stream;
    this.#connections.set(stream, connection);
    if (this.#paused) connection.carrier.pause();
    // The Welcome is the first thing the worker hears, at once.
    this.#flush(stream);
    if (resumed) {
      this.#emit({ type: 'stream.resumed', worker: stream.expected.worker, stream: stream.id });
      this.#notify(stream, { type: 'stream.resumed' });
    } else {
      const { osPid, pythonVersion, libraryVersion } = hello;
      this.#notify(stream, { type: 'stream.hello', osPid, pythonVersion, libraryVersion });
    }
    if (rest.length > 0) this.#receive(stream, { ...batch, frames: rest });
  }

  #refuse(connection: Connection, refusal: Refusal): void {
    connection.carrier.refuse(refusal);
    this.#emit({
      type: 'connection.refused',
      links: this.#ctx.self,
      peer: connection.carrier.peer,
      message: refusal.message,
    });
  }

  #receive(stream: Stream, batch: Batch): void {
    try {
      stream.receive(batch, (event) => this.#happened(stream, event));
    } catch (error) {
      this.#close(stream, exitReason.error(error as Error));
      return;
    }
    if (stream.dirty) this.#touch(stream);
    if (this.#paused || !this.#table.deliveries.full) return;
    this.#paused = true;
    for (const [paused, { carrier }] of this.#connections) {
      carrier.pause();
      this.#notify(paused, { type: 'stream.paused' });
    }
  }

  #happened(stream: Stream, event: StreamEvent): void {
    switch (event.type) {
      case 'message': {
        const { message, exchange, opened } = event;
        this.#tell({
          type: 'exchange.message',
          stream: stream.id,
          exchange: exchange.id,
          payload: message.payload,
          end: message.end,
          context: exchange.context,
          opened,
        });
        return;
      }
      case 'post':
        this.#tell({ type: 'message', stream: stream.id, payload: event.payload });
        return;
      case 'progress':
        this.#notify(stream, { type: 'stream.progress', what: event.what });
        return;
      case 'ready':
        // The consumer first: it knows the stream before anybody can be granted its worker.
        this.#tell(up(stream));
        this.#emit({ type: 'stream.up', worker: stream.expected.worker, stream: stream.id });
        this.#notify(stream, { type: 'stream.ready', catalog: event.catalog, capacity: event.capacity });
        return;
      case 'liveness': {
        const { loopLagMs, inFlight, rssBytes } = event.liveness;
        const facts = { loopLagMs, inFlight: inFlight.map(Number), rssBytes: Number(rssBytes) };
        this.#notify(stream, { type: 'stream.liveness', ...facts });
        // An idle stream owes its acknowledgement no longer than to the next sign of life.
        this.#flush(stream, true);
        return;
      }
      case 'goodbye':
        this.#notify(stream, { type: 'stream.goodbye', reason: event.reason });
        return;
      case 'unknown_frame':
        this.#emit({ type: 'stream.unknown_frame', worker: stream.expected.worker, stream: stream.id });
        return;
      default: {
        const never: never = event;
        throw new TypeError(String(never));
      }
    }
  }

  // Sending

  #sent(stream: Stream): void {
    if (stream.overfull) {
      this.#close(
        stream,
        exitReason.exit(`the worker does not take what it is sent: ${stream.queuedBytes} bytes wait`),
      );
    } else this.#touch(stream);
  }

  /** Sends what waits when the event loop has had its turn, so that what is queued meanwhile goes with it. */
  #touch(stream: Stream | undefined): void {
    if (stream === undefined) return;
    this.#dirty.add(stream);
    if (this.#flushing) return;
    this.#flushing = true;
    this.#ctx.runtime.turns.afterIo(() => {
      try {
        this.#ctx.send(this.#ctx.self, { type: 'flush' });
      } catch {
        // The mailbox is full: what comes out of it asks again.
        this.#flushing = false;
      }
    });
  }

  flush(): void {
    this.#flushing = false;
    for (const stream of this.#dirty) this.#flush(stream);
    this.#dirty.clear();
  }

  #flush(stream: Stream, alsoAcknowledge = false): void {
    const connection = this.#connections.get(stream);
    while (connection?.writable) {
      const batch = stream.next(alsoAcknowledge);
      if (batch === undefined) return;
      connection.writable = connection.carrier.send(batch);
    }
  }

  // Ends

  /** The host gives the stream up; its worker actor ends the process. */
  #close(stream: Stream, reason: ExitReason): void {
    this.#notify(stream, { type: 'stream.closed', reason });
    this.#down(stream, reason, '');
  }

  #down(stream: Stream, reason: ExitReason, lastOutput: string): void {
    if (!this.#table.streams.delete(stream.id)) return;
    const wasUp = stream.status === 'up';
    const connection = this.#connections.get(stream);
    this.#connections.delete(stream);
    this.#ctx.cancelTimer(this.#graces.get(stream));
    this.#graces.delete(stream);
    this.#dirty.delete(stream);
    if (connection !== undefined) {
      connection.stream = undefined;
      connection.carrier.abort();
    }
    for (const { exchange, outcome } of stream.down()) this.#lost(stream, exchange, outcome, reason, lastOutput);
    if (!wasUp) return;
    this.#tell({ type: 'stream.down', stream: stream.id, worker: stream.expected.worker, reason });
    this.#emit({ type: 'stream.down', worker: stream.expected.worker, stream: stream.id, reason });
  }

  #lost(
    stream: Stream,
    exchange: Exchange,
    outcome: 'not_started' | 'unknown',
    reason: ExitReason,
    lastOutput: string,
  ): void {
    const { id, by, context } = exchange;
    // An exchange of the worker that nobody adopted has nobody to tell.
    if (context === undefined) return;
    this.#tell({ type: 'exchange.lost', stream: stream.id, exchange: id, by, context, outcome, reason, lastOutput });
  }

  // Telling

  #tell(happening: Happening): void {
    this.#cast(this.#table.deliveries.add(happening));
  }

  #cast(delivery: Delivery): void {
    const { consumer } = this.#table;
    // What is not told now is told in order, later.
    if (consumer === undefined || this.#told === undefined || delivery.delivery > this.#told + 1) return;
    try {
      this.#ctx.cast(consumer, 'deliver', delivery);
      this.#told = Math.max(this.#told, delivery.delivery);
    } catch {
      // Its mailbox is full: the delivery is kept, and so is its place.
      this.#ctx.setTimer(retryMs, { type: 'retry' });
    }
  }

  #notify(stream: Stream, notice: StreamNotice): void {
    if (stream.expected.worker.alive) this.#ctx.send(stream.expected.worker, notice);
  }

  #emit(event: TransportEvent): void {
    this.#ctx.emit(event);
  }

  #find(id: string, number: number): { readonly stream: Stream; readonly exchange: Exchange } | undefined {
    const stream = this.#table.streams.get(id);
    const exchange = stream?.exchanges.get(number);
    return stream === undefined || exchange === undefined ? undefined : { stream, exchange };
  }

  #name(stream: Stream, exchange: Exchange, key: string | undefined): void {
    if (key === undefined) return;
    const { keys } = this.#table;
    const entry = { stream, exchange };
    exchange.key = key;
    keys.set(key, entry);
    const { onOver } = exchange;
    exchange.onOver = () => {
      onOver?.();
      if (keys.get(key) === entry) keys.delete(key);
    };
  }
}

export interface LinksStatus {
  readonly address: string | undefined;
  readonly streams: readonly {
    readonly stream: string;
    readonly pool: string;
    readonly status: Stream['status'];
    readonly connected: boolean;
    readonly exchanges: number;
    readonly queuedBytes: number;
  }[];
  /** Deliveries that the consumer has not acknowledged. */
  readonly unacknowledged: number;
  readonly paused: boolean;
}

const up = ({ id, expected, catalog, capacity }: Stream): Extract<Happening, { type: 'stream.up' }> => ({
  type: 'stream.up',
  stream: id,
  worker: expected.worker,
  pool: expected.pool,
  catalog,
  capacity,
});
