/**
 * The state of `links`: its streams, from when a worker is expected to when it is given up or gone. Its table outlives
 * the actor's incarnations, so that after a crash of `links` every exchange that was open is still told to be lost.
 */
import {
  type ActorContext,
  ActorError,
  type DownMessage,
  type ExitReason,
  exitReason,
  type Pid,
} from '../../actors/core/index.ts';
import type { Batch } from './carrier.ts';
import { Courier } from './courier.ts';
import { type DeliveryBounds, inFramesBytes } from './deliveries.ts';
import type { TransportEvent } from './events.ts';
import type { Hello } from './gen/workers_pb.js';
import { Joins, type JoinsOptions } from './joins.ts';
import { Lease } from './lease.ts';
import { Leases } from './leases.ts';
import type { Limits } from './limits.ts';
import { Lines, type LinesOptions } from './lines.ts';
import type { LinksStatus, LinksTable } from './links-table.ts';
import type { Delivery, Expect, Forget, StreamNotice } from './messages.ts';
import { type OutsideMessage, Outsides } from './outsides.ts';
import { Requests } from './requests.ts';
import { Stream } from './stream.ts';
import { Teller } from './teller.ts';

export interface SwitchboardOptions extends DeliveryBounds, LinesOptions, JoinsOptions {
  readonly limits: Limits;
}

export class Switchboard {
  readonly lines: Lines;
  readonly courier: Courier;
  readonly joins: Joins;
  readonly outsides: Outsides;
  /** The consumer's side. */
  readonly requests: Requests;
  readonly leases: Leases;
  /** Where workers on other hosts join. */
  joinAddress: string | undefined;
  readonly #ctx: ActorContext<never>;
  readonly #teller: Teller;
  readonly #limits: Limits;
  readonly #table: LinksTable;
  #address: string | undefined;

