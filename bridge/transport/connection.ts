/**
 * One connection of a worker, from its being accepted to its end. What its carrier hears becomes messages to
 * `links`, so that everything happens in that actor's turn.
 */
import type { TimerHandle } from '../../actors/core/index.ts';
import type { Batch, Carrier } from './carrier.ts';
import type { Stream } from './stream.ts';

export type ConnectionMessage =
  | { readonly type: 'connection.batch'; readonly connection: Connection; readonly batch: Batch }
  | { readonly type: 'connection.drained'; readonly connection: Connection }
  | { readonly type: 'connection.ended'; readonly connection: Connection }
  | { readonly type: 'connection.closed'; readonly connection: Connection; readonly why: string };

export class Connection {
  readonly carrier: Carrier;
  /** Undefined before the greeting, and after the stream went on without this connection. */
  stream: Stream | undefined;
  writable = true;
  /** The worker has said everything that it will say. */
  ended = false;
  /** Until the greeting: when to give it up. */
  timer: TimerHandle | undefined;

  constructor(carrier: Carrier) {
    this.carrier = carrier;
  }

  /** Begins to hear. A mailbox that takes no more breaks the connection: then nothing is lost but time. */
  listen(send: (message: ConnectionMessage) => void): void {
    const tell = (message: ConnectionMessage) => {
      try {
        send(message);
      } catch {
        this.carrier.abort();
      }
    };
    this.carrier.listen({
      batch: (batch) => tell({ type: 'connection.batch', connection: this, batch }),
      drained: () => tell({ type: 'connection.drained', connection: this }),
      ended: () => tell({ type: 'connection.ended', connection: this }),
      closed: (why) => tell({ type: 'connection.closed', connection: this, why }),
    });
  }
}
