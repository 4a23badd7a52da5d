/** Why something ended, as a chain: the exit reason, and each error's cause below it. */
import { type ExitReason, errorOf, formatExitReason, isExitReason } from '../../actors/core/index.ts';
import type { CrashCause } from '../protocol/index.ts';

/** However deep a chain goes. */
const causesMax = 10;

export function causesOf(reason: ExitReason): CrashCause[] {
  const causes: CrashCause[] = [];
  const seen = new Set<unknown>();
  let next: unknown = errorOf(reason) ?? reason;
  while (next !== undefined && next !== null && causes.length < causesMax && !seen.has(next)) {
    seen.add(next);
    causes.push(causeOf(next, causes.length === 0 ? reason.kind : 'cause'));
    next = below(next);
  }
  return causes;
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
