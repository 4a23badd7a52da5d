/**
 * One direction of one connection: what is read at one end waits in a bounded queue until its time has come, and is
 * written at the other. When the queue is full the source is not read, so that its own peer is held back.
 */
import type { Socket } from 'node:net';
import type { Clock, Random, TimerHandle } from '../../actors/core/index.ts';
import { Damage } from './damage.ts';
import { splitRandom, type WireFaults } from './faults.ts';
import type { Editor } from './http2-faults.ts';

export interface DirectionInput {
  readonly from: Socket;
  readonly to: Socket;
  readonly clock: Clock;
  readonly random: Random | undefined;
  readonly maxBufferBytes: number;
  /** What comes in passes through this first. */
  readonly editor: Editor | undefined;
  /** Its source was reset, and that is to be passed on now. */
  readonly onReset: () => void;
  /** A limit or a timeout ends the whole connection. */
  readonly onOver: (why: 'limit' | 'timeout', how: 'reset' | 'close') => void;
  readonly onChange: () => void;
}

/** With a bandwidth, pieces are so small that one takes this long: a large chunk must not pass at once. */
const pieceMs = 10;

export class Direction {
  readonly #input: DirectionInput;
  readonly #damage: Damage;
  readonly #queue: { bytes: Buffer; dueMs: number }[] = [];
  #faults: WireFaults = {};
  #queuedBytes = 0;
  #lastDueMs = 0;
  /** When the bandwidth lets the next piece pass. */
  #freeMs = 0;
  #timer: TimerHandle | undefined;
  #timeout: TimerHandle | undefined;
  #waitsForDrain = false;
  #closesAtMs: number | undefined;
  /** What its source said last, until it is passed on. */
  #end: 'fin' | 'reset' | undefined;
  #over = false;
  #limited = false;
  receivedBytes = 0;
  passedBytes = 0;

