/**
 * The host's side of a worker's lease. The worker's lease runs from the moment at which it asked for it, so an answer
 * that was long on its way gives it no longer life; the host cannot know that moment, but it knows one before it. From
 * that one it counts, and a shorter time: so it has given the worker up before the worker ends itself, however long
 * messages take. Pure: whoever uses it says what time it is, on one monotonic clock.
 */
import { ProtocolError } from '../../actors/core/index.ts';

/** The host gives a worker up after this part of its lease: the rest is room for clocks that run at other speeds. */
const fencePart = 0.75;
/** How often a worker asks within its lease, at least. */
const asksPerLease = 10;
/** How many askings may be answered that the worker has not heard of: far more than a lease holds. */
const maxUnheard = 1_000;

/** How often a worker with such a lease says how it is, and asks, in milliseconds. */
export const leaseIntervalMs = (leaseMs: number): number => Math.max(20, Math.floor(leaseMs / asksPerLease));

export class Lease {
  readonly ms: number;
  /** By the number of an asking: when the host answered it, and a moment at which the worker had not asked it yet. */
  readonly #asked = new Map<number, { readonly answeredMs: number; readonly beforeMs: number }>();
  #last = 0;
  #heard = 0;
  #fenceAtMs: number;

  /** `nowMs`: before the worker knows with what to greet. */
  constructor(ms: number, nowMs: number) {
    this.ms = ms;
    this.#fenceAtMs = nowMs + fencePart * ms;
    this.#asked.set(0, { answeredMs: nowMs, beforeMs: nowMs });
  }

  /** When the host must have given the worker up. */
  get fenceAtMs(): number {
    return this.#fenceAtMs;
  }

  /** The worker has been welcomed for the first time: that is the answer number 0. */
  welcomed(nowMs: number): void {
    const first = this.#asked.get(0);
    if (first !== undefined && this.#last === 0) this.#asked.set(0, { ...first, answeredMs: nowMs });
  }

  /**
   * The worker asks, and says what it has heard last. Answers true when it is to be answered.
   *
   * @throws ProtocolError it has heard what was never said, or hears nothing and asks on
   */
  ask(number: number, heard: number, nowMs: number): boolean {
    if (number <= this.#last) return false;
    const known = this.#asked.get(heard);
    if (known === undefined || heard < this.#heard)
      throw new ProtocolError(`the worker has heard of lease ${heard}, which it was not given`);
    if (this.#asked.size >= maxUnheard)
      throw new ProtocolError(`the worker asked ${maxUnheard} times and heard no answer`);
    this.#last = number;
    this.#heard = heard;
    for (const old of this.#asked.keys()) if (old < heard) this.#asked.delete(old);
    // It asked after it had heard the answer, which was not before it was given.
    this.#asked.set(number, { answeredMs: nowMs, beforeMs: known.answeredMs });
    // It surely has the lease of the answer that it has heard; of later ones nobody can know.
    this.#fenceAtMs = known.beforeMs + fencePart * this.ms;
    return true;
  }
}
