/**
 * The connections of links: who has greeted and who has not, which stream goes over which of them, what waits to be
 * sent, and how long a lost one may come back.
 */
import { type ActorContext, type ExitReason, exitReason, type TimerHandle } from '../../actors/core/index.ts';
import type { Batch, Carrier, Refusal } from './carrier.ts';
import { Connection, type ConnectionMessage } from './connection.ts';
import type { TransportEvent } from './events.ts';
import type { Frame, Hello } from './gen/workers_pb.js';
import type { LinksTable } from './links-table.ts';
import type { Stream } from './stream.ts';

export interface LinesOptions {
  readonly graceMs: number;
  readonly helloTimeoutMs: number;
  readonly maxGuests: number;
}

/** What becomes of a stream, told to the switchboard. */
export interface LineEvents {
  /** It has a connection: its first, or the next one after a loss. */
  connected(stream: Stream, hello: Hello, resumed: boolean): void;
  batch(stream: Stream, batch: Batch): void;
  /** It has none, and may have one again within the grace. */
  lost(stream: Stream, reason: ExitReason): void;
  /** The grace is over. */
  over(stream: Stream, reason: ExitReason): void;
  /** It has said that it leaves, and now it has. */
  left(stream: Stream): void;
  /** A connection that is no stream's: somebody wants to join, or tells of a process that has ended. */
  guest(connection: Connection, said: Guest): void;
}

/** The first frame of a connection that is no stream's. */
export type Guest = Extract<Frame['body'], { case: 'join' | 'gone' }>;

export class Lines {
  readonly #ctx: ActorContext<never>;
  readonly #options: LinesOptions;
  readonly #streams: LinksTable['streams'];
  readonly #events: LineEvents;
  readonly #connections = new Map<Stream, Connection>();
  /** Connections that have not greeted yet. */
  readonly #guests = new Set<Connection>();
  readonly #graces = new Map<Stream, TimerHandle>();
  readonly #dirty = new Set<Stream>();
  #flushing = false;
  #paused = false;

  constructor(ctx: ActorContext<never>, options: LinesOptions, streams: LinksTable['streams'], events: LineEvents) {
    this.#ctx = ctx;
    this.#options = options;
    this.#streams = streams;
    this.#events = events;
  }

  get paused(): boolean {
    return this.#paused;
  }