  constructor(input: DirectionInput) {
    this.#input = input;
    // Its own: how many chunks come, and so how often jitter draws, is not decided by the bytes.
    this.#damage = new Damage(input.random === undefined ? undefined : splitRandom(input.random));
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Begins to read. */
  start(faults: WireFaults): void {
    const { from, to } = this.#input;
    this.arm(faults);
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#sourceEnded('fin'));
    to.on('drain', () => {
      this.#waitsForDrain = false;
      this.#pump();
    });
    from.resume();
  }

  arm(faults: WireFaults): void {
    const { clock, onOver } = this.#input;
    if (faults.limit !== this.#faults.limit) this.#limited = false;
    if (faults.timeoutMs !== this.#faults.timeoutMs) {
      this.#timeout?.cancel();
      this.#timeout =
        faults.timeoutMs === undefined ? undefined : clock.setTimer(faults.timeoutMs, () => onOver('timeout', 'close'));
    }
    this.#faults = faults;
    this.#damage.arm(faults);
    // What waits for a latency or a bandwidth that is over need not wait any longer.
    const latestMs = clock.monotonicMs() + (faults.latencyMs ?? 0) + (faults.jitterMs ?? 0);
    for (const waiting of this.#queue) waiting.dueMs = Math.min(waiting.dueMs, latestMs);
    this.#lastDueMs = Math.min(this.#lastDueMs, latestMs);
    if (faults.bytesPerSecond === undefined) this.#freeMs = 0;
    if (faults.slowCloseMs === undefined) this.#closesAtMs = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pump();
  }

  /** The source's connection is broken; passed on at once, since a reset drops what is under way. */
  sourceReset(): void {
    // It had said all that it would say, and breaks only now.
    if (this.#over) this.#input.onReset();
    else this.#sourceEnded('reset');
  }

  /** The sink is gone: what still comes is read and dropped, so that its source can end. */
  drop(): void {
    this.stop();
    this.#input.from.resume();
  }

  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#timeout?.cancel();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    const { onChange } = this.#input;
    this.receivedBytes += chunk.length;
    this.#enqueue(this.#input.editor?.edit(chunk) ?? chunk);
    onChange();
  }

  /** Puts bytes behind those that have come, as if they were its source's. */
  insert(bytes: Buffer): void {
    if (this.#over) return;
    this.#enqueue(bytes);
  }

  #enqueue(bytes: Buffer): void {
    const { clock, random, from, maxBufferBytes } = this.#input;
    const { latencyMs = 0, jitterMs = 0 } = this.#faults;
    const delayMs = latencyMs + (jitterMs > 0 && random !== undefined ? random.next() * jitterMs : 0);
    if (delayMs > 0) this.#lastDueMs = Math.max(this.#lastDueMs, clock.monotonicMs() + delayMs);
    this.#queue.push({ bytes, dueMs: this.#lastDueMs });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= maxBufferBytes) from.pause();
    this.#pump();
  }

  #sourceEnded(end: 'fin' | 'reset'): void {
    if (this.#over) return;
    this.#end = end;
    if (end === 'reset') {
      this.#queue.length = 0;
      this.#queuedBytes = 0;
      this.#pump();
      this.#input.onChange();
    }
    // In its place behind the bytes, and as late as they are.
    else {
      this.#enqueue(this.#input.editor?.rest() ?? Buffer.alloc(0));
      this.#input.onChange();
    }
  }

  /** Passes on what may pass, until something is to be waited for. */
  #pump(): void {
    const { clock } = this.#input;
    while (!this.#over && !this.#waitsForDrain && this.#timer === undefined) {
      if (this.#faults.stall === true || this.#faults.timeoutMs !== undefined || this.#limited) return;
      const head = this.#queue[0];
      if (head === undefined) {
        this.#passEnd();
        return;
      }
      if (this.#waits(Math.max(head.dueMs, this.#freeMs) - clock.monotonicMs())) return;
      this.#passNext(head);
    }
  }

  #waits(ms: number): boolean {
    if (ms <= 0) return false;
    this.#timer = this.#input.clock.setTimer(ms, () => {
      this.#timer = undefined;
      this.#pump();
    });
    return true;
  }

  #passNext(head: { bytes: Buffer }): void {
    const { clock, to, from, maxBufferBytes, onOver, onChange } = this.#input;
    const { bytesPerSecond, sliceBytes = Number.POSITIVE_INFINITY, limit } = this.#faults;
    const perPiece = bytesPerSecond === undefined ? Number.POSITIVE_INFINITY : (bytesPerSecond * pieceMs) / 1_000;
    const size = Math.min(head.bytes.length, sliceBytes, Math.max(1, Math.ceil(perPiece)), this.#damage.room);
    const piece = head.bytes.subarray(0, size);
    head.bytes = head.bytes.subarray(size);
    if (head.bytes.length === 0) this.#queue.shift();
    this.#queuedBytes -= size;
    if (this.#queuedBytes < maxBufferBytes && from.isPaused()) from.resume();
    if (bytesPerSecond !== undefined) {
      this.#freeMs = Math.max(this.#freeMs, clock.monotonicMs()) + (size / bytesPerSecond) * 1_000;
    }
    const passing = this.#damage.apply(piece);
    const isLast = this.#damage.room <= 0 && limit !== undefined;
    this.passedBytes += passing.length;
    if (isLast) {
      this.#limited = true;
      const { how } = limit;
      // When the last bytes are with the system: a reset drops what is still here.
      to.write(passing, () => (how === 'stall' ? undefined : onOver('limit', how)));
    } else if (passing.length > 0 && !to.write(passing)) this.#waitsForDrain = true;
    onChange();
  }

  #passEnd(): void {
    if (this.#end === undefined) return;
    if (this.#end === 'reset') {
      this.stop();
      this.#input.onReset();
      return;
    }
    const nowMs = this.#input.clock.monotonicMs();
    this.#closesAtMs ??= nowMs + (this.#faults.slowCloseMs ?? 0);
    if (this.#waits(this.#closesAtMs - nowMs)) return;
    this.stop();
    this.#input.to.end();
  }
}
