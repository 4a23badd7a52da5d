/** What a worker says, told to whom it concerns: the consumer of links, the worker's actor, whoever hears events. */
import type { ActorContext } from '../../actors/core/index.ts';
import { type Courier, up } from './courier.ts';
import type { TransportEvent } from './events.ts';
import type { Message } from './inbox.ts';
import type { Heard, StreamNotice } from './messages.ts';
import { bytesOf } from './spill.ts';
import type { Stream } from './stream.ts';
import type { StreamEvent } from './stream-events.ts';

export class Teller {
  readonly #ctx: ActorContext<never>;
  readonly #courier: Courier;
  readonly #acknowledge: (stream: Stream) => void;

  constructor(ctx: ActorContext<never>, courier: Courier, acknowledge: (stream: Stream) => void) {
    this.#ctx = ctx;
    this.#courier = courier;
    this.#acknowledge = acknowledge;
  }

  tell(stream: Stream, event: StreamEvent): void {
    const { worker } = stream.expected;
    switch (event.type) {
      case 'message': {
        const { message, exchange, opened } = event;
        const { id, context } = exchange;
        const what = { stream: stream.id, exchange: id, end: message.end, context, opened };
        this.#courier.tell({ type: 'exchange.message', ...what, ...heard(message) });
        return;
      }
      case 'post':
        this.#courier.tell({ type: 'message', stream: stream.id, ...heard(event.message) });
        return;
      case 'progress':
        this.#notify(stream, { type: 'stream.progress', what: event.what });
        return;
      case 'ready':
        // The consumer first: it knows the stream before anybody can be granted its worker.
        this.#courier.tell(up(stream));
        this.#emit({ type: 'stream.up', worker, stream: stream.id });
        this.#notify(stream, { type: 'stream.ready', catalog: event.catalog, capacity: event.capacity });
        return;
      case 'liveness': {
        const { loopLagMs, inFlight, rssBytes } = event.liveness;
        stream.grant(event.liveness, this.#ctx.runtime.clock.monotonicMs());
        const facts = { loopLagMs, inFlight: inFlight.map(Number), rssBytes: Number(rssBytes) };
        this.#notify(stream, { type: 'stream.liveness', ...facts });
        // An idle stream owes its acknowledgement no longer than to the next sign of life.
        this.#acknowledge(stream);
        return;
      }
      case 'goodbye':
        this.#notify(stream, { type: 'stream.goodbye', reason: event.reason });
        return;
      case 'unknown_frame':
        this.#emit({ type: 'stream.unknown_frame', worker, stream: stream.id });
        return;
      default: {
        const never: never = event;
        throw new TypeError(String(never));
      }
    }
  }

  #notify(stream: Stream, notice: StreamNotice): void {
    if (stream.expected.worker.alive) this.#ctx.send(stream.expected.worker, notice);
  }

  #emit(event: TransportEvent): void {
    this.#ctx.emit(event);
  }
}

/** Without copies, and without fields that most messages do not have: there are thousands a second. */
function heard({ payload, attachments, elsewhere }: Message): Heard {
  return elsewhere === undefined
    ? { payload }
    : { payload, attachments: attachments ?? [], spilledBytes: bytesOf(elsewhere) };
}
