/** Reads the fields of a protobuf message, for what is read by hand. Throws RangeError where the bytes are none. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** The next field; 0 at the end. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.varint();
    if (tag === 0) throw new RangeError('a field without a number');
    return tag;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10 && this.#at < this.#end; i += 1) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError('a number that does not end');
  }

  /** Eight bytes, little-endian. */
  double(): number {
    const at = this.skipTo(this.#at + 8);
    if (this.#at > this.#end) throw new RangeError('a field that is longer than its message');
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  /** Where the block that begins here ends. */
  block(): number {
    const length = this.varint();
    const end = this.#at + length;
    if (end > this.#end) throw new RangeError('a field that is longer than its message');
    return end;
  }

  /** Goes on behind a block; answers where it began. */
  skipTo(end: number): number {
    const start = this.#at;
    this.#at = end;
    return start;
  }

  /** A field that is not known here. */
  skip(field: number): void {
    const wire = field & 7;
    if (field < 8) throw new RangeError('a field without a number');
    if (wire === 0) this.varint();
    else if (wire === 2) this.skipTo(this.block());
    else if (wire === 1 || wire === 5) {
      const end = this.#at + (wire === 1 ? 8 : 4);
      if (end > this.#end) throw new RangeError('a field that is longer than its message');
      this.#at = end;
    } else throw new RangeError(`a field of kind ${wire}`);
  }
}
