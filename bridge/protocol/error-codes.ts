/**
 * Our errors to and from the wire's `Fault`, the twin of Python's `_faults.py`: code, message, type, traceback, the
 * chain of causes and the details cross as data, and come out as the same class on the other side.
 */
import {
  ActorDownError,
  ActorError,
  AuthError,
  CallTimeoutError,
  type ExitReason,
  exitReason,
  formatExitReason,
  isActorError,
  PoolError,
  type PoolErrorCode,
  ProtocolError,
  StateError,
  type StateErrorCode,
  stateErrorCodes,
  ToolError,
  WorkerLostError,
} from '../../actors/core/index.ts';
import { StreamFullError } from '../transport/index.ts';
import { decodeMap, encodeMap } from './codec.ts';
import type { Fault, Map as WireMap } from './gen/values_pb.js';

const maxCauses = 8;
const maxMessage = 8 * 1024;
const maxTraceback = 32 * 1024;

const stateCodes: ReadonlySet<string> = new Set(stateErrorCodes);
const poolCodes: ReadonlySet<string> = new Set<PoolErrorCode>([
  'queue_full',
  'queue_timeout',
  'worker_busy',
  'affinity_lost',
  'circuit_open',
  'unknown_pool',
]);

/** The call was given up by the side that made it. */
export const cancelledCode = 'cancelled';

/** A tool's arguments do not fit its schema: it did not run. `details.path` is the place of the first that does not. */
export class ArgumentsError extends StateError {
  constructor(tool: string, misfits: readonly { readonly path: string; readonly message: string }[]) {
    const told = misfits.map(({ path, message }) => `argument ${path}: ${message}`).join('; ');
    const details = { tool, path: misfits[0]?.path ?? '$', issues: misfits };
    super('invalid', `${tool}: ${told}`, { details });
  }
}

/** An error as itself, with its own code. What is no error of ours becomes `internal`: a fault of this library. */
export function faultOf(error: unknown): Fault {
  return described(error, isActorError(error) ? error.code : 'internal', '');
}

/**
 * What a tool's own code threw. It is `tool_failed` whatever it is; the code of an error of ours stands in the
 * details, so that the caller can tell that, say, a conflict was behind it.
 */
export function faultOfTool(tool: string, error: unknown): Fault {
  // Whose fault that is, is known: the caller's.
  if (error instanceof ArgumentsError) return faultOf(error);
  return described(error, 'tool_failed', tool);
}

/**
 * The error that a fault stands for, its causes as a chain of `cause`. `tool` is the name of the tool called; '' when the
 * fault is of no tool, but of another host of ours, which has the same errors. `facts` are what the tool had reported.
 */
export function errorOfFault(fault: Fault, tool: string, facts?: Readonly<Record<string, unknown>>): ActorError {
  let cause: Error | undefined;
  for (const inner of fault.causes.slice(0, maxCauses).reverse())
    cause = (tool === '' ? languageError(inner, cause) : undefined) ?? single(inner, tool, cause);
  return single(fault, tool, cause, facts);
}

function described(error: unknown, code: string, tool: string): Fault {
  const fault = one(error, code, tool);
  const seen = new Set([error]);
  let cause = causeOf(error);
  while (cause !== undefined && !seen.has(cause) && fault.causes.length < maxCauses) {
    seen.add(cause);
    fault.causes.push(one(cause, isActorError(cause) ? cause.code : '', tool));
    cause = causeOf(cause);
  }
  return fault;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function one(error: unknown, code: string, tool: string): Fault {
  const details = detailsOf(error);
  if (tool !== '' && code === 'tool_failed') {
    details.tool ??= tool;
    if (isActorError(error) && error.code !== 'tool_failed') details.code ??= error.code;
  }
  return {
    $typeName: 'ophion.v1.Fault',
    code,
    message: clipped(messageOf(error), maxMessage),
    type: typeOf(error),
    traceback: clipped(tracebackOf(error, tool !== ''), maxTraceback),
    causes: [],
    details: encodeDetails(details),
  };
}

function messageOf(error: unknown): string {
  if (error instanceof ToolError) {
    // The class puts the tool's name in front again.
    const prefix = `${error.tool}: `;
    return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  }
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    return 'something without a text was thrown';
  }
}

function typeOf(error: unknown): string {
  if (error instanceof ToolError && error.remoteType !== '') return error.remoteType;
  return error instanceof Error ? error.name : '';
}

function tracebackOf(error: unknown, ofTool: boolean): string {
  if (error instanceof ToolError && error.remoteTraceback !== '') return error.remoteTraceback;
  // The stack of the library's own errors is nobody's business but ours.
  return ofTool && error instanceof Error ? (error.stack ?? '') : '';
}

function detailsOf(error: unknown): Record<string, unknown> {
  if (error instanceof ToolError) return { tool: error.tool, ...error.details };
  if (error instanceof StateError) return { ...error.details };
  if (error instanceof WorkerLostError) {
    const { outcome, worker, reason } = error;
    return { outcome, worker, lastOutput: clipped(error.lastOutput, maxMessage), reason: reasonAsData(reason) };
  }
  if (error instanceof StreamFullError) {
    const { worker, bound, max, held, outcome } = error;
    return { worker, bound, max, held, outcome };
  }
  if (error instanceof ActorDownError) return { target: error.target, reason: reasonAsData(error.reason) };
  if (error instanceof CallTimeoutError) return { timeoutMs: error.timeoutMs, outcome: error.outcome };
  return {};
}

