/**
 * The exchanges that are open on one stream, each with the opaque context of who opened or adopted it. A host
 * exchange is over when the worker has said its last message, a worker's exchange when the host has. Pure.
 */
import { ChurnMap, ProtocolError, type TimerHandle } from '../../actors/core/index.ts';
import type { Limits } from './limits.ts';

export interface Exchange {
  readonly id: number;
  readonly by: 'host' | 'worker';
  context: object | undefined;
  /** The number of the last frame of the message that opened it, infinite before it has one; a host exchange's only. */
  opening: number;
  /** Its name for `write`, and its deadline. */
  key: string | undefined;
  timer: TimerHandle | undefined;
  /** Frees these when it is over. */
  onOver: ((exchange: Exchange) => void) | undefined;
}

const nothingHeld = { key: undefined, timer: undefined, onOver: undefined };

/** How many ended exchanges of the worker are remembered, so that a late message does not open them again. */
const endedKept = 4096;

export class Exchanges {
  /** How many each side may have open. */
  readonly max: number;
  readonly #open = new ChurnMap<number, Exchange>();
  readonly #ended = new Set<number>();
  #byHost = 0;
  #byWorker = 0;
  #next = 1;

  constructor(limits: Limits) {
    this.max = limits.maxExchanges;
  }

  get size(): number {
    return this.#open.size;
  }

  get(id: number): Exchange | undefined {
    return this.#open.get(id);
  }

  /** How many the host has open. */
  get byHost(): number {
    return this.#byHost;
  }

  /** Opens a host exchange; the message that opens it has no number yet. */
  open(context: object): Exchange {
    const opening = Number.POSITIVE_INFINITY;
    const exchange: Exchange = { id: this.#next, by: 'host', context, opening, ...nothingHeld };
    this.#next += 2;
    this.#byHost += 1;
    this.#open.set(exchange.id, exchange);
    return exchange;
  }

  /** The exchange that a message of the worker belongs to; undefined when it is over. Throws ProtocolError. */
  incoming(id: number): { readonly exchange: Exchange; readonly opened: boolean } | undefined {
    const known = this.#open.get(id);
    if (known !== undefined) return { exchange: known, opened: false };
    if (id % 2 === 1) {
      if (id >= this.#next) throw new ProtocolError(`the worker answers exchange ${id}, which was never opened`);
      return undefined;
    }
    if (this.#ended.has(id)) return undefined;
    if (this.#byWorker >= this.max) {
      throw new ProtocolError(`the worker has opened more than ${this.max} exchanges`);
    }
    const exchange: Exchange = { id, by: 'worker', context: undefined, opening: 0, ...nothingHeld };
    this.#byWorker += 1;
    this.#open.set(id, exchange);
    return { exchange, opened: true };
  }

  /** It is over. */
  remove(exchange: Exchange): void {
    if (!this.#open.delete(exchange.id)) return;
    if (exchange.by === 'host') this.#byHost -= 1;
    else {
      this.#byWorker -= 1;
      this.#ended.add(exchange.id);
      if (this.#ended.size > endedKept) {
        for (const oldest of this.#ended) {
          this.#ended.delete(oldest);
          break;
        }
      }
    }
    exchange.onOver?.(exchange);
  }

  /** Ends all of them; answers them in the order in which they were opened. */
  drain(): Exchange[] {
    const all = this.#open.values();
    for (const exchange of all) this.remove(exchange);
    return all;
  }
}
