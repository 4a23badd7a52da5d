/**
 * The changes of state that a state machine was seen to make: what its functions can do cannot be read from them. A
 * short list, looked through at each change: nothing is allocated for one that is known.
 */
import type { PlainStatem, StatemEvent } from './statem.ts';

/** A state machine as a chart, as far as it is known. */
export interface StatemShape {
  /** The names of its states: of all that have a function, else of those that were seen. */
  readonly states: readonly string[];
  readonly seen: readonly SeenTransition[];
}

export interface SeenTransition {
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

/** Further ones are not kept. */
const seenMax = 64;

export class SeenTransitions {
  readonly list: SeenTransition[] = [];

  add(before: unknown, cause: StatemEvent, after: unknown): void {
    if (this.list.length >= seenMax) return;
    const from = stateName(before);
    const to = stateName(after);
    if (from === undefined || to === undefined) return;
    const event = eventName(cause);
    for (const one of this.list) if (one.from === from && one.event === event && one.to === to) return;
    this.list.push({ from, event, to });
  }
}

/** Undefined: its states have no names, or names that must not be shown. */
export function statemShape(
  { states, formatStatus }: PlainStatem,
  state: unknown,
  seen: readonly SeenTransition[] = [],
): StatemShape | undefined {
  if (states !== undefined) return { states: Object.keys(states), seen };
  // Where any value can be a state, its name may be what must not be shown.
  const now = formatStatus === undefined ? stateName(state) : undefined;
  if (now === undefined) return undefined;
  return { states: [...new Set([...seen.flatMap(({ from, to }) => [from, to]), now])], seen };
}

/** Undefined: a state that is a structure has no name. */
function stateName(state: unknown): string | undefined {
  if (typeof state === 'string') return state;
  return typeof state === 'number' || typeof state === 'boolean' ? String(state) : undefined;
}

function eventName(event: StatemEvent): string {
  if (event.type === 'call' || event.type === 'cast' || event.type === 'timeout') return event.name;
  if (event.type !== 'info') return event.type;
  const { type } = (event.message ?? {}) as { readonly type?: unknown };
  return typeof type === 'string' ? type : 'info';
}
