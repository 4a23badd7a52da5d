/** The one outcome of a call as data: what came of it, or what is known when nothing came. Pure. */
import type { CallOutcome, Known } from './call-table.ts';

/**
 * `result`: it ran, and answered. `tool_error`: it ran to an end of which nothing came: it raised (a ToolError), its
 * answer could not cross, its writes were refused, or its worker ended it at its deadline (a CallTimeoutError); none of
 * its writes with the result took effect. `not_started`: nothing of it was done, so it is safe to send again. `unknown`:
 * it may have run, in part or to its end.
 */
export type CallSettled =
  | { readonly kind: 'result'; readonly outcome: CallOutcome }
  | { readonly kind: 'tool_error' | 'not_started' | 'unknown'; readonly error: unknown };

export function settledOf(
  known: Known,
  ended: { readonly outcome: CallOutcome } | { readonly error: unknown },
): CallSettled {
  if ('outcome' in ended) return { kind: 'result', outcome: ended.outcome };
  return { kind: known === 'ended' ? 'tool_error' : known, error: ended.error };
}
