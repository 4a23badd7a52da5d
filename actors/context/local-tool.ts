/**
 * TypeScript functions that Python may call: exposed on a context, checked at call time, run as supervised tasks
 * with a deadline and a signal. One answers a value, a promise of one, or items one by one (an async generator).
 */
import type { LocalToolContext } from '../../bridge/protocol/index.ts';

export type { LocalToolContext };

// `never`, so that a tool may declare the arguments that it takes. What a tool without a result answers is null.
export type LocalTool = (args: never, context: LocalToolContext) => unknown;

export type LocalTools = Readonly<Record<string, LocalTool>>;
