/** System events as an async iterable: bounded, and honest about what it dropped. */
import type { SystemEvent } from '../actors/context/index.ts';
import { type AnyEvent, Ring } from '../actors/core/index.ts';
import type { SystemRef } from '../supervisors/index.ts';

export interface EventsOptions<T extends SystemEvent['type']> {
  /** Only these. Default: all. */
  readonly types?: readonly T[];
  /** Ends the iteration when it aborts. */
  readonly signal?: AbortSignal;
  /** How many may wait to be read; then the oldest is dropped and counted. Default 1,000. */
  readonly max?: number;
}

/** Events that a slow reader has missed. */
export interface Dropped {
  readonly type: 'dropped';
  readonly count: number;
}

/** Follows what happens in a system, from the call on. Leaving the loop stops listening. */
export function events<T extends SystemEvent['type'] = SystemEvent['type']>(
  app: Pick<SystemRef, 'system'>,
  { types, signal, max = 1_000 }: EventsOptions<T> = {},
): AsyncIterableIterator<Extract<SystemEvent, { type: T }> | Dropped> {
  const waiting = new Ring<AnyEvent>();
  let dropped = 0;
  let ended = false;
  let wake: () => void = () => {};
  const stopListening = app.system.events.onAll((event) => {
    if (types !== undefined && !(types as readonly string[]).includes(event.type)) return;
    if (waiting.length >= max) {
      waiting.shift();
      dropped += 1;
    }
    waiting.push(event);
    wake();
  });
  const end = () => {
    ended = true;
    stopListening();
    signal?.removeEventListener('abort', end);
    wake();
  };
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  return {
    async next() {
      while (waiting.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (dropped > 0) {
        const count = dropped;
        dropped = 0;
        return { done: false, value: { type: 'dropped', count } };
      }
      const event = ended ? undefined : waiting.shift();
      if (event === undefined) return { done: true, value: undefined };
      return { done: false, value: event as Extract<SystemEvent, { type: T }> };
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Resolves with the next event of a type that fits. Ask for it before you cause it. */
export async function nextEvent<T extends SystemEvent['type']>(
  app: Pick<SystemRef, 'system'>,
  type: T,
  fits: (event: Extract<SystemEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<SystemEvent, { type: T }>> {
  for await (const event of events(app, { types: [type] })) {
    if (event.type !== 'dropped' && fits(event as Extract<SystemEvent, { type: T }>)) {
      return event as Extract<SystemEvent, { type: T }>;
    }
  }
  throw new Error('unreachable: nothing ends this iteration');
}
