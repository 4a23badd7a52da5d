/**
 * TypeScript functions that Python may call: what the handler of a session's tool is, and how one is run. Whether it
 * may be called at all is asked of the session at call time.
 */
import { StateError } from '../../actors/core/index.ts';
import type { Value } from '../../actors/state/index.ts';
import type { LocalToolContext } from './local-context.ts';

/** Answers a value, a promise of one, or items one by one (an async generator: a streaming tool). */
export type LocalToolFunction = (
  args: Readonly<Record<string, Value>>,
  context: LocalToolContext,
) => unknown | Promise<unknown> | AsyncIterable<unknown>;

/** A tool of a session, as the session holds it. */
export interface ExposedTool {
  readonly name: string;
  readonly description: string;
  /** False: Python cannot call it. */
  readonly exposed: boolean;
  readonly stream: boolean;
  /** JSON Schema as text; empty when it is not known. */
  readonly inputSchema: string;
  readonly outputSchema: string;
  /** A LocalToolFunction. */
  readonly handler: unknown;
}

/** Where a session's tools are asked for, at each call. */
export interface SessionTools {
  /** The tool as it is now. Rejects with StateError when there is no such session; undefined: no such tool. */
  find(sessionId: string, name: string): Promise<ExposedTool | undefined>;
  list(sessionId: string): Promise<readonly ExposedTool[]>;
}

/** The function of a tool that Python may call now. Rejects with `not_found` or `denied`. */
export async function exposedFunction(
  tools: SessionTools,
  sessionId: string,
  name: string,
): Promise<LocalToolFunction> {
  const tool = await tools.find(sessionId, name);
  if (tool === undefined || typeof tool.handler !== 'function') {
    const message = `session '${sessionId}': has no tool '${name}'`;
    throw new StateError('not_found', message, { details: { sessionId, tool: name } });
  }
  if (!tool.exposed) {
    const message = `session '${sessionId}': tool '${name}' is not exposed to Python`;
    throw new StateError('denied', message, { details: { sessionId, tool: name } });
  }
  return tool.handler as LocalToolFunction;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
