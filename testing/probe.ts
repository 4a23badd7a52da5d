/**
 * A probe: an actor that keeps all that it gets. Hand its ref to what is under test, and ask it what came. It lives
 * below no supervisor, and ends with the tree.
 */
import {
  type ActorContext,
  ActorDownError,
  ActorError,
  ActorRef,
  type Behavior,
  type CallOptions,
  CallTimeoutError,
  definition,
  type ExitReason,
  exitReason,
  type From,
  type Letter,
  type Logic,
  type Pid,
  StartError,
} from '../actors/core/index.ts';
import { type InSystem, systemOf } from './recent-events.ts';

/** What a probe got: a message as it was sent; a call or cast by its name. */
export type Received =
  | { readonly kind: 'message'; readonly message: unknown }
  | { readonly kind: 'cast'; readonly name: string; readonly arg: unknown }
  /** Waits for `from.reply(value)`. */
  | { readonly kind: 'call'; readonly name: string; readonly arg: unknown; readonly from: From }
  /** An exit signal, if it traps them. */
  | { readonly kind: 'exit'; readonly from: Pid; readonly reason: ExitReason };

export interface ProbeOptions {
  /** Its path; must be free. Default: one of its own. */
  readonly name?: string;
  /** Whether it keeps exit signals instead of ending. Default false. */
  readonly trapExit?: boolean;
  /** The most that it keeps; one more ends it with ActorError `probe_full`. Default 10,000. */
  readonly max?: number;
}

export interface NextOptions extends Pick<CallOptions, 'signal'> {
  /** How long to wait, in milliseconds of the system's time. Default 1,000. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly fits: (one: Received) => boolean;
  readonly got: (one: Received) => void;
  readonly failed: (error: unknown) => void;
}

/** Starts a probe in a system. Throws StartError when its name is taken. */
export function probe(where: InSystem, options: ProbeOptions = {}): Probe {
  const system = systemOf(where);
  const { name, trapExit = false, max = 10_000 } = options;
  const [root] = [...system.processes()];
  if (root === undefined) throw new ActorDownError('probe', exitReason.noproc);
  const memory = new Memory(max);
  const logic: Logic<never> = {
    [definition]: { kind: 'server', behave: (context) => new ProbeBehavior(context, memory, trapExit) },
  };
  const started = system.spawn({ path: name ?? root.pid, logic, parent: root, linked: true });
  if (started instanceof Promise || started.type !== 'started') {
    const reason = started instanceof Promise || started.type !== 'failed' ? exitReason.noproc : started.reason;
    throw new StartError(name ?? 'probe', reason);
  }
  return new Probe(new ActorRef(system, started.process.pid), memory);
}

export class Probe {
  /** To be handed to what is under test. It means this probe, and no other that may have its name later. */
  readonly ref: ActorRef;
  readonly #memory: Memory;

  /** Use `probe`. */
  constructor(ref: ActorRef, memory: Memory) {
    this.ref = ref;
    this.#memory = memory;
  }

  /** All that it got, oldest first, taken or not. */
  get received(): readonly Received[] {
    return this.#memory.received;
  }

  /** The messages that it got, oldest first, taken or not. */
  get messages(): readonly unknown[] {
    return this.received.flatMap((one) => (one.kind === 'message' ? [one.message] : []));
  }

  /**
   * Takes the first message that fits and was not taken yet; waits for one if need be. Rejects with CallTimeoutError
   * after `timeoutMs`, with what it has instead, and with ActorDownError when the probe has ended.
   */
  async next<M = unknown>(fits: (message: M) => boolean = () => true, options: NextOptions = {}): Promise<M> {
    const one = await this.nextReceived((got) => got.kind === 'message' && fits(got.message as M), options);
    return (one as { message: M }).message;
  }