/** The facts beside a failure must not hide the failure: those that cannot cross are left out. */
function encodeDetails(details: Record<string, unknown>): WireMap {
  const map: WireMap = { $typeName: 'ophion.v1.Map', entries: [] };
  for (const [name, value] of Object.entries(details)) {
    try {
      map.entries.push(...encodeMap({ [name]: value }, 'details').entries);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  }
  return map;
}

/** Errors of the language, which are the same class on every host. */
const ofTheLanguage: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function languageError({ code, type, message }: Fault, cause: Error | undefined): Error | undefined {
  if (code !== '' || !Object.hasOwn(ofTheLanguage, type)) return undefined;
  const Class = ofTheLanguage[type] as (typeof ofTheLanguage)[string];
  return new Class(message, cause === undefined ? undefined : { cause });
}

function single(
  fault: Fault,
  tool: string,
  cause: Error | undefined,
  facts: Readonly<Record<string, unknown>> = {},
): ActorError {
  const { code, message, type, traceback } = fault;
  const details = decodeDetails(fault.details);
  const options = cause === undefined ? {} : { cause };
  if (code === 'tool_failed' || code === '') {
    const name = typeof details.tool === 'string' ? details.tool : tool;
    return new ToolError(name, message, { ...options, remoteType: type, remoteTraceback: traceback, details, facts });
  }
  if (stateCodes.has(code)) return new StateError(code as StateErrorCode, message, { ...options, details });
  if (poolCodes.has(code)) return new PoolError(code as PoolErrorCode, message, options);
  switch (code) {
    case 'worker_lost': {
      const outcome = details.outcome === 'not_started' ? 'not_started' : 'unknown';
      const lost = new WorkerLostError(
        text(details.worker),
        dataAsReason(details.reason),
        outcome,
        text(details.lastOutput),
      );
      return worded(lost, message, cause);
    }
    case 'actor_down':
      return worded(new ActorDownError(text(details.target), dataAsReason(details.reason)), message, cause);
    case 'call_timeout': {
      const outcome = details.outcome === 'not_started' ? 'not_started' : 'unknown';
      const timeoutMs = Number(details.timeoutMs ?? Number.NaN);
      return worded(new CallTimeoutError(tool, timeoutMs, { outcome }), message, cause);
    }
    case 'stream_full':
    case 'too_many_exchanges': {
      const { worker, max, held } = details;
      const bytes = details.bound === 'maxSpilledBytes' ? 'maxSpilledBytes' : 'maxMessageBytes';
      const bound = code === 'too_many_exchanges' ? 'maxExchanges' : bytes;
      const full = new StreamFullError(text(worker), bound, Number(max), Number(held));
      return worded(full, message, cause);
    }
    case 'unauthenticated':
    case 'permission_denied':
      return new AuthError(code, message, options);
    case 'protocol':
      return new ProtocolError(message, options);
    default:
      return new ActorError(code, message, options);
  }
}

function decodeDetails(details: WireMap | undefined): Record<string, unknown> {
  try {
    return decodeMap(details);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {};
  }
}

/** These classes make their message themselves; the other side's words are kept. */
function worded<E extends ActorError>(error: E, message: string, cause: Error | undefined): E {
  error.message = message;
  if (cause !== undefined) error.cause = cause;
  return error;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function reasonAsData(reason: ExitReason): Record<string, unknown> {
  switch (reason.kind) {
    case 'normal':
    case 'killed':
    case 'noproc':
      return { kind: reason.kind };
    case 'os_exit':
      return { kind: reason.kind, code: reason.code };
    case 'os_signal':
      return { kind: reason.kind, signal: reason.signal };
    case 'shutdown':
    case 'error':
    case 'exit':
      return { kind: reason.kind, text: formatExitReason(reason) };
    default: {
      const never: never = reason;
      return never;
    }
  }
}

function dataAsReason(data: unknown): ExitReason {
  const { kind, code, signal, text: words } = (data ?? {}) as Record<string, unknown>;
  switch (kind) {
    case 'normal':
      return exitReason.normal;
    case 'killed':
      return exitReason.killed;
    case 'noproc':
      return exitReason.noproc;
    case 'os_exit':
      return exitReason.osExit(Number(code));
    case 'os_signal':
      return exitReason.osSignal(signal as NodeJS.Signals);
    case 'shutdown':
      return exitReason.shutdown(words);
    case 'error':
      return exitReason.error(new Error(text(words)));
    default:
      return exitReason.exit(words ?? data ?? null);
  }
}

function clipped(value: string, limit: number): string {
  // A half surrogate pair could not cross.
  const whole = value.replace(/\p{Surrogate}/gu, '\ufffd');
  if (whole.length <= limit) return whole;
  const half = Math.floor(limit / 2);
  const left = `${whole.slice(0, half)}\n... ${whole.length - 2 * half} characters left out ...\n${whole.slice(-half)}`;
  return left.replace(/\p{Surrogate}/gu, '\ufffd');
}
