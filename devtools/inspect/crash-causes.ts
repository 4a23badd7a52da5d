/** Why something ended, as a chain: the exit reason, and each error's cause below it. */
import { type ExitReason, errorOf, formatExitReason, isExitReason } from '../../actors/core/index.ts';
import { formatTask } from '../../testing/faults/index.ts';
import type { CrashCause, FaultMark } from '../protocol/index.ts';

/** However deep a chain goes. */
const causesMax = 10;

export const causesOf = (reason: ExitReason): CrashCause[] =>
  chainOf(reason).map((link, depth) => causeOf(link, depth === 0 ? reason.kind : 'cause'));

/** Outermost first. */
function chainOf(reason: ExitReason): unknown[] {
  const chain = new Set<unknown>();
  let next: unknown = errorOf(reason) ?? reason;
  while (next !== undefined && next !== null && chain.size < causesMax && !chain.has(next)) {
    chain.add(next);
    next = below(next);
  }
  return [...chain];
}

/** What a plan says that throws this. */
const taskOf = (message: string, point: string): string =>
  formatTask(message === `injected at ${point}` ? { do: 'throw' } : { do: 'throw', error: message });

/** The injected fault that a reason comes of: its error says so, whichever copy of the library threw it. */
export function injectedBy(reason: ExitReason): FaultMark | undefined {
  for (const link of chainOf(reason)) {
    if (!(link instanceof Error)) continue;
    const { name, plan, rule, point } = link as Error & Partial<Record<'plan' | 'rule' | 'point', unknown>>;
    if (name === 'InjectedFault' && typeof rule === 'string' && typeof point === 'string') {
      return { plan: typeof plan === 'string' ? plan : '', rule, point, task: taskOf(link.message, point) };
    }
    const { injected, plan: of } = ((link as { readonly details?: unknown }).details ?? {}) as Record<string, unknown>;
    if (typeof injected === 'string') return { plan: String(of ?? ''), rule: injected, point: 'store', task: 'throw' };
  }
  return undefined;
}

function causeOf(value: unknown, kind: string): CrashCause {
  if (value instanceof Error) {
    return { kind, name: value.name, message: value.message, stack: stackOf(value), traceback: tracebackOf(value) };
  }
  const message = isExitReason(value) ? formatExitReason(value as ExitReason) : String(value);
  return { kind, name: kind, message, stack: null, traceback: null };
}

/** Its frames alone: name and message are told besides. */
function stackOf({ stack }: Error): string | null {
  if (typeof stack !== 'string') return null;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? null : frames.join('\n');
}

function tracebackOf(error: Error): string | null {
  const { remoteTraceback } = error as { readonly remoteTraceback?: unknown };
  return typeof remoteTraceback === 'string' && remoteTraceback !== '' ? remoteTraceback : null;
}

function below(value: unknown): unknown {
  if (value instanceof Error) {
    if (value.cause !== undefined) return value.cause;
    const { reason } = value as { readonly reason?: unknown };
    return isExitReason(reason) ? (errorOf(reason as ExitReason) ?? reason) : undefined;
  }
  return undefined;
}