  constructor(ctx: ActorContext<never>, table: LinksTable, options: SwitchboardOptions) {
    this.#ctx = ctx;
    this.#table = table;
    this.#limits = options.limits;
    this.courier = new Courier(ctx, table);
    this.#teller = new Teller(ctx, this.courier, (told) => this.lines.acknowledge(told));
    this.outsides = new Outsides(ctx, table, options.limits);
    this.requests = new Requests(ctx, table, this.courier, (stream) => this.#sent(stream));
    this.leases = new Leases(ctx, table, (stream, reason) => this.#close(stream, reason));
    this.lines = new Lines(ctx, options, table.streams, {
      connected: (stream, hello, resumed) => this.#connected(stream, hello, resumed),
      batch: (stream, batch) => this.#receive(stream, batch),
      lost: (stream, reason) => {
        this.#emit({ type: 'stream.lost', worker: stream.expected.worker, stream: stream.id, reason });
        this.#notify(stream, { type: 'stream.lost', reason });
      },
      over: (stream, reason) => this.#close(stream, reason),
      left: (stream) => this.#gone(stream, 0, null),
      guest: (connection, said) => this.joins.heard(connection, said),
    });
    const gone = (stream: Stream, code: number | null, signal: NodeJS.Signals | null) =>
      this.#gone(stream, code, signal);
    this.joins = new Joins(ctx, options, this.lines, table.streams, gone);
    // After a crash of an earlier incarnation: its connections are gone, and so is what waited in its mailbox.
    for (const stream of table.streams.values()) this.#down(stream, exitReason.exit('links_restarted'), '');
    this.requests.resume();
  }

  // The worker actors' side

  expect(expected: Expect): void {
    const stream = new Stream(expected, this.#limits, this.outsides.of(expected));
    if (expected.leaseMs !== undefined)
      stream.lease = new Lease(expected.leaseMs, this.#ctx.runtime.clock.monotonicMs());
    this.#table.streams.set(stream.id, stream);
    this.#ctx.monitor(expected.worker);
    if (this.#address !== undefined) this.#notify(stream, { type: 'stream.expected', address: this.#address });
  }

  listening(address: string): void {
    this.#address = address;
    this.#emit({ type: 'links.listening', links: this.#ctx.self, address });
    for (const stream of this.#table.streams.values()) this.#notify(stream, { type: 'stream.expected', address });
  }

  /** Workers of other hosts may join now. */
  joinable(address: string): void {
    this.joinAddress = address;
    this.#emit({ type: 'links.joinable', links: this.#ctx.self, address });
  }

  forget({ worker, reason = exitReason.normal, lastOutput = '' }: Forget): void {
    const stream = this.#table.streams.get(worker.toString());
    if (stream !== undefined) this.#down(stream, reason, lastOutput);
  }

  drain(worker: Pid): void {
    const stream = this.#table.streams.get(worker.toString());
    if (stream === undefined) return;
    stream.drain();
    this.lines.touch(stream);
  }

  /** Tells a worker that its host does not want it any more. */
  dismiss(id: string, reason: string): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined) return;
    stream.goodbye(reason);
    this.lines.touch(stream);
  }

  /** The consumer, or a worker actor, has ended. */
  down({ ref, pid, reason }: DownMessage): void {
    if (!this.courier.consumerDown(ref) && pid !== undefined) this.forget({ worker: pid, reason });
  }

  // What the worker says

  #connected(stream: Stream, { osPid, pythonVersion, libraryVersion }: Hello, resumed: boolean): void {
    if (resumed) {
      this.#emit({ type: 'stream.resumed', worker: stream.expected.worker, stream: stream.id });
      this.#notify(stream, { type: 'stream.resumed' });
    } else {
      this.leases.begin(stream);
      this.#notify(stream, { type: 'stream.hello', osPid, pythonVersion, libraryVersion });
    }
  }

  /** A worker that joined has ended, or has left as it said; the fate of others is seen by their process. */
  #gone(stream: Stream, code: number | null, signal: NodeJS.Signals | null): void {
    if (stream.lease !== undefined) this.#notify(stream, { type: 'stream.gone', code, signal });
  }

  #receive(stream: Stream, batch: Batch): void {
    try {
      stream.receive(batch, (event) => this.#teller.tell(stream, event));
    } catch (error) {
      this.#close(stream, exitReason.error(error as Error));
      return;
    }
    this.#heard(stream);
  }

  /** Something outside a stream has ended, such as the reading of a file. */
  outside({ stream: id, act }: OutsideMessage): void {
    const stream = this.#table.streams.get(id);
    try {
      act();
    } catch (error) {
      if (stream === undefined) throw error;
      this.#close(stream, exitReason.error(error as Error));
      return;
    }
    if (stream === undefined) return;
    this.#heard(stream);
    this.lines.taken(stream);
  }

  // How much of it is read

  #heard(stream: Stream): void {
    if (stream.dirty) this.lines.touch(stream);
    if (!this.#table.deliveries.full) return;
    for (const paused of this.lines.pause(true)) this.#notify(paused, { type: 'stream.paused' });
  }

  /** The consumer has handled everything up to this delivery. */
  acknowledge(upTo: number): void {
    const { deliveries } = this.#table;
    deliveries.acknowledge(upTo, this.#handled);
    if (!this.lines.paused || !deliveries.roomy) return;
    for (const stream of this.lines.pause(false)) this.#notify(stream, { type: 'stream.unpaused' });
  }

  readonly #handled = (delivery: Delivery): void => {
    if (!('payload' in delivery)) return;
    const stream = this.#table.streams.get(delivery.stream);
    if (stream === undefined) return;
    stream.release(inFramesBytes(delivery));
    if (stream.dirty) this.lines.touch(stream);
  };

  // Ends

  #sent(stream: Stream): void {
    if (!stream.overfull) this.lines.touch(stream);
    else
      this.#close(
        stream,
        exitReason.error(
          new ActorError('stream_overfull', `${stream.id}: the worker has not taken ${stream.queuedBytes} bytes`),
        ),
      );
  }

  /** The host gives the stream up; its worker actor ends the process. */
  #close(stream: Stream, reason: ExitReason): void {
    this.#notify(stream, { type: 'stream.closed', reason });
    this.#down(stream, reason, '');
  }

  #down(stream: Stream, reason: ExitReason, lastOutput: string): void {
    if (!this.#table.streams.delete(stream.id)) return;
    const { worker } = stream.expected;
    this.leases.end(stream);
    const wasUp = stream.status === 'up';
    this.lines.cut(stream);
    this.outsides.forget(stream.id);
    for (const { exchange, outcome } of stream.down())
      this.requests.lost(stream, exchange, outcome, reason, lastOutput);
    if (!wasUp) return;
    this.courier.tell({ type: 'stream.down', stream: stream.id, worker, reason });
    this.#emit({ type: 'stream.down', worker, stream: stream.id, reason });
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
    const unacknowledged = this.#table.deliveries.length;
    const { joinAddress } = this;
    const { spilledBytes } = this.#table.budget;
    return { address: this.#address, joinAddress, streams, spilledBytes, unacknowledged, paused: this.lines.paused };
  }

  #notify(stream: Stream, notice: StreamNotice): void {
    if (stream.expected.worker.alive) this.#ctx.send(stream.expected.worker, notice);
  }

  #emit(event: TransportEvent): void {
    this.#ctx.emit(event);
  }
}
