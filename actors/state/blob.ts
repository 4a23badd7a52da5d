/** Bytes that say what they are, as Python's `ophion.Blob`. Bytes without a content type are a plain Uint8Array. */
import { invalid } from './invalid.ts';

/** What both languages take. */
const contentTypes = /^[\x20-\x7e]{0,255}$/;

/** A Uint8Array with a content type, over the same bytes as `data`. Everything that takes a Uint8Array takes it. */
export class Blob extends Uint8Array {
  readonly contentType: string;

  // What is cut out of a picture is no picture.
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  /** Throws StateError `invalid` for a content type that is not at most 255 printable characters of ASCII. */
  constructor(data: Uint8Array, contentType: string) {
    super(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (typeof contentType !== 'string' || !contentTypes.test(contentType)) {
      throw invalid('blob: a content type is at most 255 printable characters of ASCII');
    }
    this.contentType = contentType;
  }
}

/** The content type of bytes; empty when they have none. */
export const contentTypeOf = (bytes: Uint8Array): string => (bytes instanceof Blob ? bytes.contentType : '');

/** A copy of bytes, with their content type. Not `slice()`: a Buffer's is a view of the same memory. */
export function copyOfBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  return bytes instanceof Blob ? new Blob(copy, bytes.contentType) : copy;
}
