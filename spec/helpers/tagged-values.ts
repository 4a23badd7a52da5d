/**
 * Values in JSON with a tag for their kind, as spec/fixtures/codec-table.json has them and both languages read them:
 * `{"int":"1"}`, `{"float":"nan"}`, `{"bytes":"00ff"}`, `{"map":[["key",{"null":true}]]}`.
 */
import { type Dtype, Tensor, type Value } from '../../actors/state/index.ts';

export type Tagged =
  | { readonly null: true }
  | { readonly bool: boolean }
  | { readonly int: string }
  | { readonly float: string }
  | { readonly text: string }
  | { readonly bytes: string }
  | { readonly instant_ms: number }
  | { readonly list: readonly Tagged[] }
  | { readonly map: readonly (readonly [string, Tagged])[] }
  | { readonly tensor: { readonly dtype: string; readonly shape: readonly number[]; readonly data: string } };

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
  if ('instant_ms' in tagged) return new Date(tagged.instant_ms);
  if ('list' in tagged) return tagged.list.map(fromTagged);
  // fromEntries makes own properties, `__proto__` too.
  if ('map' in tagged) return Object.fromEntries(tagged.map.map(([key, value]) => [key, fromTagged(value)]));
  const { dtype, shape, data } = tagged.tensor;
  return new Tensor(dtype as Dtype, shape, bytes(data));
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
