/**
 * The other side of a thread, as this side has it: what goes over and what comes over. Both sides have one, and it is
 * the same on both.
 */
import { ActorDownError, MailboxFullError } from '../errors.ts';
import { type ExitReason, exitReason } from '../exit-reason.ts';
import type { From } from '../from.ts';
import type { Letter } from '../letter.ts';
import { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import type { ActorSystem } from '../system.ts';
import { Acquaintances } from './acquaintances.ts';
import { onTheWay } from './counters.ts';
import { Marks } from './marks.ts';
import type { Address, CommonMessage, LetterMessage } from './messages.ts';
import { notCloneable } from './not-cloneable.ts';
import { OpenCalls, type RemoteFrom } from './open-calls.ts';
import { type Parcel, pack, unpack } from './parcel.ts';
import { StandIn } from './stand-in.ts';

type UsersLetter = Exclude<Letter, { kind: 'system' }>;

export interface NeighbourOptions {
  readonly system: ActorSystem;
  /** Sends to the other side. Throws when a message cannot be cloned. */
  readonly post: (message: CommonMessage) => void;
  /** The most letters that may be on their way over. */
  readonly mailboxMax: number;
  /** How many letters the other side has taken. */
  readonly arrived: () => number;
  /** Takes a letter to the isolated actor itself. */
  readonly toSelf: (process: Process, letter: Letter) => void;
  /** Told that a letter to another one has been taken. */
  readonly onTaken: () => void;
  /** Whether what the isolated actor's process here is sent goes over. */
  readonly selfIsThere: boolean;
  /** Whether who lives at that path can be found from this side alone. */
  readonly isPrivate: (path: string) => boolean;
  /** Told that one that stands in for one of theirs is about to end, since that one has. */
  readonly onDown: (standIn: Process) => void;
}

export class Neighbour {
  readonly system: ActorSystem;
  readonly known: Acquaintances;
  readonly calls: OpenCalls;
  readonly #options: NeighbourOptions;
  readonly #marks: Marks;
  #sent = 0;
  #closed = false;

  constructor(options: NeighbourOptions) {
    this.system = options.system;
    this.#options = options;
    this.known = new Acquaintances(this);
    this.calls = new OpenCalls({
      reply: (from, ok, value) => this.#reply(from, ok, value),
      abandon: (froms) => this.post({ type: 'abandoned', froms }),
    });
    this.#marks = new Marks(this);
  }

  // What goes over

  pack(value: unknown, lossy = false): Parcel {
    return pack(value, this.#marks, lossy);
  }

  unpack(parcel: Parcel): unknown {
    return unpack(parcel, this.#marks.revive);
  }

  post(message: CommonMessage): void {
    if (!this.#closed) this.#options.post(message);
  }

  /** Letters on their way over. */
  get inFlight(): number {
    return onTheWay(this.#sent, this.#options.arrived());
  }

  /**
   * How many more letters may wait in the mailbox of one that sends over. Throws MailboxFullError for none, so that
   * it names the bound: what is on its way counts, too.
   */
  roomFor(process: Process): number {
    const { mailboxMax } = this.#options;
    if (process.status !== 'dead' && this.inFlight + process.mailboxLength >= mailboxMax) {
      throw new MailboxFullError(String(process.pid), mailboxMax);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Sends a letter over. One that cannot be cloned fails its call, or is a dead letter. True when it is on its way. */
  send(to: Address, letter: UsersLetter, by: Process): boolean {
    const { kind } = letter;
    const from = kind === 'call' ? this.calls.ask(letter.from) : 0;
    const content = contentOf(letter);
    const counted = kind === 'exit' ? 0 : 1;
    // Counted before it can have arrived.
    this.#sent = (this.#sent + counted) | 0;
    try {
      const name = kind === 'call' || kind === 'cast' ? letter.name : '';
      this.post({ type: 'letter', to, kind, name, from, content: this.pack(content, kind === 'exit') });
    } catch (cause) {
      this.calls.close(from);
      this.#sent = (this.#sent - counted) | 0;
      this.#refuse(letter, by, notCloneable(String(by.pid), content[0], cause));
      return false;
    }
    if (kind === 'call') by.defer(letter.from);
    return true;
  }

  #refuse(letter: UsersLetter, by: Process, error: Error): void {
    if (letter.kind === 'call') {
      letter.from.fail(error);
      return;
    }
    this.system.runtime.log('warning', error.message);
    this.system.deadLetter(by.pid.path, letter.kind === 'info' ? letter.message : letter);
  }

  #reply(from: RemoteFrom, ok: boolean, value: unknown): void {
    // What was sent to the caller before comes before.
    this.#flush(from.caller === undefined ? this.known.self : Pid.processOf(from.caller));
    this.answer(from.number, ok, value);
  }

  /** Answers a call. One whose answer cannot be cloned is answered with that. */
  answer(from: number, ok: boolean, value: unknown, lossy = !ok): void {
    try {
      this.post({ type: 'reply', from, ok, content: this.pack(value, lossy) });
    } catch (cause) {
      const error = notCloneable(`${this.known.self?.pid}: the answer`, value, cause);
      this.post({ type: 'reply', from, ok: false, content: this.pack(error, true) });
    }
  }

  kill(to: Address): void {
    this.post({ type: 'kill', to });
  }

  down(key: string, reason: ExitReason): void {
    this.post({ type: 'down', key, reason: this.pack(reason, true) });
  }

  stop(to: Address, reason: ExitReason): void {
    this.post({ type: 'stop', to, reason: this.pack(reason, true) });
  }

  /** Has what waits in its mailbox go over now, before what is sent next. */
  #flush(process: Process | undefined): void {
    if (process === undefined || process.status !== 'running' || process.system.current === process) return;
    const goesOver = process === this.known.self ? this.#options.selfIsThere : process.behavior instanceof StandIn;
    if (goesOver && process.runnable) process.run(Number.POSITIVE_INFINITY);
  }

  flush(): void {
    this.#flush(this.known.self);
    for (const { process } of this.known.standIns()) this.#flush(process);
  }

  isPrivate(path: string): boolean {
    return this.#options.isPrivate(path);
  }

  // What comes over

  /** True when it was one of the messages that both sides know. */
  heard(message: CommonMessage | { readonly type: string }): message is CommonMessage {
    const common = message as CommonMessage;
    switch (common.type) {
      case 'letter':
        this.#letter(common);
        return true;
      case 'reply':
        this.#answered(common.from, common.ok, common.content);
        return true;
      case 'abandoned':
        this.calls.abandoned(common.froms);
        return true;
      case 'down':
        this.#down(common.key, this.unpack(common.reason) as ExitReason);
        return true;
      case 'kill':
        this.processAt(common.to)?.kill();
        return true;
      case 'watch':
        this.known.watch(common.path);
        return true;
      case 'watched':
        this.known.watched(common.path, common.incarnation);
        return true;
      case 'stop': {
        const process = this.processAt(common.to);
        const reason = this.unpack(common.reason) as ExitReason;
        process?.deliver({ kind: 'system', work: () => process.requestStop(reason) });
        return true;
      }
      default:
        return false;
    }
  }

  #letter(message: LetterMessage): void {
    const { to, kind, name } = message;
    const [value, other] = this.unpack(message.content) as readonly [unknown, unknown];
    const toSelf = to === 'self';
    if (!toSelf && kind !== 'exit') this.#options.onTaken();
    const process = this.processAt(to);
    if (kind === 'exit') {
      process?.exitSignal(value as Pid, other as ExitReason);
      return;
    }
    const letter: UsersLetter =
      kind === 'info'
        ? { kind, message: value }
        : kind === 'cast'
          ? { kind, name, arg: value }
          : { kind, name, arg: value, from: this.calls.called(message.from, other as Pid | undefined) };
    if (process === undefined) this.#nobody(to, letter);
    else if (toSelf) this.#options.toSelf(process, letter);
    else this.#accept(process, letter);
  }

  #accept(process: Process, letter: UsersLetter): void {
    try {
      process.accept(letter);
    } catch (error) {
      this.#refuse(letter, process, error as Error);
    }
  }

  #nobody(to: Address, letter: UsersLetter): void {
    const path = to === 'self' ? 'self' : to.path;
    if (letter.kind === 'call') letter.from.fail(new ActorDownError(path, exitReason.noproc));
    else this.system.deadLetter(path, letter.kind === 'info' ? letter.message : letter);
  }

  #answered(number: number, ok: boolean, content: Parcel): void {
    const from: From = this.calls.asked(number);
    this.calls.close(number);
    const value = this.unpack(content);
    if (ok) from.reply(value);
    else from.fail(value as Error);
  }

  #down(key: string, reason: ExitReason): void {
    const standIn = this.known.ended(key);
    if (standIn === undefined) return;
    this.#options.onDown(standIn.process);
    standIn.end(reason);
  }

  processAt(address: Address): Process | undefined {
    const pid = this.known.pidAt(address);
    return pid === undefined ? undefined : Pid.processOf(pid);
  }

  /** The other side is gone. */
  close(reason: ExitReason): void {
    this.#closed = true;
    this.known.close(reason);
    this.calls.closeAll();
  }
}

function contentOf(letter: UsersLetter): readonly [unknown, unknown] {
  switch (letter.kind) {
    case 'info':
      return [letter.message, undefined];
    case 'cast':
      return [letter.arg, undefined];
    case 'call':
      return [letter.arg, letter.from.caller];
    case 'exit':
      return [letter.from, letter.reason];
    default: {
      const never: never = letter;
      return never;
    }
  }
}
