/**
 * All watches of the sessions of one host, on one stream. Each asks for its next event when somebody waits for it. When
 * the stream is cut, it is opened anew until somebody answers, and each watch goes on from where it was.
 */
import { type ActorSystem, StateError } from '../../../actors/core/index.ts';
import { passing, pause } from '../../../actors/state/index.ts';
import { errorOfFault } from '../error-codes.ts';
import type { BeginWatch, FollowRequest, FollowResponse } from '../gen/state_pb.js';
import { Outgoing } from '../outgoing.ts';
import { type Dial, onStream } from './dialled.ts';
import { toldBy } from './told.ts';

export interface FollowedWatch {
  /** From where it goes on. */
  begin(): BeginWatch;
  /** Whether somebody waits for an event. */
  readonly wants: boolean;
  /** Of an event, or that there is no more. */
  told(told: Exclude<FollowResponse['told'], { case: 'fault' }>): void;
  /** It is over for this reason. */
  failed(error: unknown): void;
}

type Open = Dial<FollowRequest, FollowResponse>;

/** Between two attempts at opening the stream, in milliseconds: each pause twice as long as the one before. */
const firstPauseMs = 10;
const longestPauseMs = 1_000;
/** After which a watch is begun anew that something failed for which passes, in milliseconds. */
const againMs = 50;

export class Follows {
  readonly #system: ActorSystem;
  readonly #url: string;
  readonly #open: Open;
  readonly #watches = new Map<bigint, FollowedWatch>();
  readonly #ending = new AbortController();
  /** Watches that are begun anew in a moment. */
  readonly #failed = new Set<bigint>();
  #last = 0n;
  #running = false;
  /** What is said on the stream of now. */
  #out: Outgoing<FollowRequest> | undefined;

  constructor(system: ActorSystem, url: string, open: Open) {
    this.#system = system;
    this.#url = url;
    this.#open = open;
  }

  /** Answers the number of the watch. */
  begin(watch: FollowedWatch): bigint {
    this.#last += 1n;
    const id = this.#last;
    if (this.#ending.signal.aborted) {
      watch.failed(this.#ending.signal.reason);
      return id;
    }
    this.#watches.set(id, watch);
    if (this.#out !== undefined) this.#begin(id);
    else if (!this.#running) void this.#run();
    return id;
  }

  /** Somebody waits for its next event. */
  take(id: bigint): void {
    if (this.#watches.has(id)) this.#say(id, { case: 'take', value: { $typeName: 'ophion.v1.TakeEvent' } });
  }

  leave(id: bigint): void {
    if (this.#watches.delete(id)) this.#say(id, { case: 'leave', value: { $typeName: 'ophion.v1.LeaveWatch' } });
  }

  /** With the system all of it ends. */
  close(reason: Error): void {
    this.#ending.abort(reason);
    this.#failAll(reason);
  }

  #say(watch: bigint, step: FollowRequest['step']): void {
    // Without a stream: the next one begins with what all want.
    this.#out?.put({ $typeName: 'ophion.v1.FollowRequest', watch, step });
  }

  #failAll(error: unknown): void {
    const all = [...this.#watches.values()];
    this.#watches.clear();
    for (const watch of all) watch.failed(error);
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { signal } = this.#ending;
    let pauseMs = firstPauseMs;
    while (this.#watches.size > 0 && !signal.aborted) {
      const answered = await this.#once(signal);
      if (this.#watches.size === 0 || signal.aborted) break;
      pauseMs = answered ? firstPauseMs : Math.min(2 * pauseMs, longestPauseMs);
      await pause(this.#system, pauseMs, signal).catch(() => {});
    }
    this.#running = false;
  }

  #fail(id: bigint, watch: FollowedWatch, error: Error, out: Outgoing<FollowRequest>): void {
    // Something there is being restarted, or about to end.
    if (passing(error)) {
      this.#failed.add(id);
      if (this.#failed.size === 1) void this.#beginAgain(out);
    } else {
      this.#watches.delete(id);
      watch.failed(error);
    }
  }

  /** Those that failed, on the same stream; the next one begins with them by itself. */
  async #beginAgain(out: Outgoing<FollowRequest>): Promise<void> {
    await pause(this.#system, againMs, this.#ending.signal).catch(() => {});
    const failed = [...this.#failed];
    this.#failed.clear();
    if (this.#out === out) for (const id of failed) this.#begin(id);
  }

  #begin(id: bigint): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#say(id, { case: 'begin', value: watch.begin() });
    if (watch.wants) this.take(id);
  }

  /** One stream, to its end. True when something was told on it. */
  async #once(signal: AbortSignal): Promise<boolean> {
    let answered = false;
    const out = new Outgoing<FollowRequest>();
    this.#out = out;
    for (const id of this.#watches.keys()) this.#begin(id);
    try {
      await onStream(this.#open, out, signal, ({ watch, told }) => {
        answered = true;
        const known = this.#watches.get(watch);
        if (known === undefined) return;
        if (told.case === 'fault') this.#fail(watch, known, errorOfFault(told.value, ''), out);
        else {
          if (told.case !== 'event') this.#watches.delete(watch);
          known.told(told);
        }
      });
    } catch (error) {
      const why = toldBy(this.#url, error);
      if (!signal.aborted && !(why instanceof StateError && why.code === 'unavailable')) this.#failAll(why);
    } finally {
      this.#out = undefined;
    }
    return answered;
  }
}
