/** Letters and system events in the words of a trace. */
import {
  type ActorRef,
  type AnyEvent,
  type ExitReason,
  formatExitReason,
  type Letter,
  Pid,
} from '../../actors/core/index.ts';
import { messageType } from '../faults/sites.ts';
import type { TraceRecord } from '../trace/records.ts';

/** A record without its time. */
export type RecordBody = TraceRecord extends infer R ? (R extends TraceRecord ? Omit<R, 'atMs'> : never) : never;

/** A letter in a few words. */
export function labelOf(letter: Letter): string {
  if (letter.kind === 'info') {
    const { message } = letter;
    return typeof message === 'number' || typeof message === 'boolean' ? String(message) : messageType(letter);
  }
  return letter.kind === 'call' || letter.kind === 'cast' ? `${letter.kind} ${letter.name}` : letter.kind;
}

/** An event in the words of a trace: its type, whom it is about, and why. */
export function eventRecord(event: AnyEvent): RecordBody {
  const {
    type,
    pid,
    path,
    supervisor: by,
    worker,
    sessionId,
    reason,
  } = event as AnyEvent & {
    readonly pid?: Pid;
    readonly path?: string;
    readonly supervisor?: Pid;
    readonly worker?: Pid;
    readonly sessionId?: string;
    readonly reason?: unknown;
  };
  const of = pid ?? path ?? worker ?? sessionId ?? by;
  const why =
    typeof reason === 'object' && reason !== null && 'kind' in reason ? formatExitReason(reason as ExitReason) : reason;
  return {
    kind: 'event',
    type,
    ...(of === undefined ? {} : { of: of instanceof Pid ? String(of) : String(of as string | ActorRef) }),
    ...(why === undefined ? {} : { why: String(why).split('\n', 1)[0] ?? '' }),
  };
}
