/**
 * The small operations on one host, on one stream: many times cheaper than a request each. When it is cut, all that wait
 * are told so, and the next one opens it anew.
 */
import { type ActorSystem, StateError, type TimerHandle } from '../../../actors/core/index.ts';
import type { Attempt } from '../../../actors/state/index.ts';
import type { OperateEachRequest, OperateEachResponse, OperateRequest, OperateResponse } from '../gen/state_pb.js';
import { Outgoing } from '../outgoing.ts';
import { type Dial, onStream } from './dialled.ts';
import { toldBy } from './told.ts';

type Open = Dial<OperateEachRequest, OperateEachResponse>;

interface Waiting {
  readonly resolve: (answer: OperateResponse['answer']) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: TimerHandle;
  /** Takes back what listens to the signal of who waits. */
  readonly free: (() => void) | undefined;
}

/** How much later than the host this side gives up, in milliseconds: what the host says of it tells more. */
const laterMs = 250;

export class Operations {
  readonly #system: ActorSystem;
  readonly #url: string;
  readonly #open: Open;
  readonly #waiting = new Map<bigint, Waiting>();
  readonly #ending = new AbortController();
  #last = 0n;
  #out: Outgoing<OperateEachRequest> | undefined;

  constructor(system: ActorSystem, url: string, open: Open) {
    this.#system = system;
    this.#url = url;
    this.#open = open;
  }

  /** Resolves to its answer. Rejects with `unavailable` when that does not come, and with the signal's reason. */
  ask(request: OperateRequest, { timeoutMs, signal }: Attempt): Promise<OperateResponse['answer']> {
    if (this.#ending.signal.aborted) return Promise.reject(this.#ending.signal.reason as Error);
    this.#last += 1n;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      const late = () => this.#giveUp(id, this.#unavailable(`no answer within ${Math.ceil(timeoutMs)} ms`));
      const timer = this.#system.deadlines.set(Math.ceil(timeoutMs) + laterMs, late);
      const aborted = () => this.#giveUp(id, signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      const free = signal && (() => signal.removeEventListener('abort', aborted));
      this.#waiting.set(id, { resolve, reject, timer, free });
      if (this.#out === undefined) void this.#run();
      this.#out?.put({
        $typeName: 'ophion.v1.OperateEachRequest',
        id,
        step: { case: 'request', value: request },
        timeoutMs,
      });
    });
  }

  /** With the system all of it ends. */
  close(reason: Error): void {
    this.#ending.abort(reason);
    this.#failAll(reason);
  }

  #unavailable(why: string): StateError {
    return new StateError('unavailable', `${this.#url}: ${why}`, { details: { url: this.#url } });
  }

  #take(id: bigint): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    waiting.timer.cancel();
    waiting.free?.();
    return waiting;
  }

  #giveUp(id: bigint, error: unknown): void {
    const waiting = this.#take(id);
    if (waiting === undefined) return;
    const cancel = { case: 'cancel' as const, value: { $typeName: 'ophion.v1.Done' as const } };
    this.#out?.put({ $typeName: 'ophion.v1.OperateEachRequest', id, step: cancel, timeoutMs: 0 });
    waiting.reject(error);
  }

  #failAll(error: unknown): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error);
  }

  /** One stream, to its end. */
  async #run(): Promise<void> {
    const out = new Outgoing<OperateEachRequest>();
    this.#out = out;
    let why: unknown = this.#unavailable('the stream was ended');
    try {
      await onStream(this.#open, out, this.#ending.signal, ({ id, response }) => {
        if (response !== undefined) this.#take(id)?.resolve(response.answer);
      });
    } catch (error) {
      why = toldBy(this.#url, error);
    } finally {
      this.#out = undefined;
    }
    this.#failAll(why);
  }
}
