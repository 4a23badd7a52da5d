/** Numbers, text and bytes one behind the other: what the rows of the durable vault are made of. */
import { crc32 } from 'node:zlib';

const firstSize = 256;

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(firstSize);
  #length = 0;

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  /** A whole number from 0 to 2^53 - 1, in as few bytes as it needs. */
  uint(value: number): this {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 0x80) | 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  double(value: number): this {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  /** With its length. Half surrogate pairs, which names and labels may hold, have no UTF-8. */
  text(value: string): this {
    const wellFormed = (value as string & { isWellFormed(): boolean }).isWellFormed();
    return this.byte(wellFormed ? 0 : 1).bytes(Buffer.from(value, wellFormed ? 'utf8' : 'utf16le'));
  }

  /** With their length. */
  bytes(value: Uint8Array): this {
    return this.uint(value.byteLength).raw(value);
  }

  raw(value: Uint8Array): this {
    this.#room(value.byteLength);
    this.#bytes.set(value, this.#length);
    this.#length += value.byteLength;
    return this;
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what a ByteWriter wrote. Throws a RangeError at the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new RangeError('a byte is wanted, and none is there');
    this.#at += 1;
    return byte;
  }

  uint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large');
    return value;
  }

  double(): number {
    const at = this.#pass(8);
    return this.#bytes.readDoubleLE(at);
  }

  text(): string {
    const encoding = this.byte() === 0 ? 'utf8' : 'utf16le';
    const length = this.uint();
    const at = this.#pass(length);
    return this.#bytes.toString(encoding, at, at + length);
  }

  /** A view of what is read. */
  bytes(): Buffer {
    return this.raw(this.uint());
  }

  raw(length: number): Buffer {
    const at = this.#pass(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Answers where they begin. */
  #pass(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError(`${length} bytes are wanted, and fewer are there`);
    this.#at = at + length;
    return at;
  }
}

/** Bytes with their checksum in front: a disk may lie. */
export function seal(bytes: Buffer): Buffer {
  const sealed = Buffer.allocUnsafe(4 + bytes.length);
  sealed.writeUInt32LE(crc32(bytes), 0);
  bytes.copy(sealed, 4);
  return sealed;
}

/** The bytes again. Throws a RangeError when they are not what was sealed. */
export function unseal(sealed: Buffer): Buffer {
  const bytes = sealed.subarray(4);
  if (sealed.length < 4 || crc32(bytes) !== sealed.readUInt32LE(0)) throw new RangeError('a checksum does not fit');
  return bytes;
}
