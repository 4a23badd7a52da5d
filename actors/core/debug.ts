/**
 * What watches an actor's events from within: OTP's debug options of `sys`. An actor without any pays one look at
 * an undefined field per letter (otp S-191 to S-193).
 */
import type { ExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import { Ring } from './mailbox.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** One event of a state machine: what kind, which call or cast, what content, and who called. */
export interface MachineEvent {
  readonly type: string;
  readonly name?: string;
  readonly content: unknown;
  readonly from?: Pid | undefined;
}

/** What happens in an actor. */
export type DebugEvent =
  | { readonly type: 'in'; readonly letter: Letter }
  | { readonly type: 'out'; readonly value: unknown; readonly to: Pid | undefined; readonly state: unknown }
  | { readonly type: 'noreply'; readonly state: unknown }
  | { readonly type: 'continue'; readonly arg: unknown }
  | { readonly type: 'event'; readonly event: MachineEvent; readonly at: unknown }
  | { readonly type: 'start_timer'; readonly timer: string; readonly ms: number; readonly at: unknown }
  | {
      readonly type: 'consume' | 'postpone';
      readonly event: MachineEvent;
      readonly at: unknown;
      readonly next: unknown;
    }
  | { readonly type: 'terminate'; readonly reason: ExitReason; readonly at: unknown };

/** Returned by a debug function that has seen enough. */
export const done: unique symbol = Symbol('done');

/** Called with its last result (at first: its initial state) and each event; returns its next state, or `done`. */
export type DebugFunction<S> = (state: S, event: DebugEvent, actor: Pid) => S | typeof done;

export interface Statistics {
  /** Wall clock time when counting began, and now. */
  readonly startedMs: number;
  readonly nowMs: number;
  /** Letters handled meanwhile; OTP counts reductions. */
  readonly handled: number;
  readonly messagesIn: number;
  /** Replies only. */
  readonly messagesOut: number;
}

interface Entry {
  readonly id: unknown;
  /** False: it has seen enough. */
  see(event: DebugEvent): boolean;
}

class Log implements Entry {
  readonly id = 'log';
  readonly max: number;
  readonly events = new Ring<DebugEvent>();

  constructor(max: number) {
    this.max = max;
  }

  see(event: DebugEvent): boolean {
    this.events.push(event);
    if (this.events.length > this.max) this.events.shift();
    return true;
  }
}

class Counting implements Entry {
  readonly id = 'statistics';
  readonly startedMs: number;
  readonly handled: number;
  messagesIn = 0;
  messagesOut = 0;

  constructor(process: Process) {
    this.startedMs = process.system.runtime.clock.wallMs();
    this.handled = process.handled;
  }

  see(event: DebugEvent): boolean {
    if (event.type === 'in' || event.type === 'event') this.messagesIn += 1;
    else if (event.type === 'out') this.messagesOut += 1;
    return true;
  }
}

class Trace implements Entry {
  readonly id = 'trace';
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  see(event: DebugEvent): boolean {
    const { system, pid } = this.#process;
    system.runtime.log('info', `${pid} ${event.type} ${shown(event)}`);
    return true;
  }
}

class Installed implements Entry {
  readonly id: unknown;
  readonly #process: Process;
  readonly #fun: DebugFunction<unknown>;
  #state: unknown;

  constructor(process: Process, id: unknown, fun: DebugFunction<unknown>, state: unknown) {
    this.#process = process;
    this.id = id;
    this.#fun = fun;
    this.#state = state;
  }

  see(event: DebugEvent): boolean {
    const { system, pid } = this.#process;
    try {
      this.#state = this.#fun(this.#state, event, pid);
    } catch (error) {
      // It never harms whom it watches.
      system.runtime.log('warning', `${pid}: a debug function threw and was removed: ${String(error)}`);
      return false;
    }
    return this.#state !== done;
  }
}

const defaultLogMax = 10;

/** The debug functions of one actor, the newest first. */
export class Debug {
  readonly #process: Process;
  #entries: Entry[] = [];

  constructor(process: Process) {
    this.#process = process;
  }

  get ids(): readonly unknown[] {
    return this.#entries.map((entry) => entry.id);
  }

  /** Shows an event to all, and forgets who has seen enough. */
  see(event: DebugEvent): void {
    this.#keep((entry) => entry.see(event));
  }

  /** Adds one under its id; one that is there already stays as it is. */
  #add(id: unknown, make: () => Entry): void {
    if (!this.#entries.some((entry) => entry.id === id)) this.#entries = [make(), ...this.#entries];
  }

  #keep(keeps: (entry: Entry) => boolean): void {
    const kept = this.#entries.filter(keeps);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    if (kept.length === 0) this.#process.debug = undefined;
  }

  #find<E extends Entry>(id: unknown): E | undefined {
    return this.#entries.find((entry) => entry.id === id) as E | undefined;
  }

  install(id: unknown, fun: DebugFunction<unknown>, state: unknown): void {
    this.#add(id, () => new Installed(this.#process, id, fun, state));
  }

  remove(id: unknown): void {
    this.#keep((entry) => entry.id !== id);
  }

  trace(): void {
    this.#add('trace', () => new Trace(this.#process));
  }

  log(max = defaultLogMax): void {
    this.#add('log', () => new Log(max));
  }

  /** The events in the log, oldest first. */
  get logged(): readonly DebugEvent[] {
    const log = this.#find<Log>('log');
    if (log === undefined) return [];
    const events = log.events.drain();
    for (const event of events) log.events.push(event);
    return events;
  }

  count(): void {
    this.#add('statistics', () => new Counting(this.#process));
  }

  get statistics(): Statistics | undefined {
    const counting = this.#find<Counting>('statistics');
    if (counting === undefined) return undefined;
    return {
      startedMs: counting.startedMs,
      nowMs: this.#process.system.runtime.clock.wallMs(),
      handled: this.#process.handled - counting.handled,
      messagesIn: counting.messagesIn,
      messagesOut: counting.messagesOut,
    };
  }
}

function shown({ type: _, ...rest }: DebugEvent): string {
  try {
    return JSON.stringify(rest, (key, value: unknown) => (key === 'from' ? undefined : value));
  } catch {
    return '(cannot be shown)';
  }
}
