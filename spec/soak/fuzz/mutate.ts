/** Changes bytes, the same ones for the same seed: what a broken peer, or one that means harm, may send. */
import { randomFrom } from '../../helpers/random-from.ts';

export class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** A whole number below a bound. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  /** True so often. */
  chance(of: number): boolean {
    return this.#random() < of;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** One to three changes; now and then none, so that what is right is among it. */
  mutated(bytes: Uint8Array): Buffer {
    let changed: Buffer = Buffer.from(bytes);
    for (let changes = this.below(4); changes > 0; changes -= 1) changed = this.#changed(changed);
    return changed;
  }

  #changed(bytes: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const some = 1 + this.below(8);
    const copy = Buffer.from(bytes);
    switch (this.below(8)) {
      case 0:
        if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << this.below(8));
        return copy;
      case 1:
        // Lengths, tags and signs turn on these.
        if (at < copy.length) copy[at] = this.one([0x00, 0x01, 0x7f, 0x80, 0xff]);
        return copy;
      case 2:
        return copy.subarray(0, at);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + some)]);
      case 4:
        return Buffer.concat([bytes.subarray(0, at), this.bytes(some), bytes.subarray(at)]);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - some)), bytes.subarray(at)]);
      case 6:
        // A number of ten bytes, larger than anything counts.
        return Buffer.concat([
          bytes.subarray(0, at),
          Buffer.alloc(9, 0xff),
          Buffer.from([0x01]),
          bytes.subarray(at + 1),
        ]);
      default:
        return Buffer.concat([bytes, bytes.subarray(0, at)]);
    }
  }
}

/** The memory that is in use when what nobody needs is gone, in bytes. */
export async function usedBytes(): Promise<number> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  await new Promise(setImmediate);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