  /** As `next`, for anything that it got. */
  nextReceived(fits: (one: Received) => boolean = () => true, options: NextOptions = {}): Promise<Received> {
    const { timeoutMs = 1_000, signal } = options;
    const { deadlines } = this.ref.system;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const over = () => {
        timer?.cancel();
        signal?.removeEventListener('abort', aborted);
        this.#memory.forget(waiting);
      };
      const waiting: Waiting = {
        fits,
        got: (one) => {
          over();
          resolve(one);
        },
        failed: (error) => {
          over();
          reject(error as Error);
        },
      };
      const aborted = () => waiting.failed(signal?.reason);
      const late = () => waiting.failed(new CallTimeoutError(`${this.ref.path}: ${this.#memory.text}`, timeoutMs));
      let timer: { cancel(): void } | undefined;
      if (this.#memory.wait(waiting)) return;
      signal?.addEventListener('abort', aborted, { once: true });
      if (timeoutMs !== Number.POSITIVE_INFINITY) timer = deadlines.set(timeoutMs, late);
    });
  }

  /** Watches an actor: its end comes as a message `{ type: 'down', pid, path, reason }`. */
  monitor(target: ActorRef | Pid): void {
    if (this.#memory.context === undefined) throw new ActorDownError(this.ref.path, exitReason.noproc);
    this.#memory.context.monitor(target);
  }

  /** Ends it. The system does so at its own end. */
  async stop(): Promise<void> {
    if (this.ref.pid !== undefined) await this.ref.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a probe and its actor share. */
class Memory {
  readonly received: Received[] = [];
  readonly max: number;
  context: ActorContext<never> | undefined;
  readonly #taken = new Set<Received>();
  readonly #waiting = new Set<Waiting>();
  #end: ActorDownError | undefined;

  constructor(max: number) {
    this.max = max;
  }

  /** What it has that nobody has taken, for the message of a timeout. */
  get text(): string {
    const left = this.received.filter((one) => !this.#taken.has(one));
    const last = left.slice(-5).map((one) => ('name' in one ? `${one.kind} ${one.name}` : show(one)));
    return left.length === 0 ? 'got nothing else' : `got ${left.length} that did not fit, last ${last.join(', ')}`;
  }

  /** True when it is answered at once. */
  wait(waiting: Waiting): boolean {
    const one = this.received.find((got) => !this.#taken.has(got) && waiting.fits(got));
    if (one !== undefined) {
      this.#taken.add(one);
      waiting.got(one);
    } else if (this.#end !== undefined) waiting.failed(this.#end);
    else this.#waiting.add(waiting);
    return one !== undefined || this.#end !== undefined;
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  got(one: Received): void {
    if (this.received.length >= this.max) throw new ActorError('probe_full', `the probe keeps ${this.max} already`);
    this.received.push(one);
    const waiting = [...this.#waiting].find(({ fits }) => fits(one));
    if (waiting === undefined) return;
    this.#taken.add(one);
    waiting.got(one);
  }

  ended(path: string): void {
    this.context = undefined;
    this.#end = new ActorDownError(path, exitReason.normal);
    for (const waiting of this.#waiting) waiting.failed(this.#end);
  }
}

class ProbeBehavior implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxMax: number;
  readonly #memory: Memory;
  readonly #path: string;

  constructor(context: ActorContext<never>, memory: Memory, trapExit: boolean) {
    this.trapExit = trapExit;
    this.mailboxMax = Number.POSITIVE_INFINITY;
    this.#memory = memory;
    this.#path = context.path;
    memory.context = context;
  }

  init(): 'started' {
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'system':
        return letter.work();
      case 'info':
        this.#memory.got({ kind: 'message', message: letter.message });
        return;
      case 'exit':
        this.#memory.got(letter);
        return;
      default: {
        // What a test compares is what was sent; who sent it is the kernel's.
        const { sender: _, ...sent } = letter;
        this.#memory.got(sent);
      }
    }
  }

  terminate(): void {}

  dispose(): void {
    this.#memory.ended(this.#path);
  }

  inspect(): unknown {
    return this.#memory.received;
  }
}

function show(one: Received): string {
  try {
    return JSON.stringify('message' in one ? one.message : one);
  } catch {
    return one.kind;
  }
}
