/**
 * The state of `links`: its streams and their exchanges. Its table outlives the actor's incarnations, so that after a
 * crash of `links` every exchange that was open is still told to be lost.
 */
import {
  type ActorContext,
  ActorError,
  CallTimeoutError,
  type DownMessage,
  type ExitReason,
  exitReason,
  type Pid,
  type TimerHandle,
} from '../../actors/core/index.ts';
import type { Batch } from './carrier.ts';
import { Courier } from './courier.ts';
import { type DeliveryBounds, inFramesBytes } from './deliveries.ts';
import type { TransportEvent } from './events.ts';
import type { Exchange } from './exchanges.ts';
import type { Hello } from './gen/workers_pb.js';
import { Joins } from './joins.ts';
import { Lease } from './lease.ts';
import type { Limits } from './limits.ts';
import { Lines, type LinesOptions } from './lines.ts';
import type { LinksStatus, LinksTable } from './links-table.ts';
import type { Adopt, Delivery, Expect, Forget, Happening, Open, Post, StreamNotice, Write } from './messages.ts';
import { unopened } from './open-exchange.ts';
import { type OutsideMessage, Outsides } from './outsides.ts';
import { Stream } from './stream.ts';
import { Teller } from './teller.ts';

export interface SwitchboardOptions extends DeliveryBounds, LinesOptions {
  readonly limits: Limits;
}

export class Switchboard {
  readonly lines: Lines;
  readonly courier: Courier;
  readonly joins: Joins;
  readonly outsides: Outsides;
  /** Where workers on other hosts join. */
  joinAddress: string | undefined;
  readonly #ctx: ActorContext<never>;
  readonly #teller: Teller;
  readonly #limits: Limits;
  readonly #table: LinksTable;
  readonly #unopened: Set<Open>;
  readonly #leases = new Map<Stream, TimerHandle>();
  #address: string | undefined;

