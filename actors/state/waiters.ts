/**
 * Who waits for what comes next, oldest first: mostly one, and there may be very many of these lists. So a list is a chain,
 * and no promise has a closure of its own.
 */
type Resolve = (value: unknown) => void;
type Reject = (error: unknown) => void;

interface Waiter<T> {
  /** What becomes of it for who waits; undefined: nothing. */
  readonly as: ((value: T) => unknown) | undefined;
  readonly resolve: Resolve;
  readonly reject: Reject;
  next: Waiter<T> | undefined;
}

const nothing = (): void => {};
/** The functions of the promise that is being made. */
let [resolveIt, rejectIt]: [Resolve, Reject] = [nothing, nothing];
const take = (resolve: Resolve, reject: Reject): void => {
  resolveIt = resolve;
  rejectIt = reject;
};

export class Waiters<T> {
  #first: Waiter<T> | undefined;
  #last: Waiter<T> | undefined;

  get empty(): boolean {
    return this.#first === undefined;
  }

  /** One more, for what `as` makes of the value: settled when it is its turn. */
  add<R = T>(as?: (value: T) => R | Promise<R>): Promise<R> {
    const promise = new Promise<R>(take as (resolve: (value: R) => void, reject: Reject) => void);
    const waiter: Waiter<T> = { as, resolve: resolveIt, reject: rejectIt, next: undefined };
    // The promise, and what it comes to, is not kept until the next one.
    resolveIt = rejectIt = nothing;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    return promise;
  }

  /** The oldest has what it waited for. */
  resolve(value: T): void {
    const first = this.#shift();
    first?.resolve(first.as === undefined ? value : first.as(value));
  }

  /** The oldest waits in vain. */
  reject(error: unknown): void {
    this.#shift()?.reject(error);
  }

  #shift(): Waiter<T> | undefined {
    const first = this.#first;
    this.#first = first?.next;
    if (this.#first === undefined) this.#last = undefined;
    return first;
  }
}
