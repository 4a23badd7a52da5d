/**
 * Errors outside any actor's turn: in a timer or an emitter of the user's own, in a promise that nobody awaits. Such an
 * error has no owner in JavaScript, and ends the Node process. When they are caught here, it ends the actor whose code
 * set the timer or made the promise; without one it is told as `stray_error` (otp S-274).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Process } from './process.ts';
import type { ActorSystem } from './system.ts';

/**
 * Takes care of stray errors until what it returns is called. For the whole Node process: errors of code that is no
 * actor's are logged, and end nothing any more. Costs some time in each turn, and with Node before 24 in each promise.
 */
export function catchStrayErrors(system: ActorSystem): () => void {
  const owners = new AsyncLocalStorage<unknown>();
  const take = (thrown: unknown): void => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    const owner = owners.getStore();
    if (owner instanceof Process && owner.status !== 'dead') owner.crash(error);
    else if (system.events.heard('stray_error')) system.emit({ type: 'stray_error', error } as never);
    else system.runtime.log('error', `outside all actors: ${error.stack ?? String(error)}`);
  };
  system.scheduler.around = (runnable, work) => owners.run(runnable, work);
  process.on('uncaughtException', take);
  process.on('unhandledRejection', take);
  return () => {
    system.scheduler.around = undefined;
    process.off('uncaughtException', take);
    process.off('unhandledRejection', take);
  };
}
