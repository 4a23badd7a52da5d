/**
 * The kinds of values that JavaScript has no plain type for, to and from the wire: big integers, instants, bytes with a
 * content type, tensors. What the other side wrote against the rules is a ProtocolError.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import { Blob, bytesOfTensor, contentTypeOf, instantOf, Tensor, tensorOver } from '../../actors/state/index.ts';
import { bytesOf } from './attachments.ts';
import type { Blob as WireBlob, Tensor as WireTensor } from './gen/values_pb.js';

/** The longest integer that Python reads and prints by default. */
export const maxDigits = 4300;

export function decodeBig(digits: string): bigint {
  if (digits.length > maxDigits + 1 || !/^-?\d+$/.test(digits)) {
    throw new ProtocolError('a big integer on the wire is not made of decimal digits, or has too many');
  }
  return BigInt(digits);
}

/** Integers that a number holds exactly are numbers, the others bigints. */
export function numberOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export const decodeInstant = (instant: number): Date => read(() => instantOf(instant));

export const blobOf = (data: Uint8Array): WireBlob => ({
  $typeName: 'ophion.v1.Blob',
  data,
  contentType: contentTypeOf(data),
  attachment: 0,
});

export function decodeBlob(blob: WireBlob, attachments: readonly Uint8Array[]): Uint8Array {
  const data = bytesOf(blob, attachments);
  return blob.contentType === '' ? data : read(() => new Blob(data, blob.contentType));
}

export function encodeTensor(tensor: Tensor): WireTensor {
  const shape = tensor.shape.map((length) => BigInt(length));
  return { $typeName: 'ophion.v1.Tensor', dtype: tensor.dtype, shape, data: bytesOfTensor(tensor), attachment: 0 };
}

export function decodeTensor(tensor: WireTensor, attachments: readonly Uint8Array[]): Tensor {
  const data = bytesOf(tensor, attachments);
  const dtype = tensor.dtype as Tensor['dtype'];
  const shape = tensor.shape.map(Number);
  // An attachment was read for this value alone.
  return read(() => (tensor.attachment === 0 ? new Tensor(dtype, shape, data) : tensorOver(dtype, shape, data)));
}

function read<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ProtocolError(`on the wire: ${(error as Error).message}`, { cause: error });
  }
}
