/** The newest lines that one incarnation of a worker has printed, bounded by number and bytes. Pure. */
import type { OutputLine } from './output.ts';

/** A line that a worker has printed. */
export interface WorkerLogLine {
  /** The worker's id, `w-3`. */
  readonly worker: string;
  readonly incarnation: number;
  /** Counted from 1 in its incarnation: when the first that is kept is the 501st, 500 are not kept any more. */
  readonly line: number;
  /** When the host read it, in milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  readonly from: 'stdout' | 'stderr';
  readonly text: string;
  /** The line was longer than 8,192 characters; the rest of it was dropped. */
  readonly cut: boolean;
}

/** What a line costs beside its text, and an incarnation beside its lines; about. */
export const lineBytes = 64;
const incarnationBytes = 256;

export interface IncarnationBounds {
  readonly maxLines: number;
  readonly maxBytes: number;
}

interface Kept {
  readonly line: WorkerLogLine;
  readonly bytes: number;
}

export class IncarnationLog {
  readonly worker: string;
  readonly incarnation: number;
  bytes = incarnationBytes;
  #kept: Kept[] = [];
  /** How many at the beginning of `kept` are dropped already, so that dropping one moves none. */
  #dropped = 0;
  #count = 0;

  constructor(worker: string, incarnation: number) {
    this.worker = worker;
    this.incarnation = incarnation;
  }

  get length(): number {
    return this.#kept.length - this.#dropped;
  }

  add({ from, text, cut }: OutputLine, timeMs: number, { maxLines, maxBytes }: IncarnationBounds): void {
    const { worker, incarnation } = this;
    // A copy: a line is a part of what was read with it, and would keep all of that.
    const copy = Buffer.from(text);
    this.#count += 1;
    const line = { worker, incarnation, line: this.#count, timeMs, from, text: copy.toString(), cut };
    const bytes = lineBytes + copy.length;
    this.#kept.push({ line, bytes });
    this.bytes += bytes;
    while (this.length > maxLines || (this.bytes > maxBytes && this.length > 1)) this.#drop();
  }

  /** Lets the older half go. */
  halve(): void {
    for (let n = Math.ceil(this.length / 2); n > 0; n -= 1) this.#drop();
  }

  lines(): readonly WorkerLogLine[] {
    return this.#kept.slice(this.#dropped).map(({ line }) => line);
  }

  #drop(): void {
    this.bytes -= this.#kept[this.#dropped]?.bytes ?? 0;
    this.#dropped += 1;
    if (this.#dropped * 2 < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#dropped);
    this.#dropped = 0;
  }
}
