/** One step of a state machine before it is done: what an event makes of state and data, and how that is told. */
import { isDeepStrictEqual } from 'node:util';
import type { MachineEvent } from './debug.ts';
import type { PlainStatem, StatemEvent, StatemStatus } from './statem.ts';
import type { StatemAction } from './statem-results.ts';

/** A machine that has just started: its first actions, and its first state's enter call. */
export class FirstStep {
  readonly actions: readonly StatemAction[];

  constructor(actions: readonly StatemAction[]) {
    this.actions = actions;
  }
}

/** What one event makes of state and data, before it is so. */
export class Transition {
  state: unknown;
  data: unknown;
  enter = false;
  postpone = false;
  readonly inserted: StatemEvent[] = [];
  readonly timeouts: Extract<StatemAction, { action: 'timeout' }>[] = [];

  constructor(state: unknown, data: unknown) {
    this.state = state;
    this.data = data;
  }
}

export const same = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (typeof a === 'object' && isDeepStrictEqual(a, b));

/** An event as debug functions see it. */
export function shown(event: StatemEvent): MachineEvent {
  switch (event.type) {
    case 'call':
      return { type: 'call', name: event.name, content: event.arg, from: event.from.caller };
    case 'cast':
      return { type: 'cast', name: event.name, content: event.arg };
    case 'info':
      return { type: 'info', content: event.message };
    case 'timeout':
      return { type: `timeout.${event.name}`, content: event.content };
    case 'enter':
      return { type: 'enter', content: event.from };
    default:
      return { type: event.type, content: event.content };
  }
}

/** What may be shown of it. */
export function formatted(
  { formatStatus }: PlainStatem,
  status: StatemStatus<unknown, unknown>,
): StatemStatus<unknown, unknown> {
  if (formatStatus === undefined) return status;
  try {
    const shown: unknown = formatStatus(status);
    if (typeof shown === 'object' && shown !== null) return shown as StatemStatus<unknown, unknown>;
    return { state: status.state, data: 'formatStatus returned no status' };
  } catch {
    return { state: status.state, data: 'formatStatus threw' };
  }
}
