/** Our reasons, errors and messages in the words of the recordings, and the other way round. */
import {
  ActorDownError,
  ActorError,
  BadReturnError,
  CallTimeoutError,
  type DebugEvent,
  type DownMessage,
  type ExitMessage,
  type ExitReason,
  exitReason,
  type MachineEvent,
  type Pid,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import type { World } from './world.ts';

/** An error that a script raises. */
export class Raised extends Error {
  readonly reason: Json;

  constructor(reason: Json) {
    super(JSON.stringify(reason));
    this.reason = reason;
  }
}

/** A reason that a scenario gives. */
export function toReason(reason: Json | undefined): ExitReason {
  switch (reason) {
    case 'normal':
      return exitReason.normal;
    case 'shutdown':
      return exitReason.shutdown();
    case 'killed':
      return exitReason.killed;
    case 'noproc':
      return exitReason.noproc;
    case 'kill':
      return exitReason.kill;
    default:
      if (typeof reason === 'object' && reason !== null) {
        if ('shutdown' in reason) return exitReason.shutdown(reason.shutdown);
        if ('tuple' in reason) return exitReason.exit(reason.tuple);
      }
      return exitReason.exit(reason);
  }
}

/** A reason as `down` and exit messages show it. */
export function reasonTerm(reason: ExitReason): Json {
  switch (reason.kind) {
    case 'normal':
    case 'killed':
    case 'noproc':
      return reason.kind;
    case 'shutdown':
      return reason.detail === undefined ? 'shutdown' : { shutdown: reason.detail as Json };
    case 'exit':
      return reason.value as Json;
    case 'error':
      return errorTerm(reason.error);
    default:
      throw new Error(`no reason of a scenario: ${reason.kind}`);
  }
}

function errorTerm(error: Error): Json {
  if (error instanceof Raised) return { error: error.reason };
  if (error instanceof BadReturnError) {
    const term = { [error.code]: valueTerm(error.value) };
    // A gen_server exits with it, and so does a failed init; a state machine raises it.
    return error.code === 'bad_return_value' || error.code === 'bad_return_from_init' ? term : { error: term };
  }
  // What a call rejected with, and nobody caught.
  if (error instanceof ActorDownError) return { call_exit: reasonTerm(error.reason) };
  if (error instanceof CallTimeoutError) return { call_exit: 'timeout' };
  if (error instanceof ActorError) {
    if (error.code === 'calling_self') return { call_exit: 'calling_self' };
    return { error: error.code === 'noproc' ? 'noproc' : 'badarg' };
  }
  throw error;
}

/** A value that a handler returned or threw: as it is, but for an action, which is a tuple in OTP. */
function valueTerm(value: unknown): Json {
  const action = value as { action?: string; event?: { type: string; content: Json } } | null;
  if (action?.action === 'postpone') return 'postpone';
  if (action?.action === 'insert') return ['next_event', action.event?.type as string, action.event?.content as Json];
  return value as Json;
}

/** Without what tells how it came about: an error without its stack, an exit of a call without the call. */
export function bare(term: Json): Json {
  if (typeof term !== 'object' || term === null) return term;
  if ('error' in term) return term.error as Json;
  return 'call_exit' in term ? (term.call_exit as Json) : term;
}

/** As reports and a state machine's terminate have it: an error without its stack. */
export function withoutStack(term: Json): Json {
  return typeof term === 'object' && term !== null && 'error' in term ? (term.error as Json) : term;
}

/** What a caller exits with. */
export function exitTerm(error: unknown): Json {
  if (error instanceof ActorDownError) {
    const term = reasonTerm(error.reason);
    return typeof term === 'object' && term !== null && 'call_exit' in term ? (term.call_exit as Json) : term;
  }
  if (error instanceof CallTimeoutError) return 'timeout';
  if (error instanceof ActorError) return error.code;
  throw error;
}

/** A message that an actor received. */
export function messageTerm(world: World, message: unknown): Json {
  if (typeof message !== 'object' || message === null) return message as Json;
  const { type } = message as { type?: string };
  if (type === 'exit') {
    const { from, reason } = message as ExitMessage;
    return { exit: [world.labelOf(from), reasonTerm(reason)] };
  }
  if (type === 'down') {
    const { ref, pid, path, reason } = message as DownMessage;
    const whom = pid === undefined ? nameTerm(path) : world.labelOf(pid);
    return { down: [world.refs.get(ref) ?? '?', whom, reasonTerm(reason)] };
  }
  return message as Json;
}

const nameTerm = (path: string): Json => (path.startsWith('name:') ? { name: path.slice('name:'.length) } : 'pid');

/** An event that a debug function saw. */
export function debugTerm(world: World, event: DebugEvent, actor: Pid | undefined): Json {
  const who = (pid: Pid | undefined): Json => (pid === undefined ? 'pid' : world.labelOf(pid));
  switch (event.type) {
    case 'in': {
      const { letter } = event;
      if (letter.kind === 'cast') return ['in', 'cast', letter.arg as Json];
      if (letter.kind === 'call') return ['in', 'call', letter.arg as Json, who(letter.from.caller)];
      if (letter.kind === 'exit') return ['in', 'info', messageTerm(world, { ...letter, type: 'exit' })];
      return ['in', 'info', letter.kind === 'info' ? messageTerm(world, letter.message) : null];
    }
    case 'out':
      return world.kindOf(actor) === 'statem'
        ? ['out', event.value as Json, who(event.to)]
        : ['out', event.value as Json, who(event.to), event.state as Json];
    case 'noreply':
      return ['noreply', event.state as Json];
    case 'continue':
      return ['continue', event.arg as Json];
    case 'event':
      return ['in', eventTerm(world, event.event), event.at as Json];
    case 'consume':
    case 'postpone':
      return [event.type, eventTerm(world, event.event), event.at as Json, event.next as Json];
    case 'start_timer':
      return ['start_timer', [event.timer, event.ms], event.at as Json];
    case 'terminate':
      return ['terminate', reasonTerm(event.reason), event.at as Json];
    default: {
      const never: never = event;
      return never;
    }
  }
}

function eventTerm(world: World, event: MachineEvent): Json {
  const content = messageTerm(world, event.content);
  const type = event.type === 'event_timeout' ? 'timeout' : event.type;
  return event.type === 'call' ? [type, content, event.from ? world.labelOf(event.from) : 'pid'] : [type, content];
}
