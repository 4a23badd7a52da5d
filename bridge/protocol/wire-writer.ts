/**
 * Writes a protobuf message from its end to its beginning: what is inside a message is written before its length, so
 * that nothing has to be measured first. Fields therefore come in reverse order.
 */

const firstBytes = 512;

export class WireWriter {
  #to: Buffer = Buffer.allocUnsafe(firstBytes);
  /** Where the first byte that was written is. */
  #at = firstBytes;

  /** How much was written. */
  get length(): number {
    return this.#to.length - this.#at;
  }

  /** All that was written; the writer is not to be used any more. */
  done(): Uint8Array {
    return this.#to.subarray(this.#at);
  }

  /** What comes before a block: its length, counted from what was written when it began, and its tag. */
  block(tag: number, lengthBefore: number): void {
    this.varint(this.length - lengthBefore);
    this.varint(tag);
  }

  text(tag: number, value: string): void {
    // Three bytes a character are enough for all.
    this.#need(3 * value.length);
    const length = value.length < 48 ? this.#short(value) : this.#long(value);
    this.varint(length);
    this.varint(tag);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
    this.varint(tag);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#need(value.length);
    this.#at -= value.length;
    this.#to.set(value, this.#at);
  }

  double(tag: number, value: number): void {
    this.#need(8);
    this.#at -= 8;
    this.#to.writeDoubleLE(value, this.#at);
    this.varint(tag);
  }

  number(tag: number, value: number): void {
    this.varint(value);
    this.varint(tag);
  }

  /** A whole number, 0 to 2^53. */
  varint(value: number): void {
    this.#need(8);
    if (value < 0x80) {
      this.#to[--this.#at] = value;
      return;
    }
    let size = 0;
    for (let rest = value; rest > 0; rest = Math.floor(rest / 128)) size += 1;
    this.#at -= size;
    let rest = value;
    for (let i = 0; i < size - 1; i += 1, rest = Math.floor(rest / 128)) this.#to[this.#at + i] = (rest % 128) | 0x80;
    this.#to[this.#at + size - 1] = rest;
  }

  #short(value: string): number {
    for (let i = value.length - 1; i >= 0; i -= 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        // What was written of it so far is written over.
        this.#at += value.length - 1 - i;
        return this.#long(value);
      }
      this.#to[--this.#at] = code;
    }
    return value.length;
  }

  #long(value: string): number {
    const length = Buffer.byteLength(value);
    this.#at -= length;
    this.#to.write(value, this.#at);
    return length;
  }

  #need(bytes: number): void {
    if (bytes <= this.#at) return;
    const { length } = this;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#to.length, length + bytes + firstBytes));
    this.#at = larger.length - length;
    larger.set(this.#to.subarray(this.#to.length - length), this.#at);
    this.#to = larger;
  }
}
