/**
 * The timeouts of one state machine: by name, with a content each; those of no time in a queue of their own. A timeout
 * that has fired and is not handled yet can still be cancelled (otp S-180 to S-185).
 */
import type { Process } from './process.ts';
import type { TimerHandle } from './runtime.ts';
import type { StatemEvent } from './statem.ts';
import type { StatemAction, TimeoutKey } from './statem-results.ts';

type Setting = Extract<StatemAction, { action: 'timeout' }>;

/** One that is set. Without a timer it is one of no time. */
interface Running {
  timer: TimerHandle | undefined;
  content: unknown;
}

/** Put into the mailbox when a timeout's time has come: it stands behind what has come before (otp S-185). */
export class TimeUp {
  readonly key: TimeoutKey;
  readonly running: Running;

  constructor(key: TimeoutKey, running: Running) {
    this.key = key;
    this.running = running;
  }
}

export class Timeouts {
  readonly #process: Process;
  readonly #running = new Map<TimeoutKey, Running>();
  /** Those of no time, in their order. */
  #zero: TimeoutKey[] = [];

  constructor(process: Process) {
    this.#process = process;
  }

  /** The event of a timeout whose time has come; undefined when it was cancelled meanwhile. */
  due({ key, running }: TimeUp): StatemEvent | undefined {
    if (this.#running.get(key) !== running) return undefined;
    this.#running.delete(key);
    return eventOf(key, running.content);
  }

  /** Takes the first timeout of no time. */
  zero(): StatemEvent | undefined {
    const key = this.#zero.shift();
    if (key === undefined) return undefined;
    const content = this.#running.get(key)?.content;
    this.#running.delete(key);
    return eventOf(key, content);
  }

  cancel(key: TimeoutKey): void {
    const running = this.#running.get(key);
    if (running === undefined) return;
    this.#running.delete(key);
    if (running.timer === undefined) this.#zero = this.#zero.filter((other) => other !== key);
    else this.#process.cancelDeadline(running.timer);
  }

  /**
   * Does the settings of one list of actions: of several for one timeout the last counts. They are started from the
   * last to the first, so that equal times fire in reverse; those of no time come in their order (otp S-176, S-183).
   */
  set(settings: readonly Setting[], at: unknown): void {
    if (settings.length === 0) return;
    const seen = new Set<TimeoutKey>();
    const zero: TimeoutKey[] = [];
    for (const { key, when, content } of [...settings].reverse()) {
      if (seen.has(key)) continue;
      seen.add(key);
      const running = this.#running.get(key);
      if (when === 'update' && running !== undefined) running.content = content;
      else {
        this.cancel(key);
        if (when === 'cancel') continue;
        if (when === 'update' || when === 0) {
          this.#running.set(key, { timer: undefined, content });
          zero.unshift(key);
        } else this.#start(key, typeof when === 'number' ? when : when.atMs - this.#nowMs(), content);
        if (when !== 'update') this.#report(key, when, at);
      }
    }
    this.#zero.push(...zero);
  }

  #start(key: TimeoutKey, ms: number, content: unknown): void {
    const running: Running = { timer: undefined, content };
    running.timer = this.#process.setDeadline(Math.max(0, ms), () => {
      this.#process.deliver({ kind: 'info', message: new TimeUp(key, running) });
    });
    this.#running.set(key, running);
  }

  #nowMs(): number {
    return this.#process.system.runtime.clock.monotonicMs();
  }

  #report(timer: TimeoutKey, when: Setting['when'], at: unknown): void {
    const ms = typeof when === 'number' ? when : 0;
    this.#process.debug?.see({ type: 'start_timer', timer, ms, at });
  }
}

function eventOf(key: TimeoutKey, content: unknown): StatemEvent {
  if (key === 'state_timeout' || key === 'event_timeout') return { type: key, content };
  return { type: 'timeout', name: key.slice('timeout.'.length), content };
}
