/** Which calls a middleware is about, and what a failure of one says. */
import { cancelledCode } from '../../../bridge/protocol/index.ts';
import { AuthError, isActorError, PoolError, SpecError, StateError } from '../../core/index.ts';

export interface WhichCalls {
  /** Names of the tools that it is about; others pass. Default: all. */
  readonly tools?: readonly string[];
}

/** Whether a tool is one of these. */
export function concerns({ tools }: WhichCalls): (tool: string) => boolean {
  if (tools === undefined) return () => true;
  const names = new Set(tools);
  return (tool) => names.has(tool);
}

/** Throws a SpecError that names the option. */
export function checkAbove(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw new SpecError('middleware', `invalid_${name}: ${value} is not at least ${least}`);
}

/** Nothing was done: it may be sent again, whatever it does. */
export function notStarted(error: unknown): boolean {
  if (error instanceof PoolError) return error.code !== 'unknown_pool' && error.code !== 'affinity_lost';
  if (error instanceof StateError) return error.code === 'unavailable';
  if (!isActorError(error)) return false;
  return nothingDone.has(error.code) || (error as { outcome?: unknown }).outcome === 'not_started';
}
const nothingDone: ReadonlySet<string> = new Set(['mailbox_full', 'rate_limited', 'too_many_requests']);

/** The caller's own doing, of which another attempt would say the same: wrong input, no right, a call that was given up. */
export function callersFault(error: unknown): boolean {
  // What is no error of ours is what a signal has aborted with, or a mistake of a middleware.
  if (!isActorError(error) || error instanceof AuthError || error.code === cancelledCode) return true;
  return error instanceof StateError && error.code !== 'unavailable' && error.code !== 'conflict';
}

/** The tool, or what runs it, is to blame. */
export const toolsFault = (error: unknown): boolean =>
  !callersFault(error) && !notStarted(error) && !(error instanceof PoolError);
