/**
 * What the public services work with, and how they treat every request: who calls is known, its deadline is kept,
 * and whatever goes wrong reaches the client as an error of its protocol.
 */
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import { CallTimeoutError, isActorError, type LogSink, ProtocolError, StateError } from '../../../actors/core/index.ts';
import type { StateProvider } from '../../../actors/state/index.ts';
import { defaultToolTimeoutMs } from '../caller.ts';
import type { ExposedTool, SessionTools } from '../local-tools.ts';
import type { BridgeNames } from '../names.ts';
import type { Client } from './access.ts';
import { checkId } from './bounds.ts';
import { checkSessionOf } from './client-sessions.ts';
import { connectErrorOf, draining } from './connect-errors.ts';

export interface ServiceHost {
  readonly names: BridgeNames;
  readonly provider: StateProvider;
  readonly tools: SessionTools;
  readonly pools: readonly string[];
  readonly log: LogSink;
  /** Aborts when the port closes: nothing new comes in, and watches end. */
  readonly ending: AbortSignal;
  /** Aborts when what still runs may run no longer. */
  readonly late: AbortSignal;
}

const nobody: Client = { name: '', scopes: new Set(), sessions: { prefix: '~nobody' } };
/** Who calls; set before the body of a request is read. */
export const clientKey = createContextKey<Client>(nobody, { description: 'client' });
/** True from when a request was read and understood. */
export const enteredKey = createContextKey(false, { description: 'entered' });
/** Sends the headers of a stream that may be silent for long. */
export const beginKey = createContextKey<(headers: Headers) => void>(() => {}, { description: 'begin' });

/** The name under which a client commits. */
export const writerOf = (context: HandlerContext): string => `client:${context.values.get(clientKey).name}`;

/** The id of a session that this client may touch. Throws StateError `invalid`, AuthError `permission_denied`. */
export function sessionIdOf(context: HandlerContext, sessionId: string): string {
  checkId(sessionId);
  checkSessionOf(context.values.get(clientKey), sessionId);
  return sessionId;
}

/** How long a request may take: what the message says or the protocol's deadline, whichever is less. */
export function timeoutOf(context: HandlerContext, asked: number | undefined): number {
  const left = context.timeoutMs() ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(left, asked ?? defaultToolTimeoutMs));
}

/** Answers once. */
export async function answer<T>(host: ServiceHost, context: HandlerContext, work: () => Promise<T>): Promise<T> {
  context.values.set(enteredKey, true);
  try {
    return await work();
  } catch (error) {
    throw told(host, context, error);
  }
}

/** Answers item by item. */
export async function* answerEach<T>(
  host: ServiceHost,
  context: HandlerContext,
  work: () => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  context.values.set(enteredKey, true);
  try {
    yield* work();
  } catch (error) {
    throw told(host, context, error);
  }
}

function told(host: ServiceHost, context: HandlerContext, error: unknown) {
  // The client has gone, or its deadline has passed: its protocol has words for that. Where the time went it has not.
  if (context.signal.aborted && !(error instanceof CallTimeoutError)) return connectErrorOf(context.signal.reason);
  if (host.ending.aborted && error === host.ending.reason) return draining();
  if (!isActorError(error))
    host.log(
      'error',
      `${context.method.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  return connectErrorOf(error);
}

/** Reads a part of a request: what is wrong with it is the client's mistake. */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) throw new StateError('invalid', error.message, { cause: error });
    throw error;
  }
}

/** The TypeScript tool of a session that a client may call; undefined: it is none of the session's. */
export async function sessionTool(
  host: ServiceHost,
  sessionId: string,
  name: string,
): Promise<ExposedTool | undefined> {
  if (sessionId === '') return undefined;
  const tool = await host.tools.find(sessionId, name);
  return tool?.exposed === true ? tool : undefined;
}
