/**
 * What a run works on: made by a function that draws, or by an arbitrary of fast-check. An arbitrary is known by its
 * shape alone, so that this package needs no fast-check; whoever writes one has it.
 */
import type { RandomStream } from '../simulation/random.ts';

/** What is made by an arbitrary: `fc.Value`. A value that has a state is another copy each time `value` is read. */
export interface ArbitraryValue<T> {
  readonly value: T;
  /** The value itself. */
  readonly value_: T;
  readonly context: unknown;
}

/** An arbitrary of fast-check 3 or 4 (`fc.Arbitrary`), such as `fc.array(...)` or `fc.commands(...)`. */
export interface ArbitraryLike<T> {
  /** `random` is an `fc.Random`, or what does as one. */
  generate(random: never, bias: number | undefined): ArbitraryValue<T>;
  shrink(value: T, context: unknown): Iterable<ArbitraryValue<T>>;
}

/** One input, and those that are simpler than it. */
export interface Made<I> {
  /** As it was made: of what has a state, as its first run has left it. */
  readonly value: I;
  /** For one run. */
  fresh(): I;
  /** The simplest first. To be asked when it has been run: commands that did not run are left out. */
  simpler(): Iterable<Made<I>>;
}

export interface InputSource<I> {
  readonly input?: ((random: RandomStream) => I) | ArbitraryLike<I> | undefined;
  readonly simpler?: ((input: I) => Iterable<I>) | undefined;
}

export function makeInput<I>({ input, simpler = () => [] }: InputSource<I>, random: RandomStream): Made<I> {
  if (input === undefined) return plain(undefined as I, () => []);
  if (typeof input === 'function') return plain(input(random), simpler);
  return arbitrary(input, input.generate(new Draws(random) as never, undefined));
}

const plain = <I>(input: I, simpler: (input: I) => Iterable<I>): Made<I> => ({
  value: input,
  fresh: () => input,
  *simpler() {
    for (const one of simpler(input)) yield plain(one, simpler);
  },
});

const arbitrary = <I>(of: ArbitraryLike<I>, made: ArbitraryValue<I>): Made<I> => ({
  value: made.value_,
  fresh: () => made.value,
  *simpler() {
    for (const one of of.shrink(made.value_, made.context)) yield arbitrary(of, one);
  },
});

/** What of an input can be in the header of a trace: itself, if it is data. */
export function dataOf(input: unknown): { readonly input?: unknown; readonly inputText?: string } {
  if (input === undefined) return {};
  return isData(input) ? { input } : { inputText: String(input) };
}

/** Whether it is the same when it was JSON, but for fields that are undefined. */
function isData(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return value.every(isData);
  if (typeof value !== 'object' || !isPlain(value)) return false;
  return Object.values(value).every((field) => field === undefined || isData(field));
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** What fast-check asks of its `Random`. */
class Draws {
  readonly #random: RandomStream;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  clone(): Draws {
    return new Draws(this.#random.copy());
  }

  next(bits: number): number {
    return this.nextInt(0, 2 ** bits - 1);
  }

  nextBoolean(): boolean {
    return this.#random.below(2) === 1;
  }

  nextInt(min = -0x8000_0000, max = 0x7fff_ffff): number {
    return Number(this.nextBigInt(BigInt(min), BigInt(max)));
  }

  nextBigInt(min: bigint, max: bigint): bigint {
    const size = max - min + 1n;
    let drawn = 0n;
    // 32 bits more than it takes, so that no value is likelier to speak of.
    for (let bits = -32; bits < size.toString(2).length; bits += 32)
      drawn = (drawn << 32n) | BigInt(this.#random.u32());
    return min + (drawn % size);
  }

  nextDouble(): number {
    return this.#random.next();
  }

  getState(): undefined {
    return undefined;
  }
}
