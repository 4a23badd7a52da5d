/**
 * System events: what happened to whom. One typed emitter (eventemitter3); an event that nobody listens to costs
 * one look-up. Each layer adds its own events to the closed union in index.ts.
 */
import { EventEmitter } from 'eventemitter3';
import type { ExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import type { Ancestor } from './lineage.ts';
import type { Pid } from './pid.ts';

/** The kernel's own events. */
export type CoreEvent =
  | { readonly type: 'actor.started'; readonly pid: Pid; readonly kind: string }
  | { readonly type: 'actor.exited'; readonly pid: Pid; readonly reason: ExitReason }
  /** An actor that did not start: its init failed, or it ended meanwhile. */
  | { readonly type: 'actor.not_started'; readonly pid: Pid; readonly reason: ExitReason }
  /** A server or state machine ends abnormally by itself: the first of two reports (otp S-205, S-255). */
  | {
      readonly type: 'actor.failed';
      readonly pid: Pid;
      readonly reason: ExitReason;
      /** What it was handling; undefined when it was nothing. */
      readonly last: Letter | undefined;
      /** Without what its `formatStatus` takes out (otp S-172). */
      readonly state: unknown;
    }
  /** The second: an actor ended abnormally by its own doing, or its init failed. Not told of one that a signal ended. */
  | {
      readonly type: 'actor.crashed';
      readonly pid: Pid;
      readonly reason: ExitReason;
      readonly kind: string;
      readonly name: string | undefined;
      /** Who started it, and who that one, nearest first (otp S-203). */
      readonly ancestors: readonly Ancestor[];
      readonly mailboxLength: number;
      readonly links: readonly Pid[];
    }
  /** One turn of an actor kept the event loop busy for so long; only when the runtime watches for it. */
  | { readonly type: 'actor.stalled'; readonly pid: Pid; readonly ms: number }
  /** An error outside all actors, such as in a timer of nobody's (otp S-274). */
  | { readonly type: 'stray_error'; readonly error: Error }
  | { readonly type: 'dead_letter'; readonly path: string; readonly message: unknown };

/** What every event of any layer has. */
export interface AnyEvent {
  readonly type: string;
}

/** The emitter's map of a union of events: `events.on('actor.crashed', (event) => ...)`. */
export type EventMap<E extends AnyEvent> = { [K in E['type']]: (event: Extract<E, { type: K }>) => void };

type Untyped = Record<string, (event: AnyEvent) => void>;

export class EventBus {
  readonly emitter = new EventEmitter<Untyped>();
  /** Hears every event, whatever its type; for dev tools and logs. */
  readonly #all = new Set<(event: AnyEvent) => void>();
  readonly #onListenerError: (event: AnyEvent, error: unknown) => void;

  constructor(onListenerError: (event: AnyEvent, error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  heard(type: string): boolean {
    return this.#all.size > 0 || this.emitter.listenerCount(type) > 0;
  }

  /** Tells all listeners. One that throws is reported, and never harms who emitted (otp S-256). */
  emit(event: AnyEvent): void {
    for (const listener of [...this.#all, ...this.emitter.listeners(event.type)]) {
      try {
        listener(event);
      } catch (error) {
        this.#all.delete(listener);
        this.emitter.off(event.type, listener);
        this.#onListenerError(event, error);
      }
    }
  }

  onAll(listener: (event: AnyEvent) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }
}
