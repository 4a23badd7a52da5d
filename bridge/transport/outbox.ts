/**
 * The sending half of a stream: messages cut into numbered frames, kept until the worker has them, handed over as far
 * as its credit goes, in batches of at most one frame's size with control frames first. Pure: no time, no connection.
 */
import { Ring } from '../../actors/core/index.ts';
import type { Batch } from './carrier.ts';
import type { Elsewhere, Envelope, Frame } from './gen/workers_pb.js';
import type { Limits } from './limits.ts';
import { envelopeBytes, Window } from './window.ts';

/** Tags, lengths, numbers and flags of a frame around its payload, at most. */
const frameOverhead = 44;
/** The acknowledgement and the credit around the frames of a batch, at most. */
const batchOverhead = 24;
/** A batch that only acknowledges goes out after so many frames or bytes were taken. */
const acknowledgeFrames = 128;
const acknowledgeBytes = 256 * 1024;

interface Entry {
  readonly sequence: number;
  readonly frame: Frame;
  readonly size: number;
  /** What all envelopes up to this one count against the worker's credit. */
  readonly upTo: number;
  /** The worker has it, or is gone: its payload lies elsewhere no longer. */
  readonly onTaken?: () => void;
}

/** Where a message lies that is too large for frames. */
export interface Spilled {
  readonly elsewhere: Elsewhere;
  readonly onTaken: () => void;
}

export class Outbox {
  readonly #limits: Limits;
  /** What the worker may send: every batch says so. */
  readonly window: Window;
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
  /** What all envelopes so far count, and how far the worker lets them count. */
  #charged = 0;
  #credit = Number.POSITIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.window = new Window(limits.windowBytes);
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

  /** True when a connection carries nothing that the worker is not known to have. */
  get settled(): boolean {
    return this.#sent.length === 0;
  }

  /** True when there is something to hand over. */
  get dirty(): boolean {
    return (
      this.#control.length > 0 ||
      this.#mayHandOver ||
      this.window.due ||
      this.#taken - this.#told >= acknowledgeFrames ||
      this.#untoldBytes >= acknowledgeBytes
    );
  }

  get #mayHandOver(): boolean {
    const first = this.#waiting.peek();
    return first !== undefined && first.upTo <= this.#credit;
  }

  /** True when there is a number that the worker was not told yet. */
  get owesAcknowledgement(): boolean {
    return this.#taken > this.#told;
  }

  /** Queues one message; answers the number of its last frame. The payload of one that lies elsewhere is empty. */
  put(exchange: number, payload: Uint8Array, end: boolean, spilled?: Spilled): number {
    const piece = this.#limits.maxFrameBytes - frameOverhead - batchOverhead;
    let start = 0;
    do {
      const more = start + piece < payload.length;
      const part = start === 0 && !more ? payload : payload.subarray(start, start + piece);
      this.#last += 1;
      this.#charged += part.length + envelopeBytes;
      const value: Envelope = {
        $typeName: 'ophion.v1.Envelope',
        exchange: BigInt(exchange),
        payload: part,
        more,
        end: end && !more,
      };
      if (spilled !== undefined) value.elsewhere = spilled.elsewhere;
      const frame: Frame = {
        $typeName: 'ophion.v1.Frame',
        sequence: BigInt(this.#last),
        body: { case: 'envelope', value },
      };
      const size = part.length + frameOverhead + (spilled === undefined ? 0 : sizeOfElsewhere(spilled.elsewhere));
      const entry = { sequence: this.#last, frame, size, upTo: this.#charged };
      this.#waiting.push(spilled === undefined ? entry : { ...entry, onTaken: spilled.onTaken });
      this.#bytes += size;
      start += piece;
    } while (start < payload.length);
    return this.#last;
  }

  /** Queues a control frame, ahead of all envelopes. Control frames are never sent twice. */
  control(body: Frame['body']): void {
    this.#control.push({ $typeName: 'ophion.v1.Frame', sequence: 0n, body });
  }

  /**
   * The worker has taken everything up to this number, and lets what is sent count up to `credit`; 0 says nothing.
   * False when it was never sent.
   */
  acknowledge(sequence: number, credit = 0): boolean {
    if (sequence > this.#handed) return false;
    if (credit > 0) this.#credit = credit;
    for (let first = this.#sent.peek(); first !== undefined && first.sequence <= sequence; first = this.#sent.peek()) {
      this.#sent.shift();
      this.#bytes -= first.size;
      first.onTaken?.();
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
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      if (first.upTo > this.#credit || (first.size > room && frames.length > 0)) break;
      this.#waiting.shift();
      room -= first.size;
      frames.push(first.frame);
      this.#sent.push(first);
      this.#handed = first.sequence;
    }
    if (frames.length === 0 && !(alsoAcknowledge ? this.owesAcknowledgement : this.dirty)) return undefined;
    this.#told = this.#taken;
    this.#untoldBytes = 0;
    return { frames, acknowledged: this.#taken, credit: this.window.grant() };
  }

  /** Forgets everything: the worker is gone. */
  clear(): void {
    for (const { onTaken } of [...this.#waiting.drain(), ...this.#sent.drain()]) onTaken?.();
    this.#control.length = 0;
    this.#waiting = new Ring();
    this.#sent = new Ring();
    this.#bytes = 0;
  }
}

/** At most: the name, and each length with its own. */
const sizeOfElsewhere = ({ lengths }: Elsewhere): number => 96 + 10 * lengths.length;