  // What carriers tell

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
    this.refuse(connection, { code: 'unauthenticated', message: 'it did not greet in time' });
  }

  batch(connection: Connection, batch: Batch): void {
    if (connection.stream !== undefined) this.#events.batch(connection.stream, batch);
    else if (this.#guests.delete(connection)) this.#greeted(connection, batch);
  }

  drained(connection: Connection): void {
    connection.writable = true;
    if (connection.stream !== undefined) this.touch(connection.stream);
  }

  /** The worker has half-closed: after a Goodbye the host ends its side, else the connection is broken. */
  ended(connection: Connection): void {
    const { stream } = connection;
    connection.ended = true;
    // What it has said last may lie elsewhere still; when that is taken, this is called again.
    if (stream?.leaving && stream.taking) return;
    if (stream?.leaving) {
      // The worker leaves for good once it knows that everything arrived.
      this.#flush(stream, true);
      connection.carrier.end();
    } else {
      connection.carrier.abort();
      this.closed(connection, 'the worker ended the connection');
    }
  }

  /** What a stream has said is all told. */
  taken(stream: Stream): void {
    const connection = this.#connections.get(stream);
    if (connection?.ended && !stream.taking) this.ended(connection);
  }

  closed(connection: Connection, why: string): void {
    this.#guests.delete(connection);
    this.#ctx.cancelTimer(connection.timer);
    const { stream } = connection;
    connection.stream = undefined;
    if (stream === undefined || this.#connections.get(stream) !== connection) return;
    this.#connections.delete(stream);
    stream.disconnect();
    if (stream.leaving) {
      this.#events.left(stream);
      return;
    }
    const reason = exitReason.exit(`the stream was lost: ${why}`);
    this.#graces.set(stream, this.#ctx.setTimer(this.#options.graceMs, { type: 'grace.over', stream, reason }));
    this.#events.lost(stream, reason);
  }

  graceOver(stream: Stream, reason: ExitReason): void {
    if (this.#graces.delete(stream)) this.#events.over(stream, reason);
  }

  #greeted(connection: Connection, batch: Batch): void {
    this.#ctx.cancelTimer(connection.timer);
    const [first, ...rest] = batch.frames;
    if (first?.body.case === 'join' || first?.body.case === 'gone') {
      this.#events.guest(connection, first.body);
      return;
    }
    if (first?.body.case !== 'hello') {
      this.refuse(connection, { code: 'invalid_argument', message: 'the first frame is no Hello' });
      return;
    }
    const hello = first.body.value;
    const stream = this.#streams.get(`${hello.workerId}#${hello.incarnation}`);
    if (stream === undefined) {
      this.refuse(connection, { code: 'unauthenticated', message: 'no worker with this token is expected' });
      return;
    }
    const refusal = stream.connect(hello);
    if (refusal !== undefined) {
      this.refuse(connection, refusal);
      return;
    }
    const resumed = this.#attach(stream, connection);
    // The Welcome is the first thing the worker hears, at once.
    this.#flush(stream);
    this.#events.connected(stream, hello, resumed);
    if (rest.length > 0) this.#events.batch(stream, { ...batch, frames: rest });
  }

  /** Answers true when the stream had a connection before. */
  #attach(stream: Stream, connection: Connection): boolean {
    const grace = this.#graces.get(stream);
    this.#ctx.cancelTimer(grace);
    this.#graces.delete(stream);
    // The worker may know of a loss that this side has not seen yet.
    const older = this.#connections.get(stream);
    if (older !== undefined) {
      older.stream = undefined;
      older.carrier.abort();
    }
    connection.stream = stream;
    this.#connections.set(stream, connection);
    if (this.#paused) connection.carrier.pause();
    return grace !== undefined || older !== undefined;
  }

  refuse(connection: Connection, refusal: Refusal): void {
    connection.carrier.refuse(refusal);
    const { peer } = connection.carrier;
    const event: TransportEvent = {
      type: 'connection.refused',
      links: this.#ctx.self,
      peer,
      message: refusal.message,
    };
    this.#ctx.emit(event);
  }

  // Reading

  /** Stops reading, or goes on; answers the streams that notice it. */
  pause(paused: boolean): readonly Stream[] {
    if (this.#paused === paused) return [];
    this.#paused = paused;
    for (const { carrier } of this.#connections.values()) {
      if (paused) carrier.pause();
      else carrier.resume();
    }
    return [...this.#connections.keys()];
  }

  // Sending

  /**
   * Sends what waits when the event loop has had its turn, so that what is queued meanwhile goes with it. When nothing
   * is on its way to the worker, what waits leaves before that: a lone caller has nobody to wait for.
   */
  touch(stream: Stream): void {
    this.#dirty.add(stream);
    if (this.#flushing) return;
    this.#flushing = true;
    const { turns } = this.#ctx.runtime;
    const when = stream.settled ? turns.beforeIo : turns.afterIo;
    when(() => {
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

  /** Tells an idle worker what was taken of it. */
  acknowledge(stream: Stream): void {
    this.#flush(stream, true);
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

  /** The stream is over for good: its connection is broken, and whatever still comes over it is dropped. */
  cut(stream: Stream): void {
    const connection = this.#connections.get(stream);
    this.#connections.delete(stream);
    this.#ctx.cancelTimer(this.#graces.get(stream));
    this.#graces.delete(stream);
    this.#dirty.delete(stream);
    if (connection === undefined) return;
    connection.stream = undefined;
    connection.carrier.abort();
  }

  /** Breaks all connections; the actor is ending. */
  dispose(): void {
    for (const connection of [...this.#guests, ...this.#connections.values()]) connection.carrier.abort();
  }
}
