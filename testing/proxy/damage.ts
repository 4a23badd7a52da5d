/**
 * Which bytes of a direction are flipped, taken out, or the last that pass. Decided by their offset alone, so that it
 * is the same however the bytes happen to be cut into chunks. Pure.
 */
import type { Random } from '../../actors/core/index.ts';
import type { WireFaults } from './faults.ts';

export class Damage {
  readonly #random: Random | undefined;
  #faults: WireFaults = {};
  /** Where each fault began to count. */
  #from = { corrupt: 0, truncate: 0, limit: 0 };
  /** The next byte to be flipped by chance, and which bit of it. */
  #unlucky = { at: Number.POSITIVE_INFINITY, bit: 0 };
  #position = 0;

  constructor(random: Random | undefined) {
    this.#random = random;
  }

  /** New faults; offsets count from here for those that have changed. */
  arm(faults: WireFaults): void {
    for (const name of ['corrupt', 'truncate', 'limit'] as const) {
      if (faults[name] !== this.#faults[name]) this.#from = { ...this.#from, [name]: this.#position };
    }
    const renewed = faults.corrupt !== this.#faults.corrupt;
    this.#faults = faults;
    if (renewed) this.#unlucky = this.#nextUnlucky(this.#position - 1);
  }

  /** How many bytes may still pass before the limit does what it does. */
  get room(): number {
    const { limit } = this.#faults;
    return limit === undefined ? Number.POSITIVE_INFINITY : this.#from.limit + limit.bytes - this.#position;
  }

  /** What passes of the next bytes. */
  apply(piece: Buffer): Buffer {
    const start = this.#position;
    this.#position += piece.length;
    return this.#truncated(this.#corrupted(piece, start), start);
  }

  #corrupted(piece: Buffer, start: number): Buffer {
    const { corrupt } = this.#faults;
    if (corrupt === undefined) return piece;
    const end = start + piece.length;
    const damaged: { readonly at: number; readonly bit: number }[] = [];
    if ('at' in corrupt) {
      const at = this.#from.corrupt + corrupt.at;
      if (at >= start && at < end) damaged.push({ at, bit: 0 });
    } else {
      for (; this.#unlucky.at < end; this.#unlucky = this.#nextUnlucky(this.#unlucky.at)) damaged.push(this.#unlucky);
    }
    if (damaged.length === 0) return piece;
    const copy = Buffer.from(piece);
    for (const { at, bit } of damaged) copy[at - start] = (copy[at - start] as number) ^ (1 << bit);
    return copy;
  }

  #truncated(piece: Buffer, start: number): Buffer {
    const { truncate } = this.#faults;
    if (truncate === undefined) return piece;
    const at = this.#from.truncate + truncate.at - start;
    const clamp = (offset: number) => Math.min(Math.max(offset, 0), piece.length);
    const [first, last] = [clamp(at), clamp(at + truncate.bytes)];
    return first === last ? piece : Buffer.concat([piece.subarray(0, first), piece.subarray(last)]);
  }

  /** The next byte after this one: how far it is follows the geometric distribution, so one draw skips many bytes. */
  #nextUnlucky(last: number): { readonly at: number; readonly bit: number } {
    const { corrupt } = this.#faults;
    const random = this.#random;
    if (corrupt === undefined || 'at' in corrupt || random === undefined) {
      return { at: Number.POSITIVE_INFINITY, bit: 0 };
    }
    const skipped = Math.floor(Math.log1p(-random.next()) / Math.log1p(-corrupt.probability));
    return { at: last + 1 + skipped, bit: Math.floor(random.next() * 8) };
  }
}
