/**
 * How text is read from protobuf messages: as it was written. A plain TextDecoder takes a leading U+FEFF for a mark of the
 * encoding and drops it, so a value or a key that begins with one would not come back.
 */
import { configureTextEncoding } from '@bufbuild/protobuf/wire';

const loneSurrogate = /\p{Surrogate}/u;

/** For all readers of this process: protobuf-es has no other place to say it. Safe to call again. */
export function keepTextWhole(): void {
  const encoder = new TextEncoder();
  const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
  const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  configureTextEncoding({
    encodeUtf8: (text) => encoder.encode(text),
    decodeUtf8: (bytes, isStrict) => (isStrict ? strict : lenient).decode(bytes),
    checkUtf8: (text) => !loneSurrogate.test(text),
  });
}
