/**
 * Which commits callers' idempotency keys were answered with: bounded in number, bytes and time, the oldest forgotten
 * first. It knows up to where it has forgotten, so that nobody takes a forgotten key for a new one.
 */
import type { HistoryLimits } from './history.ts';
import type { Commit } from './session-data.ts';

export interface Answered {
  readonly key: string;
  readonly commit: Commit;
  /** What came with the commit. */
  readonly outcome: Uint8Array | undefined;
  /** Of the commit and its outcome. */
  readonly bytes: number;
  readonly atMs: number;
  /** When it is too old to be answered. */
  readonly untilMs: number;
}

export class Answers {
  readonly #byKey = new Map<string, Answered>();
  /** In the order of their commits; those before `#oldest` are gone. */
  readonly #list: (Answered | undefined)[] = [];
  #oldest = 0;
  #bytes = 0;
  #outcomeBytes = 0;
  /** Keys of commits up to this revision may have been forgotten. */
  forgotten: number;

  constructor(forgotten = 0) {
    this.forgotten = forgotten;
  }

  /** Of the outcomes alone. */
  get outcomeBytes(): number {
    return this.#outcomeBytes;
  }

  get newest(): Answered | undefined {
    return this.#list.at(-1);
  }

  /** The revision of the oldest; undefined when there is none. */
  get oldest(): number | undefined {
    return this.#list[this.#oldest]?.commit.revision;
  }

  find(key: string, nowMs: number): Answered | undefined {
    const answered = this.#byKey.get(key);
    return answered === undefined || nowMs > answered.untilMs ? undefined : answered;
  }

  all(): readonly Answered[] {
    return this.#list.slice(this.#oldest) as Answered[];
  }

  add(answered: Answered, limits: HistoryLimits): void {
    this.#byKey.set(answered.key, answered);
    this.#list.push(answered);
    this.#bytes += answered.bytes;
    this.#outcomeBytes += answered.outcome?.byteLength ?? 0;
    let oldest = this.#list[this.#oldest];
    while (oldest !== undefined && oldest !== answered && this.#tooMuch(oldest, answered.atMs, limits)) {
      this.#forget(oldest);
      oldest = this.#list[this.#oldest];
    }
    if (this.#oldest > limits.outcomesMax) {
      this.#list.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }

  /** A copy that knows nothing of commits after this revision. */
  upTo(revision: number, limits: HistoryLimits): Answers {
    const copy = new Answers();
    for (const answered of this.all()) if (answered.commit.revision <= revision) copy.add(answered, limits);
    copy.forgotten = Math.max(copy.forgotten, this.forgotten);
    return copy;
  }

  #tooMuch(oldest: Answered, nowMs: number, limits: HistoryLimits): boolean {
    return (
      this.#list.length - this.#oldest > limits.outcomesMax ||
      this.#bytes > limits.historyBytesMax ||
      nowMs > oldest.untilMs
    );
  }

  #forget(oldest: Answered): void {
    this.#list[this.#oldest] = undefined;
    this.#oldest += 1;
    this.#bytes -= oldest.bytes;
    this.#outcomeBytes -= oldest.outcome?.byteLength ?? 0;
    this.forgotten = oldest.commit.revision;
    if (this.#byKey.get(oldest.key) === oldest) this.#byKey.delete(oldest.key);
  }
}
