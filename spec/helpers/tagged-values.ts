/**
 * Values in JSON with a tag for their kind, as spec/fixtures/codec-table.json has them and both languages read them:
 * `{"int":"1"}`, `{"float":"nan"}`, `{"bytes":"00ff"}`, `{"map":[["key",{"null":true}]]}`.
 */
import { Blob, type Dtype, Instant, Tensor, type Value } from '../../actors/state/index.ts';

export type Tagged =
  | { readonly null: true }
  | { readonly bool: boolean }
  | { readonly int: string }
  | { readonly float: string }
  | { readonly text: string }
  | { readonly bytes: string }
  | { readonly blob: { readonly data: string; readonly content_type: string } }
  | { readonly instant_ms: number }
  | { readonly instant_us: string }
  | { readonly list: readonly Tagged[] }
  | { readonly map: readonly (readonly [string, Tagged])[] }
  | { readonly tensor: { readonly dtype: string; readonly shape: readonly number[]; readonly data: string } }
  /** Empty lists, or maps under the key `k`, so many inside each other. */
  | { readonly nested: number }
  | { readonly nested_map: number };

/** What cannot cross. */
export type Refused =
  | Tagged
  | { readonly cycle: true }
  | { readonly function: true }
  | { readonly power_of_ten: number }
  | { readonly long: number }
  | { readonly times: readonly [number, Refused] }
  | { readonly list: readonly Refused[] }
  | { readonly map: readonly (readonly [string, Refused])[] };

const named: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** The TypeScript value of a tagged one: an integer that a number cannot hold is a bigint. */
export function fromTagged(tagged: Tagged): Value {
  if ('null' in tagged) return null;
  if ('bool' in tagged) return tagged.bool;
  if ('int' in tagged) return Number.isSafeInteger(Number(tagged.int)) ? Number(tagged.int) : BigInt(tagged.int);
  if ('float' in tagged) return named[tagged.float] ?? Number(tagged.float);
  if ('text' in tagged) return tagged.text;
  if ('bytes' in tagged) return bytes(tagged.bytes);
  if ('blob' in tagged) return new Blob(bytes(tagged.blob.data), tagged.blob.content_type);
  if ('instant_ms' in tagged) return new Date(tagged.instant_ms);
  if ('instant_us' in tagged) return instant(BigInt(tagged.instant_us));
  if ('nested' in tagged) return nested(tagged.nested, [], (inner) => [inner]);
  if ('nested_map' in tagged) return nested(tagged.nested_map, {}, (inner) => ({ k: inner }));
  if ('list' in tagged) return tagged.list.map(fromTagged);
  // fromEntries makes own properties, `__proto__` too.
  if ('map' in tagged) return Object.fromEntries(tagged.map.map(([key, value]) => [key, fromTagged(value)]));
  const { dtype, shape, data } = tagged.tensor;
  return new Tensor(dtype as Dtype, shape, bytes(data));
}

/** A value that cannot cross, of a tagged one. */
export function fromRefused(tagged: Refused): unknown {
  if ('cycle' in tagged) {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    return cycle;
  }
  if ('function' in tagged) return () => 1;
  if ('power_of_ten' in tagged)
    return 10n ** BigInt(Math.abs(tagged.power_of_ten)) * BigInt(Math.sign(tagged.power_of_ten));
  if ('long' in tagged) return 'x'.repeat(tagged.long);
  if ('times' in tagged) return times(...tagged.times);
  if ('list' in tagged) return tagged.list.map(fromRefused);
  if ('map' in tagged) return Object.fromEntries(tagged.map.map(([key, value]) => [key, fromRefused(value)]));
  return fromTagged(tagged);
}

/** A hole is null, and quicker made. */
function times(count: number, item: Refused): unknown[] {
  const list = new Array(count);
  return 'null' in item ? list : list.fill(fromRefused(item));
}

function nested(levels: number, innermost: Value, around: (inner: Value) => Value): Value {
  return levels === 1 ? innermost : around(nested(levels - 1, innermost, around));
}

function instant(microseconds: bigint): Instant {
  const rest = ((microseconds % 1000n) + 1000n) % 1000n;
  return new Instant(Number((microseconds - rest) / 1000n), Number(rest));
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
