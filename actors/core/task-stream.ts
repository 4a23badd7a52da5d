/**
 * Many tasks over many items, a bounded number at a time: Elixir's async_stream. Lazy: an item is started when
 * somebody asks for results and a slot is free; a slot is free again when its result has been taken (otp S-122).
 */

import type { ActorContext } from './context.ts';
import { ActorDownError, CallTimeoutError } from './errors.ts';
import { exitReason } from './exit-reason.ts';
import { startTask, type Task, type TaskOutcome, type Work } from './task.ts';

export interface StreamOptions {
  /** How many tasks there are at most, results that wait to be taken included. Default 8. */
  readonly maxConcurrency?: number;
  /** Results in the order of their items. Default true; false: as they come. */
  readonly ordered?: boolean;
  /** How long one item may take. Default 5,000 ms; `Infinity`: no limit. */
  readonly timeoutMs?: number;
  /** What happens then: `exit` rejects with CallTimeoutError; `kill_task` gives an exit with `timeout`, and goes on. */
  readonly onTimeout?: 'exit' | 'kill_task';
}

/** Work on one item. */
export type ItemWork<T, V> = (item: T, ctx: ActorContext) => V | Promise<V>;

interface Slot<V> {
  readonly task: Task<V>;
  outcome: TaskOutcome<V> | 'timeout' | undefined;
}

/**
 * Runs `start` for each item. `crashes`: what a crashed task means to who takes the results: an outcome like any
 * other, or a rejection. Leaving early ends the tasks that run.
 */
export async function* streamTasks<T, V>(
  items: Iterable<T> | AsyncIterable<T>,
  start: (item: T) => Task<V> | Promise<Task<V>>,
  crashes: 'give' | 'throw',
  options: StreamOptions = {},
): AsyncGenerator<TaskOutcome<V>, void, void> {
  const { maxConcurrency = 8, ordered = true, timeoutMs = 5_000, onTimeout = 'exit' } = options;
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const slots: Slot<V>[] = [];
  let more = true;
  let wake: () => void = () => {};
  const watch = (slot: Slot<V>) =>
    slot.task.yield({ timeoutMs }).then((outcome) => {
      slot.outcome = outcome ?? 'timeout';
      wake();
    });
  try {
    for (;;) {
      while (more && slots.length < maxConcurrency) {
        const next = await iterator.next();
        if (next.done) more = false;
        else {
          const slot: Slot<V> = { task: await start(next.value), outcome: undefined };
          slots.push(slot);
          void watch(slot);
        }
      }
      if (slots.length === 0) return;
      const at = ordered
        ? slots[0]?.outcome === undefined
          ? -1
          : 0
        : slots.findIndex((slot) => slot.outcome !== undefined);
      if (at < 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const [slot] = slots.splice(at, 1) as [Slot<V>];
      yield given(slot, crashes, onTimeout, timeoutMs);
    }
  } finally {
    more = false;
    await iterator.return?.();
    for (const { task } of slots) task.end();
  }
}

/**
 * Runs a task of this actor's own for each item. They are linked to it: one that crashes ends it too, unless it traps
 * exits; then that item's outcome is an exit (otp S-123).
 */
export function taskStream<T, V>(
  ctx: ActorContext<never>,
  items: Iterable<T> | AsyncIterable<T>,
  work: ItemWork<T, V>,
  options?: StreamOptions,
): AsyncGenerator<TaskOutcome<V>, void, void> {
  const workOn =
    (item: T): Work<V> =>
    (task) =>
      work(item, task);
  return streamTasks(items, (item) => startTask(ctx, workOn(item)), 'give', options);
}

function given<V>(
  slot: Slot<V>,
  crashes: 'give' | 'throw',
  onTimeout: 'exit' | 'kill_task',
  timeoutMs: number,
): TaskOutcome<V> {
  const { task, outcome } = slot;
  if (outcome === 'timeout') {
    task.end();
    if (onTimeout === 'exit') throw new CallTimeoutError(String(task.pid), timeoutMs);
    return { type: 'exit', reason: exitReason.timeout };
  }
  if (outcome?.type === 'exit' && crashes === 'throw') throw new ActorDownError(String(task.pid), outcome.reason);
  return outcome as TaskOutcome<V>;
}
