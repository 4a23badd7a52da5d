/**
 * Exactly one outcome for each call, however it ends; and of a stream its items, each once and in order, then one
 * end, then nothing. What has no outcome when everything is quiet hangs; that is a violation, too.
 */
import { isDeepStrictEqual } from 'node:util';

interface Kept {
  readonly name: string;
  /** What a stream is expected to yield in full; undefined when that is not known. */
  readonly full: readonly unknown[] | undefined;
  items: number;
  outcome: 'fulfilled' | 'rejected' | 'left' | undefined;
}

/** One call or stream that was begun. */
export interface Begun {
  /** An item has arrived. */
  item(value: unknown): void;
  /** It has ended: well, badly, or because its reader left. */
  ended(outcome: 'fulfilled' | 'rejected' | 'left'): void;
}

/** Told of calls and streams as they begin, yield and end. */
export class OutcomeCheck {
  readonly #kept: Kept[] = [];
  readonly #violations: string[] = [];

  /** What was wrong so far, in words: without those that have not ended. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** What was wrong, now that everything must have ended. */
  finish(): readonly string[] {
    const hanging = this.#kept.filter(({ outcome }) => outcome === undefined);
    return [...this.#violations, ...hanging.map(({ name }) => `${name} has no outcome`)];
  }

  /** A call, or a stream which in full yields these items, is begun. */
  begin(name: string, full?: readonly unknown[]): Begun {
    const kept: Kept = { name, full, items: 0, outcome: undefined };
    this.#kept.push(kept);
    return {
      item: (value) => this.#item(kept, value),
      ended: (outcome) => this.#ended(kept, outcome),
    };
  }

  /** Follows a call; answers, or rejects, as it does. */
  async call<T>(name: string, work: () => Promise<T>): Promise<T> {
    const begun = this.begin(name);
    try {
      const value = await work();
      begun.ended('fulfilled');
      return value;
    } catch (error) {
      begun.ended('rejected');
      throw error;
    }
  }

  /** Follows a stream which in full yields these items; passes them on. */
  async *stream<T>(name: string, items: AsyncIterable<T>, full?: readonly T[]): AsyncGenerator<T> {
    const begun = this.begin(name, full);
    let outcome: 'fulfilled' | 'rejected' | 'left' = 'left';
    try {
      for await (const item of items) {
        begun.item(item);
        yield item;
      }
      outcome = 'fulfilled';
    } catch (error) {
      outcome = 'rejected';
      throw error;
    } finally {
      begun.ended(outcome);
    }
  }

  #item(kept: Kept, value: unknown): void {
    const { name, full, items, outcome } = kept;
    kept.items += 1;
    if (outcome !== undefined) this.#violations.push(`${name} yielded ${shown(value)} after it was ${outcome}`);
    if (full === undefined || isDeepStrictEqual(full[items], value)) return;
    const due = items < full.length ? shown(full[items]) : 'nothing more';
    this.#violations.push(`${name} yielded ${shown(value)} as item ${items}, where ${due} was due`);
  }

  #ended(kept: Kept, outcome: Kept['outcome']): void {
    const { name, full, items } = kept;
    if (kept.outcome !== undefined) {
      this.#violations.push(`${name} was ${outcome} after it was ${kept.outcome}`);
      return;
    }
    kept.outcome = outcome;
    if (outcome === 'fulfilled' && full !== undefined && items < full.length) {
      this.#violations.push(`${name} was fulfilled after ${items} of ${full.length} items`);
    }
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
