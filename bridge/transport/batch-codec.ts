/**
 * Batches as bytes: an `AttachResponse` written, an `AttachRequest` read. Envelopes, of which there are thousands a
 * second, are written and read by hand; everything else is left to the generated code.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Batch } from './carrier.ts';
import { type Elsewhere, ElsewhereSchema, type Envelope, type Frame, FrameSchema } from './gen/workers_pb.js';
import { WireReader } from './wire-reader.ts';

/** Tags of the fields, as workers.proto numbers them. */
const tag = {
  batch: { frame: 0x0a, acknowledged: 0x10, credit: 0x18 },
  frame: { sequence: 0x08, envelope: 0x4a },
  envelope: { exchange: 0x08, payload: 0x12, more: 0x18, end: 0x20, elsewhere: 0x2a },
} as const;

const noBytes = new Uint8Array();

/** A batch as an `AttachResponse`, behind so many bytes that are left free. */
export function encodeBatch({ frames, acknowledged, credit = 0 }: Batch, headroom = 0): Buffer {
  const others = new Map<Frame, Uint8Array>();
  let size = headroom + 22;
  for (const frame of frames) {
    if (frame.body.case === 'envelope' && frame.body.value.elsewhere === undefined)
      size += 44 + frame.body.value.payload.length;
    else {
      const bytes = toBinary(FrameSchema, frame);
      others.set(frame, bytes);
      size += 11 + bytes.length;
    }
  }
  const writer = new Writer(Buffer.allocUnsafe(size), headroom);
  for (const frame of frames) {
    const other = others.get(frame);
    if (other !== undefined) writer.bytes(tag.batch.frame, other);
    else if (frame.body.case === 'envelope') writer.envelope(frame.sequence, frame.body.value);
  }
  writer.number(tag.batch.acknowledged, acknowledged);
  writer.number(tag.batch.credit, credit);
  return writer.done();
}

class Writer {
  readonly #to: Buffer;
  #at: number;

  constructor(to: Buffer, at: number) {
    this.#to = to;
    this.#at = at;
  }

  done(): Buffer {
    return this.#to.subarray(0, this.#at);
  }

  envelope(sequence: bigint, { exchange, payload, more, end }: Envelope): void {
    const number = Number(sequence);
    const id = Number(exchange);
    const { length } = payload;
    const inner =
      sizeOfNumber(id) + (length > 0 ? 1 + sizeOfVarint(length) + length : 0) + (more ? 2 : 0) + (end ? 2 : 0);
    this.#to[this.#at++] = tag.batch.frame;
    this.#varint(sizeOfNumber(number) + 1 + sizeOfVarint(inner) + inner);
    this.number(tag.frame.sequence, number);
    this.#to[this.#at++] = tag.frame.envelope;
    this.#varint(inner);
    this.number(tag.envelope.exchange, id);
    if (length > 0) this.bytes(tag.envelope.payload, payload);
    this.number(tag.envelope.more, more ? 1 : 0);
    this.number(tag.envelope.end, end ? 1 : 0);
  }

  /** As proto3 has it, 0 is not written. */
  number(tagged: number, value: number): void {
    if (value === 0) return;
    this.#to[this.#at++] = tagged;
    this.#varint(value);
  }

  bytes(tagged: number, value: Uint8Array): void {
    this.#to[this.#at++] = tagged;
    this.#varint(value.length);
    this.#to.set(value, this.#at);
    this.#at += value.length;
  }

  #varint(value: number): void {
    let rest = value;
    // Above 31 bits, shifting would cut it.
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) this.#to[this.#at++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#to[this.#at++] = (rest & 0x7f) | 0x80;
    this.#to[this.#at++] = rest;
  }
}

const sizeOfNumber = (value: number) => (value === 0 ? 0 : 1 + sizeOfVarint(value));

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Reads an `AttachRequest`. Throws when it is none. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const frames: Frame[] = [];
  let acknowledged = 0;
  let credit = 0;
  const reader = new WireReader(bytes, 0, bytes.length);
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === tag.batch.frame) frames.push(readFrame(bytes, reader));
    else if (field === tag.batch.acknowledged) acknowledged = reader.varint();
    else if (field === tag.batch.credit) credit = reader.varint();
    else reader.skip(field);
  }
  return { frames, acknowledged, credit };
}

function readFrame(bytes: Uint8Array, within: WireReader): Frame {
  const end = within.block();
  const start = within.skipTo(end);
  const reader = new WireReader(bytes, start, end);
  let sequence = 0;
  let envelope: Envelope | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === tag.frame.sequence) sequence = reader.varint();
    else if (field === tag.frame.envelope && envelope === undefined) envelope = readEnvelope(bytes, reader);
    else return fromBinary(FrameSchema, bytes.subarray(start, end));
  }
  const body: Frame['body'] = envelope === undefined ? { case: undefined } : { case: 'envelope', value: envelope };
  return { $typeName: 'ophion.v1.Frame', sequence: BigInt(sequence), body };
}

function readEnvelope(bytes: Uint8Array, within: WireReader): Envelope {
  const until = within.block();
  const reader = new WireReader(bytes, within.skipTo(until), until);
  let exchange = 0;
  let payload: Uint8Array = noBytes;
  let more = false;
  let end = false;
  let elsewhere: Elsewhere | undefined;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === tag.envelope.exchange) exchange = reader.varint();
    else if (field === tag.envelope.payload) {
      const last = reader.block();
      payload = bytes.subarray(reader.skipTo(last), last);
    } else if (field === tag.envelope.more) more = reader.varint() !== 0;
    else if (field === tag.envelope.end) end = reader.varint() !== 0;
    else if (field === tag.envelope.elsewhere) {
      const last = reader.block();
      elsewhere = fromBinary(ElsewhereSchema, bytes.subarray(reader.skipTo(last), last));
    } else reader.skip(field);
  }
  const envelope: Envelope = { $typeName: 'ophion.v1.Envelope', exchange: BigInt(exchange), payload, more, end };
  if (elsewhere !== undefined) envelope.elsewhere = elsewhere;
  return envelope;
}
