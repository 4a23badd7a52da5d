/**
 * An actor whose logic runs in a thread of its own, as everybody here sees it: what it is sent goes over, how the logic
 * ends is how it ends, and when it is killed the thread is. What OTP's processes are to a scheduler that preempts, such
 * an actor is to this one (otp S-270).
 */
import type { Behavior, InitResult } from '../behavior.ts';
import { StartedWith } from '../behavior.ts';
import { ActorContext } from '../context.ts';
import { ActorDownError, ActorError } from '../errors.ts';
import type { AnyEvent, CoreEvent } from '../events.ts';
import { type ExitReason, exitReason, formatExitReason, sameReason, toExitReason } from '../exit-reason.ts';
import type { Letter } from '../letter.ts';
import { link, unlink } from '../links.ts';
import { Ring } from '../mailbox.ts';
import { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import type { ResourceLimits, Thread, ThreadEnd, Threads, TimerHandle } from '../runtime.ts';
import { Counters } from './counters.ts';
import { Departure, departing } from './departure.ts';
import { ThreadExitedError, ThreadStalledError } from './errors.ts';
import type { Address, HostMessage, ThreadData, ThreadMessage } from './messages.ts';
import { Neighbour } from './neighbour.ts';
import { notCloneable } from './not-cloneable.ts';
import { Questions } from './questions.ts';
import type { Shape } from './shape.ts';
import { beatMs, watchThread } from './watchdog.ts';

/** The options with their defaults. */
export interface IsolationPlan {
  readonly module: string;
  readonly name: string;
  readonly watchdogMs: number;
  readonly mailboxMax: number;
  readonly startTimeoutMs: number;
  readonly resourceLimits: ResourceLimits | undefined;
  /** Told what the logic takes, when that is known. */
  readonly learn: (shape: Shape) => void;
}

export class IsolatedBehavior implements Behavior {
  readonly trapExit = false;
  readonly #plan: IsolationPlan;
  readonly #threads: Threads;
  readonly #context: ActorContext<unknown>;
  readonly #process: Process;
  readonly #counters = new Counters();
  readonly #neighbour: Neighbour;
  readonly #departure: Departure;
  /** What is on its way to the logic or handled by it, oldest first. */
  readonly #inFlight = new Ring<Letter>();
  #thread: Thread | undefined;
  /** Why the logic ended, or why its thread was lost. */
  #end: { readonly reason: ExitReason; readonly lost: boolean } | undefined;
  #started: ((result: InitResult | { readonly failed: ExitReason }) => void) | undefined;
  #startTimer: TimerHandle | undefined;
  readonly sys: Questions;

  constructor(plan: IsolationPlan, threads: Threads, context: ActorContext<unknown>) {
    this.#plan = plan;
    this.#threads = threads;
    this.#context = context;
    this.#process = ActorContext.processOf(context as ActorContext<never>);
    this.#departure = new Departure(context.system, context.path);
    this.#neighbour = new Neighbour({
      system: context.system,
      post: (message) => this.#post(message),
      mailboxMax: plan.mailboxMax,
      arrived: () => this.#counters.handled,
      toSelf: (process, letter) => void process.accept(letter),
      onTaken: () => this.#counters.take(),
      selfIsThere: true,
      isPrivate: () => false,
      onDown: () => {},
    });
    this.#neighbour.known.self = this.#process;
    this.sys = new Questions(this.#process, this.#neighbour, (message) => this.#post(message));
  }

  get mailboxMax(): number {
    return this.#neighbour.roomFor(this.#process);
  }

  // Starting

  async init(): Promise<InitResult> {
    // The thread of the one before may still hold what this one wants: a port, a file.
    await departing(this.#context.system, this.#context.path);
    const result = await new Promise<InitResult | { readonly failed: ExitReason }>((resolve) => {
      this.#started = resolve;
      if (this.#process.status !== 'dead') this.#startThread();
    });
    this.#process.cancelDeadline(this.#startTimer);
    if (typeof result === 'object' && 'failed' in result) throw result.failed;
    return result;
  }

  #startThread(): void {
    const { startTimeoutMs, resourceLimits } = this.#plan;
    if (startTimeoutMs !== Number.POSITIVE_INFINITY) {
      this.#startTimer = this.#process.setDeadline(startTimeoutMs, () => {
        this.#lose(new ActorError('thread_start_timeout', `${this.#pid}: did not start within ${startTimeoutMs} ms`));
      });
    }
    const { input } = this.#context;
    try {
      this.#thread = this.#threads.start({
        name: String(this.#pid),
        data: this.#data(input),
        resourceLimits,
        onMessage: (message) => this.#listen(message),
        onEnd: (end) => this.#threadEnded(end),
      });
    } catch (cause) {
      throw isDataClone(cause) ? notCloneable(`${this.#pid}: its input`, input, cause) : cause;
    }
  }

  #data(input: unknown): ThreadData {
    const { module, name, mailboxMax, watchdogMs } = this.#plan;
    const { path, incarnation } = this.#pid;
    const content = this.#neighbour.pack([this.#process.parent?.pid, input]);
    const { buffer: counters } = this.#counters;
    return { module, name, path, incarnation, mailboxMax, beatMs: beatMs(watchdogMs), counters, content };
  }

  get #pid() {
    return this.#process.pid;
  }

  #post(message: HostMessage): void {
    this.#thread?.post(message);
  }

  // Letters

  receive(letter: Letter): void | Promise<void> {
    if (letter.kind === 'system') return letter.work();
    this.#process.debug?.see({ type: 'in', letter });
    this.#trim();
    const isOver = this.#neighbour.send('self', letter, this.#process);
    if (isOver && letter.kind !== 'exit') this.#inFlight.push(letter);
  }

  /** Forgets the letters that have been handled. */
  #trim(): void {
    const left = Math.max(0, this.#neighbour.inFlight);
    while (this.#inFlight.length > left) this.#inFlight.shift();
  }

  /** What the logic is handling. */
  get #handling(): Letter | undefined {
    this.#trim();
    return this.#inFlight.peek();
  }

  // What the thread tells

  #listen(message: unknown): void {
    try {
      this.#heard(message as ThreadMessage);
    } catch (error) {
      this.#lose(error as Error);
    }
  }

  #heard(message: ThreadMessage): void {
    if (this.#process.status === 'dead' || this.#neighbour.heard(message)) return;
    const { runtime } = this.#context;
    switch (message.type) {
      case 'loaded':
        this.#plan.learn(message.shape);
        watchThread({
          process: this.#process,
          counters: this.#counters,
          watchdogMs: this.#plan.watchdogMs,
          stalled: (ms) => this.#stalled(ms),
        });
        return;
      case 'started': {
        const info = message.info && this.#neighbour.unpack(message.info);
        this.#started?.(message.info === undefined ? 'started' : new StartedWith(undefined, info));
        return;
      }
      case 'ignored':
        this.#started?.('ignore');
        return;
      case 'failed':
        this.#ended({ reason: this.#reason(message.reason), lost: false });
        return;
      case 'ended':
        this.#ended({ reason: this.#reason(message.reason), lost: false });
        return;
      case 'trap_exit':
        this.#process.trapExit = message.value;
        return;
      case 'link':
        this.#link(message.to);
        return;
      case 'unlink':
        unlink(this.#process, this.#neighbour.processAt(message.to));
        return;
      case 'log':
        runtime.log(message.level, message.text);
        return;
      case 'event':
        this.#emit(this.#neighbour.unpack(message.event) as AnyEvent);
        return;
      case 'dead_letter':
        this.#context.system.deadLetter(message.path, this.#neighbour.unpack(message.message));
        return;
      default: {
        const never: never = message;
        throw new TypeError(`unknown message ${String(never)}`);
      }
    }
  }

  #reason(parcel: Parameters<Neighbour['unpack']>[0]): ExitReason {
    return toExitReason(this.#neighbour.unpack(parcel));
  }

  #link(to: Address): void {
    if (to === 'self') return;
    const other = this.#neighbour.processAt(to);
    if (other !== undefined) link(this.#process, other);
    // Ended meanwhile: a link to nobody (otp S-132).
    else this.#process.exitSignal(new Pid(to.path, to.incarnation), exitReason.noproc);
  }

  #emit(event: AnyEvent): void {
    const { system, runtime } = this.#context;
    if (system.events.heard(event.type)) system.emit(event);
    else if (event.type === 'actor.crashed') {
      const { pid, reason } = event as Extract<CoreEvent, { type: 'actor.crashed' }>;
      runtime.log('error', `${pid} crashed: ${formatExitReason(reason)}`);
    }
  }

  // Ending

  #stalled(ms: number): void {
    const letter = this.#handling;
    const ownWork = this.#process.status === 'starting' ? 'init' : 'work of its own';
    const what = letter === undefined ? ownWork : describe(letter);
    this.#context.emit({ type: 'actor.stalled', pid: this.#pid, ms } as AnyEvent);
    this.#lose(new ThreadStalledError(String(this.#pid), ms, what));
  }

  #lose(error: Error): void {
    this.#ended({ reason: { kind: 'error', error }, lost: true });
  }

  /** The logic has ended or is given up: its thread is to end, and then this actor has. */
  #ended(end: { readonly reason: ExitReason; readonly lost: boolean }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#departure.begin(this.#thread);
    void this.#departure.gone.then(() => this.#concludeWith(end.reason));
  }

  #threadEnded(end: ThreadEnd): void {
    const lost = new ThreadExitedError(String(this.#pid), end.code, end.outOfMemory, { cause: end.error });
    // What the bootstrap itself threw says more than an exit code.
    const reason = end.error === undefined || end.outOfMemory ? lost : end.error;
    this.#departure.end();
    this.#lose(reason);
  }

  #concludeWith(reason: ExitReason): void {
    this.#started?.({ failed: reason });
    this.sys.fail(new ActorDownError(String(this.#pid), reason));
    if (this.#process.status !== 'running') return;
    this.#process.requestStop(reason);
    this.#process.deliverFirst({ kind: 'system', work: () => {} });
  }

  /** It is to end: the logic does, and then its thread. */
  async terminate(reason: ExitReason): Promise<void> {
    if (this.#end === undefined) this.#neighbour.stop('self', reason);
    await this.#departure.gone;
    const ended = this.#end?.reason ?? reason;
    if (!sameReason(ended, reason)) throw ended;
  }

  report(reason: ExitReason): void {
    const { system, self } = this.#context;
    // What the logic had to report itself is told already.
    if (this.#end?.lost !== true || !system.events.heard('actor.failed')) return;
    system.emit({ type: 'actor.failed', pid: self, reason, last: this.#handling, state: undefined } as AnyEvent);
  }

  dispose(): void {
    this.#departure.begin(this.#thread);
    this.#neighbour.close(exitReason.killed);
  }

  // Looking inside

  inspect(): unknown {
    const { module, name } = this.#plan;
    return { isolate: 'thread', module, name, thread: this.#thread?.id, inFlight: this.#neighbour.inFlight };
  }
}

const isDataClone = (cause: unknown) => cause instanceof Error && cause.name === 'DataCloneError';

const describe = (letter: Letter): string =>
  letter.kind === 'call' || letter.kind === 'cast' ? `${letter.kind} '${letter.name}'` : letter.kind;
