/** A watch of a session of another host: it asks for one event at a time, and knows where it goes on after a cut. */
import { ProtocolError } from '../../../actors/core/index.ts';
import {
  checkDebounce,
  debounced,
  matcher,
  Waiters,
  type WatchEvent,
  type WatchIterator,
  type WatchOptions,
} from '../../../actors/state/index.ts';
import type { BeginWatch, FollowResponse } from '../gen/state_pb.js';
import type { FollowedWatch } from './follows.ts';
import type { RemoteHost } from './host.ts';
import { decodeWatchEvent } from './readings.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const over: Result = { done: true, value: undefined };

interface Place {
  readonly revision: number;
  readonly epoch: number | undefined;
}

export class RemoteWatch implements WatchIterator, FollowedWatch {
  readonly #host: RemoteHost;
  readonly #session: { readonly sessionId: string; readonly as: string };
  readonly #options: WatchOptions;
  /** The last that was told. */
  #place: Place | undefined;
  readonly #waiting = new Waiters<Result>();
  /** Its number, when it has begun. */
  #id: bigint | undefined;
  /** An event is asked for. */
  #taking = false;
  #done = false;
  /** Thrown at the first `next` after the end. */
  #failure: { readonly error: unknown } | undefined;

  constructor(host: RemoteHost, session: { readonly sessionId: string; readonly as: string }, options: WatchOptions) {
    this.#host = host;
    this.#session = session;
    this.#options = options;
    const { from, epoch } = options;
    this.#place = from === undefined ? undefined : { revision: from, epoch };
  }

  /** This watch, or one that waits for quiet when that is asked for. */
  debounced(): WatchIterator {
    const { debounceMs } = this.#options;
    // One that cannot be is told by the first event, as everything that is wrong with a watch.
    return debounceMs === undefined || this.#wrong() !== undefined
      ? this
      : debounced(this, debounceMs, this.#host.system.deadlines);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#id === undefined && !this.#done) this.#begin();
    if (this.#failure !== undefined && this.#waiting.empty) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error as Error);
    }
    if (this.#done) return Promise.resolve(over);
    const next = this.#waiting.add();
    this.#take();
    return next;
  }

  return(): Promise<Result> {
    this.#end(undefined);
    return Promise.resolve(over);
  }

  throw(error: unknown): Promise<Result> {
    void this.return();
    return Promise.reject(error as Error);
  }

  get wants(): boolean {
    return this.#taking;
  }

  begin(): BeginWatch {
    const { names, match } = this.#options;
    const place = this.#place;
    return {
      $typeName: 'ophion.v1.BeginWatch',
      ...this.#session,
      ...(place === undefined ? {} : { from: place.revision }),
      ...(place?.epoch === undefined ? {} : { epoch: place.epoch }),
      ...(names === undefined ? {} : { names: { $typeName: 'ophion.v1.Names', names: [...names] } }),
      ...(match === undefined ? {} : { match }),
    };
  }

  told(told: Exclude<FollowResponse['told'], { case: 'fault' }>): void {
    this.#taking = false;
    switch (told.case) {
      case 'event': {
        const event = decodeWatchEvent(told.value);
        const { epoch, revision } = event.type === 'snapshot' ? event.snapshot : event.commit;
        this.#place = { epoch, revision };
        this.#waiting.resolve({ done: false, value: Object.freeze(event) });
        if (!this.#waiting.empty) this.#take();
        return;
      }
      case 'ended':
        this.#end(undefined);
        return;
      case undefined:
        this.failed(new ProtocolError('a watch was told nothing that is known'));
        return;
      default: {
        const never: never = told;
        throw new TypeError(String(never));
      }
    }
  }

  failed(error: unknown): void {
    this.#end({ error });
  }

  #begin(): void {
    const { signal } = this.#options;
    const wrong = this.#wrong() ?? (signal?.aborted ? { error: signal.reason as unknown } : undefined);
    if (wrong !== undefined) {
      this.#end(wrong);
      return;
    }
    signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#id = this.#host.follows.begin(this);
  }

  #wrong(): { readonly error: unknown } | undefined {
    const { debounceMs, match } = this.#options;
    try {
      if (debounceMs !== undefined) checkDebounce(debounceMs);
      if (match !== undefined) matcher(match);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  #take(): void {
    if (this.#taking || this.#id === undefined) return;
    this.#taking = true;
    this.#host.follows.take(this.#id);
  }

  readonly #aborted = (): void => this.failed(this.#options.signal?.reason);

  #end(failure: { readonly error: unknown } | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    if (this.#id !== undefined) this.#host.follows.leave(this.#id);
    if (failure !== undefined && !this.#waiting.empty) this.#waiting.reject(failure.error);
    else this.#failure = failure;
    while (!this.#waiting.empty) this.#waiting.resolve(over);
  }
}
