/** Values as on the wire, for whoever keeps them: nobody can change what is kept, and it is known how large it is. */
import { createHash } from 'node:crypto';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { StateError } from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import { decodeValue, encodeMap, encodeValue } from './codec.ts';
import { MapSchema, ValueSchema } from './gen/values_pb.js';

export interface KeptValue {
  readonly bytes: number;
  /** A fresh one, each time. */
  copy(): Value;
}

/** Undefined for what cannot cross, such as a stream. */
export function keepValue(value: unknown): KeptValue | undefined {
  try {
    const kept = toBinary(ValueSchema, encodeValue(value));
    return { bytes: kept.byteLength, copy: () => decodeValue(fromBinary(ValueSchema, kept)) };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return undefined;
  }
}

/** The same for the same arguments in the same order, and for no others. Throws StateError for what cannot cross. */
export function keyOfArguments(args: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(toBinary(MapSchema, encodeMap(args, 'arguments')))
    .digest('base64');
}
