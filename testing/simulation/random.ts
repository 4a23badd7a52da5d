/**
 * A seeded generator that can be split: each label gives a stream of its own, so that what one part draws changes
 * nothing for the others (sfc32, seeded by a hash of seed and label).
 */
import type { Random } from '../../actors/core/index.ts';

/** A seed: any number or text. */
export type Seed = number | string;

export class RandomStream implements Random {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: Seed) {
    this.#name = String(seed);
    [this.#a, this.#b, this.#c] = hashed(this.#name);
    // The first numbers of similar seeds are similar.
    for (let i = 0; i < 12; i += 1) this.u32();
  }

  /** A stream of its own, the same for the same label, whatever was drawn before. */
  split(label: string): RandomStream {
    return new RandomStream(`${this.#name}/${label}`);
  }

  /** One that goes on as this one would. */
  copy(): RandomStream {
    const copy = new RandomStream(this.#name);
    [copy.#a, copy.#b, copy.#c, copy.#counter] = [this.#a, this.#b, this.#c, this.#counter];
    return copy;
  }

  /** A whole number in [0, 2^32). */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

/** Three words from a text (cyrb53's mixing, three times). */
function hashed(text: string): [number, number, number] {
  const words: [number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    words[0] = Math.imul(words[0] ^ code, 2654435761);
    words[1] = Math.imul(words[1] ^ code, 1597334677) + words[0];
    words[2] = Math.imul(words[2] ^ code, 2246822507) ^ (words[1] >>> 15);
  }
  return words;
}
