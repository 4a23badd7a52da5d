/**
 * What comes on a stream, whole: messages that lie elsewhere are taken from there before they are told, and those that
 * follow on their exchange wait for them. Without time and without I/O: both are the outside's.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import type { Outside } from './dispatch.ts';
import type { Message } from './inbox.ts';
import { Order } from './order.ts';
import { bytesOf } from './spill.ts';

export class Arrivals {
  readonly #outside: Outside | undefined;
  readonly #order = new Order();

  constructor(outside: Outside | undefined) {
    this.#outside = outside;
  }

  /** True while a message is being taken. */
  get busy(): boolean {
    return this.#order.busy;
  }

  /** Tells a message when it is whole and its turn has come. Throws ProtocolError. */
  take(message: Message, tell: (whole: Message) => void): void {
    const { exchange, elsewhere } = message;
    if (elsewhere !== undefined) {
      this.#takeFrom(message, elsewhere, tell);
      return;
    }
    if (!this.#order.mustWait(exchange)) {
      tell(message);
      return;
    }
    this.#order.ready(
      this.#order.enter(exchange, () => {}),
      () => tell(message),
    );
  }

  #takeFrom(message: Message, elsewhere: NonNullable<Message['elsewhere']>, tell: (whole: Message) => void): void {
    const outside = this.#outside;
    const spill = elsewhere.place.case === 'file' ? outside?.files : outside?.transfers;
    if (outside === undefined || spill === undefined || elsewhere.lengths.length === 0)
      throw new ProtocolError(`a message of exchange ${message.exchange} lies where this host takes nothing`);
    const size = bytesOf(elsewhere);
    outside.arriving(size);
    const place = this.#order.enter(message.exchange, () => outside.arriving(-size));
    outside.later(spill.take(elsewhere), (result) => {
      if (!this.#order.has(place)) return;
      if (result instanceof ProtocolError) throw result;
      if (result instanceof Error)
        throw new ProtocolError(`a message of exchange ${message.exchange} cannot be taken: ${result.message}`, {
          cause: result,
        });
      const [payload = message.payload, ...attachments] = result;
      this.#order.ready(place, () => tell({ ...message, payload, attachments }));
    });
  }

  /** What is being taken is not told any more. */
  clear(): void {
    this.#order.clear();
  }
}