  constructor(ctx: ActorContext<never>, table: LinksTable, options: SwitchboardOptions) {
    this.#ctx = ctx;
    this.#table = table;
    this.#limits = options.limits;
    this.#unopened = unopened(ctx.system, ctx.path);
    this.courier = new Courier(ctx, table);
    this.#teller = new Teller(ctx, this.courier, (told) => this.lines.acknowledge(told));
    this.outsides = new Outsides(ctx, table, options.limits);
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
    for (const open of this.#unopened) this.open(open);
  }

  // The worker actors' side

  expect(expected: Expect): void {
    const stream = new Stream(expected, this.#limits, this.outsides.of(expected));
    if (expected.leaseMs !== undefined) stream.lease = new Lease(expected.leaseMs, this.#nowMs);
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

  /** The consumer, or a worker actor, has ended. */
  down({ ref, pid, reason }: DownMessage): void {
    if (!this.courier.consumerDown(ref) && pid !== undefined) this.forget({ worker: pid, reason });
  }

  // The consumer's side

  open(open: Open): void {
    const { stream: id, payload, attachments = [], context, key, timeoutMs } = open;
    this.#unopened.delete(open);
    const stream = this.#table.streams.get(id);
    if (stream === undefined) {
      this.#notOpened(open, exitReason.noproc);
      return;
    }
    const unsent = (_: Exchange, error: ActorError) => this.#notOpened(open, exitReason.error(error));
    const opened = stream.open([payload, ...attachments], context, unsent);
    if ('code' in opened) {
      this.#notOpened(open, exitReason.error(opened));
      return;
    }
    this.#name(stream, opened, key);
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      const timer = this.#ctx.setTimer(timeoutMs, { type: 'exchange.expired', stream, exchange: opened, timeoutMs });
      whenOver(opened, () => this.#ctx.cancelTimer(timer));
    }
    this.#sent(stream);
  }

  #notOpened({ stream, context }: Open, reason: ExitReason): void {
    const what = { stream, exchange: 0, by: 'host', context, outcome: 'not_started', lastOutput: '' } as const;
    this.courier.tell({ type: 'exchange.lost', ...what, reason });
  }

  expire(stream: Stream, exchange: Exchange, timeoutMs: number): void {
    if (stream.exchanges.get(exchange.id) !== exchange) return;
    const reason = exitReason.error(new CallTimeoutError(stream.id, timeoutMs));
    if (this.#withdrawn(stream, exchange, reason)) return;
    stream.exchanges.remove(exchange);
    // Unknown even when it was not sent yet: its frames have numbers and will be.
    this.#lost(stream, exchange, 'unknown', reason, '');
  }

  /** Gives an exchange up that the worker has not heard of, and never will. */
  #withdrawn(stream: Stream, exchange: Exchange, reason: ExitReason): boolean {
    if (!stream.withdraw(exchange)) return false;
    this.#lost(stream, exchange, 'not_started', reason, '');
    this.#sent(stream);
    return true;
  }

  write(write: Write): void {
    const found = 'key' in write ? this.#table.keys.get(write.key) : this.#find(write.stream, write.exchange);
    // A late message to an exchange that is over has no place to go, and that is fine.
    if (found === undefined) return;
    const { stream, exchange } = found;
    if (write.withdraw && this.#withdrawn(stream, exchange, exitReason.exit('it was withdrawn before it was sent')))
      return;
    const { payload, attachments = [], end = false } = write;
    stream.write(exchange, [payload, ...attachments], end, ({ id, context }, error) =>
      this.#refused(stream.id, id, context, error),
    );
    this.#sent(stream);
  }

  post({ stream: id, payload, attachments = [] }: Post): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined) return;
    stream.post([payload, ...attachments], (error) => this.#refused(id, 0, undefined, error));
    this.#sent(stream);
  }

  #refused(stream: string, exchange: number, context: object | undefined, error: ActorError): void {
    this.courier.tell({ type: 'write.refused', stream, exchange, context, reason: exitReason.error(error) });
  }

  adopt({ stream: id, exchange: number, context, key }: Adopt): void {
    const found = this.#find(id, number);
    if (found === undefined) return;
    found.exchange.context = context;
    this.#name(found.stream, found.exchange, key);
  }

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

  // What the worker says

  #connected(stream: Stream, { osPid, pythonVersion, libraryVersion }: Hello, resumed: boolean): void {
    if (resumed) {
      this.#emit({ type: 'stream.resumed', worker: stream.expected.worker, stream: stream.id });
      this.#notify(stream, { type: 'stream.resumed' });
    } else {
      stream.lease?.welcomed(this.#nowMs);
      this.leaseDue(stream);
      this.#notify(stream, { type: 'stream.hello', osPid, pythonVersion, libraryVersion });
    }
  }

  /** Gives a worker up before its lease runs out for itself; looks again later when it has got a new one. */
  leaseDue(stream: Stream): void {
    const { lease } = stream;
    if (lease === undefined || this.#table.streams.get(stream.id) !== stream) return;
    const leftMs = lease.fenceAtMs - this.#nowMs;
    if (leftMs > 0) this.#leases.set(stream, this.#ctx.setTimer(leftMs, { type: 'lease.due', stream }));
    else this.#close(stream, exitReason.exit(`it was not heard of for too long to renew its lease of ${lease.ms} ms`));
  }

  /** Tells a worker that its host does not want it any more. */
  dismiss(id: string, reason: string): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined) return;
    stream.goodbye(reason);
    this.lines.touch(stream);
  }

  /** A worker that joined has ended, or has left as it said; the fate of others is seen by their process. */
  #gone(stream: Stream, code: number | null, signal: NodeJS.Signals | null): void {
    if (stream.lease !== undefined) this.#notify(stream, { type: 'stream.gone', code, signal });
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
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

  #heard(stream: Stream): void {
    if (stream.dirty) this.lines.touch(stream);
    if (!this.#table.deliveries.full) return;
    for (const paused of this.lines.pause(true)) this.#notify(paused, { type: 'stream.paused' });
  }

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
    this.#ctx.cancelTimer(this.#leases.get(stream));
    this.#leases.delete(stream);
    const wasUp = stream.status === 'up';
    this.lines.cut(stream);
    this.outsides.forget(stream.id);
    for (const { exchange, outcome } of stream.down()) this.#lost(stream, exchange, outcome, reason, lastOutput);
    if (!wasUp) return;
    this.courier.tell({ type: 'stream.down', stream: stream.id, worker, reason });
    this.#emit({ type: 'stream.down', worker, stream: stream.id, reason });
  }

  #lost(
    stream: Stream,
    { id, by, context }: Exchange,
    outcome: 'not_started' | 'unknown',
    reason: ExitReason,
    lastOutput: string,
  ): void {
    // An exchange of the worker that nobody adopted has nobody to tell.
    if (context === undefined) return;
    const lost: Happening = {
      type: 'exchange.lost',
      stream: stream.id,
      exchange: id,
      by,
      context,
      outcome,
      reason,
      lastOutput,
    };
    this.courier.tell(lost);
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

  #find(id: string, number: number): { readonly stream: Stream; readonly exchange: Exchange } | undefined {
    const stream = this.#table.streams.get(id);
    const exchange = stream?.exchanges.get(number);
    return stream === undefined || exchange === undefined ? undefined : { stream, exchange };
  }

  #name(stream: Stream, exchange: Exchange, key: string | undefined): void {
    if (key === undefined) return;
    const { keys } = this.#table;
    const entry = { stream, exchange };
    keys.set(key, entry);
    whenOver(exchange, () => {
      if (keys.get(key) === entry) keys.delete(key);
    });
  }
}

function whenOver(exchange: Exchange, then: () => void): void {
  const { onOver } = exchange;
  exchange.onOver = () => {
    onOver?.();
    then();
  };
}
