/** Numbers, text and bytes one behind the other: what the rows of the durable vault are made of. */
import { crc32 } from 'node:zlib';

const crcBytes = 4;
/** Rows stand in blocks of this size one behind the other: a block of its own for each would cost more than writing it. */
const blockBytes = 64 * 1024;
/** Texts up to this length are looked at letter by letter, which is quicker than asking for their encoding. */
const shortText = 64;

/**
 * The last block and what is used of it; whoever writes has it for as long. Nobody changes what was handed out: lmdb
 * reads it later, in a thread of its own.
 */
const none = Buffer.alloc(0);
let block = none;
let used = 0;

export class ByteWriter {
  #bytes = block;
  #start = used;
  #length = used;

  constructor() {
    [block, used] = [none, 0];
  }

  /** A row: `sealed` puts a checksum before what is written. */
  static row(): ByteWriter {
    return new ByteWriter().skip(crcBytes);
  }

  /** How many bytes it has. */
  get length(): number {
    return this.#length - this.#start;
  }

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
    if (value.length <= shortText && this.#ascii(value)) return this;
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

  /** Leaves room for so many bytes. */
  skip(bytes: number): this {
    this.#room(bytes);
    this.#length += bytes;
    return this;
  }

  /** Writes a number of four bytes where room was left for it. */
  patch(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, this.#start + at);
  }

  /** A view of what was written so far from there on; it stays as it is only if nothing more is written. */
  from(at: number): Buffer {
    return this.#bytes.subarray(this.#start + at, this.#length);
  }

  done(): Buffer {
    if (this.#bytes.length === blockBytes) [block, used] = [this.#bytes, this.#length];
    return this.#bytes.subarray(this.#start, this.#length);
  }

  /** A row with its checksum, which `unseal` looks at. */
  sealed(): Buffer {
    this.patch(0, crc32(this.from(crcBytes)));
    return this.done();
  }

  /** False: it has other letters, and nothing was written. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#room(2 + length);
    const at = this.#length + 2;
    for (let i = 0; i < length; i += 1) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#bytes[at + i] = code;
    }
    this.#bytes[at - 2] = 0;
    this.#bytes[at - 1] = length;
    this.#length = at + length;
    return true;
  }

  #room(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const bytes = this.#length - this.#start;
    const larger = Buffer.allocUnsafeSlow(Math.max(blockBytes, 2 * (bytes + more)));
    this.#bytes.copy(larger, 0, this.#start, this.#length);
    [this.#bytes, this.#start, this.#length] = [larger, 0, bytes];
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

/** What a row has behind its checksum, for a disk may lie. Throws a RangeError when it is not what was sealed. */
export function unseal(sealed: Buffer): Buffer {
  const bytes = sealed.subarray(crcBytes);
  if (sealed.length < crcBytes || crc32(bytes) !== sealed.readUInt32LE(0))
    throw new RangeError('a checksum does not fit');
  return bytes;
}
