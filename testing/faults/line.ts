/** One direction of a connection under faults. What is held back keeps its order, as on any stream. */
import type { Batch, Frame } from '../../bridge/transport/index.ts';
import type { Decision } from './active-plan.ts';
import { corrupted, type Damaged, sizeOfBatch, truncated } from './batch-damage.ts';
import type { FaultSet } from './fault-set.ts';
import { grown, skewed } from './frame-damage.ts';
import { FrameNames } from './frame-names.ts';

/** How many batches may be held back before their sender is told to wait. */
export const heldMax = 16;
/** How long a frame waits for the one that is to come before it, in milliseconds. */
const reorderMs = 50;

/** Who is at the other end: a path in the tree, once it has greeted. */
export interface Side {
  path: string;
}

interface Held {
  readonly pass: () => unknown;
  ready: boolean;
  /** Begins to wait, when everything before it has passed. */
  readonly begin?: () => void;
}

export class Line {
  readonly #set: FaultSet;
  readonly #direction: 'in' | 'out';
  readonly #side: Side;
  readonly #pass: (batch: Batch) => unknown;
  readonly #reset: () => void;
  readonly #flushed: () => void;
  readonly #names: FrameNames;
  /** What waits, oldest first; behind one that is not ready nobody passes. */
  #queue: Held[] = [];
  /** A frame that lets the next numbered one go first, and what calls off that it goes anyway. */
  #aside: { readonly frame: Frame; readonly callOff: () => void } | undefined;

  constructor(
    set: FaultSet,
    direction: 'in' | 'out',
    side: Side,
    pass: (batch: Batch) => unknown,
    reset: () => void,
    flushed: () => void = () => {},
  ) {
    this.#set = set;
    this.#direction = direction;
    this.#side = side;
    this.#pass = pass;
    this.#reset = reset;
    this.#flushed = flushed;
    this.#names = new FrameNames(direction);
  }

  get length(): number {
    return this.#queue.length;
  }

  clear(): void {
    this.#queue = [];
    this.#aside?.callOff();
    this.#aside = undefined;
  }

  /** What passing it answered; undefined when it is held back. */
  push(batch: Batch): unknown {
    if (!this.#set.concerns('wire.frame') && this.#aside === undefined) return this.#batch(batch);
    let taken: unknown = true;
    let frames: Frame[] = [];
    const passed = () => {
      taken = this.#batch({ ...batch, frames }) === undefined ? undefined : taken;
      frames = [];
    };
    for (const frame of batch.frames) {
      const decision = this.#set.decide({ ...this.#where('wire.frame'), message: this.#names.of(frame) });
      const aside = frame.sequence > 0n ? this.#goesFirst() : undefined;
      switch (decision?.task.do) {
        case 'drop':
          break;
        case 'dup':
          frames.push(frame, frame);
          break;
        case 'grow':
          frames.push(grown(frame, decision.task.bytes));
          break;
        case 'skew':
          frames.push(skewed(frame, decision.task.of));
          break;
        case 'reorder':
          this.#letPass(frame, batch, decision);
          break;
        case 'kill':
          passed();
          this.#inOrder(() => this.#reset());
          return taken;
        case 'delay':
        case 'hang':
        case 'pause':
          passed();
          taken = this.#hold({ ...batch, frames: [frame] }, this.#waitOf(decision));
          break;
        default:
          frames.push(frame);
      }
      if (aside !== undefined) frames.push(aside);
    }
    passed();
    return taken;
  }

  /** Runs `end` behind everything that is on its way. */
  last(end: () => void): void {
    this.#inOrder(end);
  }

  #where(point: string) {
    return { point, direction: this.#direction, path: this.#side.path };
  }

  #batch(batch: Batch): unknown {
    const decision = this.#set.concerns('wire.batch') ? this.#set.decide(this.#where('wire.batch')) : undefined;
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
      case 'throttle': {
        const ms = (sizeOfBatch(batch) / task.bytesPerSecond) * 1_000;
        return this.#holdAtHead(batch, (goOn) => (rule.healed ? goOn() : void rule.later(ms, goOn)));
      }
      case 'delay':
      case 'jitter':
      case 'hang':
      case 'pause':
        return this.#hold(batch, this.#waitOf(decision));
      default:
        return this.#inOrder(() => this.#pass(batch));
    }
  }

  #waitOf({ rule, task }: Decision): (goOn: () => void) => void {
    if (task.do === 'delay') return (goOn) => void rule.later(task.ms, goOn);
    if (task.do === 'jitter') return (goOn) => void rule.later(rule.pick(Math.floor(task.ms) + 1), goOn);
    return (goOn) => void rule.untilHealed(task, goOn);
  }

  #damaged({ frames, readable }: Damaged): unknown {
    if (frames !== undefined) this.#inOrder(() => this.#pass(frames));
    // What cannot be read ends a connection.
    if (!readable) this.#inOrder(() => this.#reset());
    return true;
  }

  // Out of order

  /** Sets a frame aside until the next numbered one has passed; without one it goes on by itself. */
  #letPass(frame: Frame, { acknowledged }: Batch, { rule }: Decision): void {
    const callOff = rule.later(reorderMs, () => {
      this.#aside = undefined;
      this.#batch({ frames: [frame], acknowledged });
    });
    this.#aside = { frame, callOff };
  }

  /** The frame that was set aside: the next one goes before it. */
  #goesFirst(): Frame | undefined {
    const { frame, callOff } = this.#aside ?? {};
    callOff?.();
    this.#aside = undefined;
    return frame;
  }

  // Held back

  #hold(batch: Batch, wait: (goOn: () => void) => void): undefined {
    const held: Held = { pass: () => this.#pass(batch), ready: false };
    this.#queue.push(held);
    wait(() => this.#ready(held));
  }

  /** As `#hold`, but the wait begins when it is the first. */
  #holdAtHead(batch: Batch, wait: (goOn: () => void) => void): undefined {
    const held: Held = {
      pass: () => this.#pass(batch),
      ready: false,
      begin: () => wait(() => this.#ready(held)),
    };
    this.#queue.push(held);
    if (this.#queue[0] === held) held.begin?.();
  }

  #ready(held: Held): void {
    held.ready = true;
    this.#flush();
  }

  #inOrder(pass: () => unknown): unknown {
    if (this.#queue.length === 0) return pass();
    this.#queue.push({ pass, ready: true });
    return undefined;
  }

  #flush(): void {
    const wasFull = this.#queue.length >= heldMax / 2;
    while (this.#queue[0]?.ready) {
      this.#queue.shift()?.pass();
      const [next] = this.#queue;
      if (next?.ready === false) next.begin?.();
    }
    if (wasFull && this.#queue.length < heldMax / 2) this.#flushed();
  }
}
