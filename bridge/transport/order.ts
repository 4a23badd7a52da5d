/**
 * Order among messages of which some take their time. One that is ready may pass others, but never one of its own
 * exchange, nor a one-way message: what belongs together stays in order, and nobody else waits. Pure.
 */

/** A message's place. It is gone once the message has had its turn, or has left. */
export class Place {
  readonly exchange: number;
  /** Set when the message is ready. */
  act: (() => void) | undefined;
  /** Ends the work on it. */
  readonly onLeave: () => void;

  constructor(exchange: number, onLeave: () => void) {
    this.exchange = exchange;
    this.onLeave = onLeave;
  }
}

export class Order {
  #waiting: Place[] = [];

  /** True while any message waits. */
  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** True when a message of this exchange has others before it. Exchange 0 is that of one-way messages. */
  mustWait(exchange: number): boolean {
    return this.#waiting.some((before) => before.exchange === exchange || before.exchange === 0);
  }

  /** Takes a place behind all others; `onLeave` is called when it leaves without its turn. */
  enter(exchange: number, onLeave: () => void): Place {
    const place = new Place(exchange, onLeave);
    this.#waiting.push(place);
    return place;
  }

  /** The message is ready: `act` is called when nothing that it must follow is before it. */
  ready(place: Place, act: () => void): void {
    place.act = act;
    this.#advance();
  }

  has(place: Place): boolean {
    return this.#waiting.includes(place);
  }

  /** Leaves without its turn, and so lets others have theirs. */
  leave(place: Place): void {
    if (!this.has(place)) return;
    this.#remove(place);
    place.onLeave();
    this.#advance();
  }

  /** All messages of this exchange leave. Answers whether there were any. */
  leaveAll(exchange: number): boolean {
    const own = this.#waiting.filter((place) => place.exchange === exchange);
    for (const place of own) this.leave(place);
    return own.length > 0;
  }

  /** Everybody leaves. */
  clear(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const place of all) place.onLeave();
  }

  #advance(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#remove(next);
      next.act?.();
    }
  }

  #next(): Place | undefined {
    return this.#waiting.find(
      (place, at) =>
        place.act !== undefined &&
        !this.#waiting.slice(0, at).some((before) => before.exchange === place.exchange || before.exchange === 0),
    );
  }

  #remove(place: Place): void {
    this.#waiting = this.#waiting.filter((one) => one !== place);
  }
}
