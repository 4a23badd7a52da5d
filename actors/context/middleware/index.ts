/** Middleware for calls of tools, and what is shipped of it. */
export { type BreakCallsOptions, breakCalls } from './break-calls.ts';
export { type CacheCallsOptions, cacheCalls } from './cache-calls.ts';
export { type LimitCallsOptions, limitCalls } from './limit-calls.ts';
export { type LogCallsOptions, logCalls } from './log-calls.ts';
export { type AnyMiddleware, type CallAnswer, Chain, type Middleware, type MiddlewareCall } from './middleware.ts';
export { type RetryCallsOptions, retryCalls } from './retry-calls.ts';
export type { WhichCalls } from './which.ts';
