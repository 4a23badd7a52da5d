/** Waiting for what a test is about: restarts and rejections, never time. */
import type { ActorRef, Pid } from '../actors/core/index.ts';
import type { SupervisorEvent } from '../supervisors/index.ts';

type Restarted = Extract<SupervisorEvent, { type: 'child.restarted' }>;

/** Resolves when who lives at this place has been started again. Ask for it before you cause it. */
export function nextRestart(ref: ActorRef): Promise<{ before: Pid | undefined; after: Pid }> {
  const { events } = ref.system;
  return new Promise((resolve) => {
    const stop = events.onAll((event) => {
      if (event.type !== 'child.restarted' || (event as Restarted).pid.path !== ref.path) return;
      stop();
      resolve({ before: (event as Restarted).previous, after: (event as Restarted).pid });
    });
  });
}

/** Resolves to what a promise rejects with; rejects when it is fulfilled. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
