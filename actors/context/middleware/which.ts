/** Which calls a middleware is about, and what a failure of one says. */
import { cancelledCode } from '../../../bridge/protocol/index.ts';
import { AuthError, isActorError, PoolError, SpecError, StateError } from '../../core/index.ts';
import { ProgramError } from '../program-error.ts';
import type { MiddlewareCall } from './middleware.ts';

/** Neither of them: all calls. Both: the calls of these tools, and the runs of these programs. Others pass. */
export interface WhichCalls {
  /** Names of the tools that it is about. */
  readonly tools?: readonly string[];
  /** Names of the programs that it is about, of whichever kind. */
  readonly programs?: readonly string[];
}

/** Whether a call is one of these. */
export function concerns({ tools, programs }: WhichCalls): (call: MiddlewareCall) => boolean {
  if (tools === undefined && programs === undefined) return () => true;
  const [toolNames, programNames] = [new Set(tools), new Set(programs)];
  return ({ tool, program }) => toolNames.has(tool) || (program !== undefined && programNames.has(program));
}

/** What is called, in words; no two have the same. */
export const calledName = ({ tool, program }: MiddlewareCall): string =>
  program === undefined ? `tool '${tool}'` : `program '${program}'`;

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
  // What is no error of ours is what a signal has aborted with, or what a tool or a program threw that runs here.
  if (!isActorError(error)) return error instanceof DOMException && error.name === 'AbortError';
  if (error instanceof AuthError || error.code === cancelledCode) return true;
  if (error instanceof ProgramError && error.code.startsWith('bad_')) return true;
  return error instanceof StateError && error.code !== 'unavailable' && error.code !== 'conflict';
}

/** The tool, or what runs it, is to blame. */
export const toolsFault = (error: unknown): boolean =>
  !callersFault(error) && !notStarted(error) && !(error instanceof PoolError);
