/**
 * Connections under faults: batches that are lost (half-open), doubled, late, stalled, corrupted or cut short, and
 * connections that are refused or reset. What is held back keeps its order, as on any stream.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type Batch,
  type Carrier,
  type CarrierEvents,
  FrameSchema,
  type Listen,
  type Refusal,
} from '../../bridge/transport/index.ts';
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';

/** How many batches may be held back before their sender is told to wait. */
const heldMax = 16;

export function faultyListen(inner: Listen, set: FaultSet): Listen {
  return (events) =>
    inner({
      ...events,
      listening: (address) => events.listening(address),
      failed: (error) => events.failed(error),
      accepted(carrier) {
        const decision = set.concerns('wire.connect')
          ? set.decide({ point: 'wire.connect', path: carrier.peer })
          : undefined;
        const accept = () => events.accepted(new FaultyCarrier(carrier, set));
        if (decision?.task.do === 'delay') decision.rule.later(decision.task.ms, accept);
        else if (decision?.task.do === 'throw') carrier.abort();
        else accept();
      },
    });
}

export class FaultyCarrier implements Carrier {
  readonly peer: string;
  readonly #inner: Carrier;
  readonly #out: Line;
  readonly #in: Line;
  #events: CarrierEvents | undefined;
  #held = false;

  constructor(inner: Carrier, set: FaultSet) {
    this.peer = inner.peer;
    this.#inner = inner;
    const reset = () => this.abort();
    this.#out = new Line(
      set,
      { direction: 'out', path: inner.peer },
      (batch) => inner.send(batch),
      reset,
      () => {
        if (!this.#held) return;
        this.#held = false;
        this.#events?.drained();
      },
    );
    this.#in = new Line(set, { direction: 'in', path: inner.peer }, (batch) => this.#events?.batch(batch), reset);
  }

  listen(events: CarrierEvents): void {
    this.#events = events;
    this.#inner.listen({
      batch: (batch) => this.#in.push(batch),
      drained: () => {
        if (!this.#held) events.drained();
      },
      ended: () => this.#in.last(() => events.ended()),
      closed: (why) => {
        this.#in.clear();
        this.#out.clear();
        events.closed(why);
      },
    });
  }

  send(batch: Batch): boolean {
    const taken = this.#out.push(batch);
    if (typeof taken === 'boolean') return taken;
    this.#held = this.#out.length >= heldMax;
    return !this.#held;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#out.last(() => this.#inner.end());
  }

  refuse(refusal: Refusal): void {
    this.#inner.refuse(refusal);
  }

  abort(): void {
    this.#in.clear();
    this.#out.clear();
    this.#inner.abort();
  }
}

interface Held {
  pass: (() => unknown) | undefined;
  ready: boolean;
}

/** One direction of a connection. */
class Line {
  readonly #set: FaultSet;
  readonly #where: { readonly direction: 'in' | 'out'; readonly path: string };
  readonly #pass: (batch: Batch) => unknown;
  readonly #reset: () => void;
  readonly #flushed: () => void;
  /** What waits, oldest first; behind one that is not ready nobody passes. */
  #queue: Held[] = [];

  constructor(
    set: FaultSet,
    where: { readonly direction: 'in' | 'out'; readonly path: string },
    pass: (batch: Batch) => unknown,
    reset: () => void,
    flushed: () => void = () => {},
  ) {
    this.#set = set;
    this.#where = where;
    this.#pass = pass;
    this.#reset = reset;
    this.#flushed = flushed;
  }

  get length(): number {
    return this.#queue.length;
  }

  clear(): void {
    this.#queue = [];
  }

  /** What passing it answered; undefined when it is held back. */
  push(batch: Batch): unknown {
    const decision = this.#set.concerns('wire.batch')
      ? this.#set.decide({ point: 'wire.batch', ...this.#where })
      : undefined;
    if (decision === undefined) return this.#inOrder(() => this.#pass(batch));
    const { rule, task } = decision;
    switch (task.do) {
      case 'drop':
        return true;
      case 'dup':
        this.#inOrder(() => this.#pass(batch));
        return this.#inOrder(() => this.#pass(batch));
      case 'kill':
        this.#reset();
        return true;
      case 'corrupt':
        return this.#damaged(corrupted(batch, decision));
      case 'truncate':
        return this.#damaged(truncated(batch, task.bytes ?? 0));
      case 'delay':
        return this.#hold(batch, (goOn) => void rule.later(task.ms, goOn));
      case 'hang':
      case 'pause':
        return this.#hold(batch, (goOn) => void rule.untilHealed(task, goOn));
      default:
        return this.#inOrder(() => this.#pass(batch));
    }
  }

  /** Runs `end` behind everything that is on its way. */
  last(end: () => void): void {
    this.#inOrder(end);
  }

  #damaged({ frames, readable }: Damaged): unknown {
    if (frames !== undefined) this.#inOrder(() => this.#pass(frames));
    // What cannot be read ends a connection.
    if (!readable) this.#inOrder(() => this.#reset());
    return true;
  }

  #hold(batch: Batch, wait: (goOn: () => void) => void): undefined {
    const held: Held = { pass: () => this.#pass(batch), ready: false };
    this.#queue.push(held);
    wait(() => {
      held.ready = true;
      this.#flush();
    });
  }

  #inOrder(pass: () => unknown): unknown {
    if (this.#queue.length === 0) return pass();
    this.#queue.push({ pass, ready: true });
    return undefined;
  }

  #flush(): void {
    const wasFull = this.#queue.length >= heldMax / 2;
    while (this.#queue[0]?.ready) this.#queue.shift()?.pass?.();
    if (wasFull && this.#queue.length < heldMax / 2) this.#flushed();
  }
}

interface Damaged {
  /** What still arrives. */
  readonly frames: Batch | undefined;
  readonly readable: boolean;
}

/** One bit of one frame is another. A frame that then cannot be read is the end of what arrives. */
function corrupted({ frames, acknowledged }: Batch, { rule }: Decision): Damaged {
  if (frames.length === 0)
    return { frames: { frames, acknowledged: acknowledged + 1 + rule.pick(1_000) }, readable: true };
  const which = rule.pick(frames.length);
  const bytes = toBinary(FrameSchema, frames[which] as Batch['frames'][number]);
  const at = rule.pick(Math.max(1, bytes.length));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << rule.pick(8));
  try {
    const changed = frames.with(which, fromBinary(FrameSchema, bytes));
    return { frames: { frames: changed, acknowledged }, readable: true };
  } catch {
    return { frames: { frames: frames.slice(0, which), acknowledged }, readable: false };
  }
}

/** Only what fits whole into so many bytes arrives, and then nothing more. */
function truncated({ frames, acknowledged }: Batch, bytes: number): Damaged {
  let left = bytes;
  const arrived = frames.filter((frame) => {
    left -= toBinary(FrameSchema, frame).length;
    return left >= 0;
  });
  return { frames: arrived.length === 0 ? undefined : { frames: arrived, acknowledged }, readable: false };
}
