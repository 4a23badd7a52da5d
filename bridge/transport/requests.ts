/**
 * What the consumer asks of links: to open exchanges, to write on them, to post, to adopt those that workers have
 * opened. Whatever becomes of an exchange that has a context, the consumer is told.
 */
import {
  type ActorContext,
  type ActorError,
  CallTimeoutError,
  type ExitReason,
  exitReason,
  type Ring,
} from '../../actors/core/index.ts';
import type { Courier } from './courier.ts';
import type { Exchange } from './exchanges.ts';
import type { LinksTable } from './links-table.ts';
import type { Adopt, Open, Post, Write } from './messages.ts';
import { unopened } from './open-exchange.ts';
import type { Stream } from './stream.ts';

export class Requests {
  readonly #ctx: ActorContext<never>;
  readonly #table: LinksTable;
  readonly #courier: Courier;
  /** A stream has something to send. */
  readonly #sent: (stream: Stream) => void;
  readonly #unopened: Ring<Open>;

  constructor(ctx: ActorContext<never>, table: LinksTable, courier: Courier, sent: (stream: Stream) => void) {
    this.#ctx = ctx;
    this.#table = table;
    this.#courier = courier;
    this.#sent = sent;
    this.#unopened = unopened(ctx.system, ctx.path);
  }

  /** What lay in the mailbox of an earlier incarnation when that crashed. */
  resume(): void {
    for (const open of this.#unopened.drain()) this.open(open);
  }

  open(open: Open): void {
    const { stream: id, payload, attachments = [], context, key, timeoutMs } = open;
    // Nearly always the first one.
    this.#unopened.remove((one) => one === open);
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
      const late = { type: 'exchange.expired', stream, exchange: opened, timeoutMs };
      opened.timer = this.#ctx.setTimer(timeoutMs, late);
      opened.onOver = this.#over;
    }
    this.#sent(stream);
  }

  #notOpened({ stream, context }: Open, reason: ExitReason): void {
    const what = { stream, exchange: 0, by: 'host', context, outcome: 'not_started', lastOutput: '' } as const;
    this.#courier.tell({ type: 'exchange.lost', ...what, reason });
  }

  expire(stream: Stream, exchange: Exchange, timeoutMs: number): void {
    if (stream.exchanges.get(exchange.id) !== exchange) return;
    const reason = exitReason.error(new CallTimeoutError(stream.id, timeoutMs));
    if (this.#withdrawn(stream, exchange, reason)) return;
    stream.exchanges.remove(exchange);
    // Unknown even when it was not sent yet: its frames have numbers and will be.
    this.lost(stream, exchange, 'unknown', reason, '');
  }

  /** Gives an exchange up that the worker has not heard of, and never will. */
  #withdrawn(stream: Stream, exchange: Exchange, reason: ExitReason): boolean {
    if (!stream.withdraw(exchange)) return false;
    this.lost(stream, exchange, 'not_started', reason, '');
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
    this.#courier.tell({ type: 'write.refused', stream, exchange, context, reason: exitReason.error(error) });
  }

  adopt({ stream: id, exchange: number, context, key }: Adopt): void {
    const found = this.#find(id, number);
    if (found === undefined) return;
    found.exchange.context = context;
    this.#name(found.stream, found.exchange, key);
  }

  /** Tells that an exchange is over without its end. */
  lost(
    stream: Stream,
    { id, by, context }: Exchange,
    outcome: 'not_started' | 'unknown',
    reason: ExitReason,
    lastOutput: string,
  ): void {
    // An exchange of the worker that nobody adopted has nobody to tell.
    if (context === undefined) return;
    const what = { stream: stream.id, exchange: id, by, context, outcome, reason, lastOutput };
    this.#courier.tell({ type: 'exchange.lost', ...what });
  }

  #find(id: string, number: number): { readonly stream: Stream; readonly exchange: Exchange } | undefined {
    const stream = this.#table.streams.get(id);
    const exchange = stream?.exchanges.get(number);
    return stream === undefined || exchange === undefined ? undefined : { stream, exchange };
  }

  #name(stream: Stream, exchange: Exchange, key: string | undefined): void {
    if (key === undefined) return;
    this.#table.keys.set(key, { stream, exchange });
    exchange.key = key;
    exchange.onOver = this.#over;
  }

  /** One function for all: a closure of its own for each exchange outlives the next collections of garbage. */
  readonly #over = (exchange: Exchange): void => {
    const { key } = exchange;
    const { keys } = this.#table;
    // Another exchange may have the name by now.
    if (key !== undefined && keys.get(key)?.exchange === exchange) keys.delete(key);
    this.#ctx.cancelTimer(exchange.timer);
  };
}
