/**
 * The sending half of a stream: messages cut into numbered frames, kept until the worker has them, handed over in
 * batches of at most one frame's size with control frames first. Pure: no time, no connection.
 */
import { create } from '@bufbuild/protobuf';
import { Ring } from '../../actors/core/index.ts';
import type { Batch } from './carrier.ts';
import { EnvelopeSchema, type Frame, FrameSchema } from './gen/workers_pb.js';
import type { Limits } from './limits.ts';

/** Tags, lengths, numbers and flags of a frame around its payload, at most. */
const frameOverhead = 44;
/** The acknowledgement around the frames of a batch, at most. */
const batchOverhead = 16;
/** A batch that only acknowledges goes out after so many frames or bytes were taken. */
const acknowledgeFrames = 32;
const acknowledgeBytes = 256 * 1024;

interface Entry {
  readonly sequence: number;
  readonly frame: Frame;
  readonly size: number;
}

export class Outbox {
  readonly #limits: Limits;
  readonly #control: Frame[] = [];
  /** Not handed to a connection, or handed to one that was lost before it arrived. */
  #waiting = new Ring<Entry>();
  /** Handed over, not acknowledged. */
  #sent = new Ring<Entry>();
  #bytes = 0;
  #last = 0;
  /** The highest number that was ever handed to a connection and not proven lost. */
  #handed = 0;
  #taken = 0;
  #told = 0;
  #untoldBytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Bytes that wait or are not acknowledged. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The highest number that a connection may have carried to the worker. */
  get handed(): number {
    return this.#handed;
  }

  /** The highest number that was given. */
  get last(): number {
    return this.#last;
  }

  /** True when there is something to hand over. */
  get dirty(): boolean {
    return (
      this.#control.length > 0 ||
      this.#waiting.length > 0 ||
      this.#taken - this.#told >= acknowledgeFrames ||
      this.#untoldBytes >= acknowledgeBytes
    );
  }

  /** True when there is a number that the worker was not told yet. */
  get owesAcknowledgement(): boolean {
    return this.#taken > this.#told;
  }

  /** Queues one message; answers the number of its last frame. */
  put(exchange: number, payload: Uint8Array, end: boolean): number {
    const piece = this.#limits.maxFrameBytes - frameOverhead - batchOverhead;
    let start = 0;
    do {
      const more = start + piece < payload.length;
      const part = start === 0 && !more ? payload : payload.subarray(start, start + piece);
      this.#last += 1;
      const envelope = create(EnvelopeSchema);
      envelope.exchange = BigInt(exchange);
      envelope.payload = part;
      envelope.more = more;
      envelope.end = end && !more;
      const frame = create(FrameSchema);
      frame.sequence = BigInt(this.#last);
      frame.body = { case: 'envelope', value: envelope };
      const size = part.length + frameOverhead;
      this.#waiting.push({ sequence: this.#last, frame, size });
      this.#bytes += size;
      start += piece;
    } while (start < payload.length);
    return this.#last;
  }

  /** Queues a control frame, ahead of all envelopes. Control frames are never sent twice. */
  control(body: Frame['body']): void {
    const frame = create(FrameSchema);
    frame.body = body;
    this.#control.push(frame);
  }

  /** The worker has taken everything up to this number. False when it was never sent. */
  acknowledge(sequence: number): boolean {
    if (sequence > this.#handed) return false;
    for (let first = this.#sent.shift(); first !== undefined; first = this.#sent.shift()) {
      if (first.sequence > sequence) {
        this.#sent.unshift(first);
        break;
      }
      this.#bytes -= first.size;
    }
    return true;
  }

  /** This side has taken a frame of the worker; the next batch says so. */
  took(sequence: number, bytes: number): void {
    this.#taken = sequence;
    this.#untoldBytes += bytes;
  }

  /**
   * A new connection: the worker has everything up to `resumeFrom`, the rest is handed over again. False when that
   * cannot be: it was never sent, or acknowledged beyond it.
   */
  resume(resumeFrom: number): boolean {
    if (!this.acknowledge(resumeFrom)) return false;
    const sent = this.#sent.drain();
    if (sent.length > 0 && sent[0]?.sequence !== resumeFrom + 1) return false;
    if (sent.length === 0 && resumeFrom < this.#handed) return false;
    for (const entry of sent.reverse()) this.#waiting.unshift(entry);
    // The worker itself says that it has seen nothing above it.
    this.#handed = resumeFrom;
    this.#control.length = 0;
    return true;
  }

  /** The next batch, at most one frame's size; undefined when nothing waits and no acknowledgement is due. */
  next(alsoAcknowledge = false): Batch | undefined {
    const frames: Frame[] = [];
    // Control frames are small and few: they go together, whatever waits behind them.
    let room = this.#limits.maxFrameBytes - batchOverhead - this.#control.length * frameOverhead;
    frames.push(...this.#control.splice(0));
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      if (first.size > room && frames.length > 0) {
        this.#waiting.unshift(first);
        break;
      }
      room -= first.size;
      frames.push(first.frame);
      this.#sent.push(first);
      this.#handed = first.sequence;
    }
    if (frames.length === 0 && !(alsoAcknowledge ? this.owesAcknowledgement : this.dirty)) return undefined;
    this.#told = this.#taken;
    this.#untoldBytes = 0;
    return { frames, acknowledged: this.#taken };
  }

  /** Forgets everything: the worker is gone. */
  clear(): void {
    this.#control.length = 0;
    this.#waiting = new Ring();
    this.#sent = new Ring();
    this.#bytes = 0;
  }
}
