/**
 * What the state functions of a `statem()` return, and the actions that go with it, as values (otp S-175, S-176).
 */

import { type ExitReason, toExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import { Stop } from './results.ts';

/** A time from now in milliseconds, or a point on the runtime's monotonic clock. */
export type Time = number | { readonly atMs: number };

/** When a timeout comes: at its time; `cancel`: not at all; `update`: when it was due anyway, with a new content. */
export type When = Time | 'cancel' | 'update';

/** Which timeout: the state's, the event's, or one of any number by name. */
export type TimeoutKey = 'state_timeout' | 'event_timeout' | `timeout.${string}`;

/** Something that happens in the machine itself. */
export type InsertedEvent<I = unknown> =
  | { readonly type: 'internal'; readonly content: I }
  | { readonly type: 'info'; readonly message: unknown }
  | { readonly type: 'cast'; readonly name: string; readonly arg: unknown };

export type StatemAction<I = unknown> =
  | { readonly action: 'reply'; readonly from: From; readonly value: unknown }
  | { readonly action: 'postpone' }
  | { readonly action: 'hibernate' }
  | { readonly action: 'insert'; readonly event: InsertedEvent<I> }
  | { readonly action: 'timeout'; readonly key: TimeoutKey; readonly when: When; readonly content: unknown };

/** One action, several in their order, or none. */
export type Actions<I = unknown> = StatemAction<I> | readonly StatemAction<I>[];

/** Answers a call: at once, before the other actions (otp S-176). */
export const replyTo = (from: From, value: unknown): StatemAction<never> => ({ action: 'reply', from, value });
/** Sets the event aside until the state has changed; it then comes before all newer ones (otp S-177). */
export const postpone = (): StatemAction<never> => ({ action: 'postpone' });
/** A hint that it may be idle for long. JavaScript has no use for it: nothing happens. */
export const hibernate = (): StatemAction<never> => ({ action: 'hibernate' });
/** Inserts an event of the machine's own, before all that wait; several keep their order (otp S-178). */
export const internalEvent = <I>(content: I): StatemAction<I> => insertEvent({ type: 'internal', content });
/** Inserts any event, before all that wait. */
export const insertEvent = <I>(event: InsertedEvent<I>): StatemAction<I> => ({ action: 'insert', event });
/** The state's timeout: one, cancelled when the state changes (otp S-180). */
export const stateTimeout = (when: When, content?: unknown): StatemAction<never> =>
  timer('state_timeout', when, content);
/** The event's timeout: one, cancelled by any event (otp S-181). */
export const eventTimeout = (when: When, content?: unknown): StatemAction<never> =>
  timer('event_timeout', when, content);
/** A timeout by name, cancelled by nothing else (otp S-182). */
export const namedTimeout = (name: string, when: When, content?: unknown): StatemAction<never> =>
  timer(`timeout.${name}`, when, content);

const timer = (key: TimeoutKey, when: When, content: unknown): StatemAction<never> => ({
  action: 'timeout',
  key,
  when: when === Number.POSITIVE_INFINITY ? 'cancel' : when,
  content,
});

/** Goes to a state, which may be the one it is in. */
export class NextState<S, D> {
  readonly state: S;
  readonly data: D;
  readonly actions: readonly StatemAction[];

  constructor(state: S, data: D, actions: readonly StatemAction[]) {
    this.state = state;
    this.data = data;
    this.actions = actions;
  }
}

/** Stays in its state; `repeat` enters it again, `all` drops what this handler did to the data. */
export class KeepState<D> {
  readonly data: D | undefined;
  readonly all: boolean;
  readonly repeat: boolean;
  readonly actions: readonly StatemAction[];

  constructor(data: D | undefined, all: boolean, repeat: boolean, actions: readonly StatemAction[]) {
    this.data = data;
    this.all = all;
    this.repeat = repeat;
    this.actions = actions;
  }
}

/** Ends the machine; these replies go out before terminate runs (otp S-186). */
export class StopAndReply<D> {
  readonly reason: ExitReason;
  readonly replies: readonly StatemAction[];
  readonly data: D | undefined;

  constructor(reason: ExitReason, replies: readonly StatemAction[], data: D | undefined) {
    this.reason = reason;
    this.replies = replies;
    this.data = data;
  }
}

const list = (actions: Actions | undefined): readonly StatemAction[] => {
  if (actions === undefined) return [];
  return Array.isArray(actions) ? (actions as readonly StatemAction[]) : [actions as StatemAction];
};

/** Goes to `state`, with `data`. To the state it is in already, it is no change: nothing is retried or entered. */
export function nextState<const S extends string, D>(state: S, data: D, actions?: Actions): NextState<S, D>;
export function nextState<S, D>(state: S, data: D, actions?: Actions): NextState<S, D>;
export function nextState<S, D>(state: S, data: D, actions?: Actions): NextState<S, D> {
  return new NextState(state, data, list(actions));
}

/** Stays in its state, with `data`. */
export const keepState = <D>(data: D, actions?: Actions): KeepState<D> =>
  new KeepState(data, false, false, list(actions));
/** Stays in its state, with the data it had. */
export const keepAll = (actions?: Actions): KeepState<never> =>
  new KeepState<never>(undefined, true, false, list(actions));
/** Enters its state again, with `data`. It is no change of state: timers run on and nothing is retried. */
export const repeatState = <D>(data: D, actions?: Actions): KeepState<D> =>
  new KeepState(data, false, true, list(actions));
/** Enters its state again, with the data it had. */
export const repeatAll = (actions?: Actions): KeepState<never> =>
  new KeepState<never>(undefined, true, true, list(actions));
/** Ends the machine after these replies. Without any: `stop(reason, data)`. */
export const stopAndReply = <D = never>(reason: unknown, replies: Actions, data?: D): StopAndReply<D> =>
  new StopAndReply(toExitReason(reason), list(replies), data);

/** True for what a state function may throw as well as return (otp S-166). */
export function isStatemResult(value: unknown): boolean {
  return (
    value instanceof NextState || value instanceof KeepState || value instanceof StopAndReply || value instanceof Stop
  );
}
