/**
 * The points at which this library can be made to fail, and what can be done at each. Points of library and user code
 * (`faultPoint`) stand beside them; any name that is not in this table is one.
 */
import type { FaultPointName } from '../../actors/core/index.ts';
import type { TaskName } from './plan.ts';

interface Point {
  readonly tasks: readonly TaskName[];
  readonly is: string;
  /** It is passed on a live system alone, never in a simulation. */
  readonly live?: true;
}

export const builtInPoints = {
  'actor.init': {
    tasks: ['off', 'throw', 'sleep', 'hang', 'pause', 'kill'],
    is: 'an actor starts, in its init',
  },
  'actor.receive': {
    tasks: [
      'off',
      'throw',
      'throwValue',
      'return',
      'reject',
      'sleep',
      'stall',
      'hang',
      'pause',
      'drop',
      'kill',
      'stop',
    ],
    is: 'an actor handles a letter; return: that is what its handler returns; drop: it is taken and nobody answers it',
  },
  'actor.terminate': {
    tasks: ['off', 'throw', 'sleep', 'hang', 'pause', 'kill'],
    is: 'an actor ends by its own doing or its parent’s',
  },
  'message.send': {
    tasks: ['off', 'throw', 'drop', 'deadLetter', 'dup', 'delay', 'reorder'],
    is: 'a message goes into a mailbox; throw: the mailbox is full; delay: holds back what its sender sends behind it',
  },
  'signal.send': {
    tasks: ['off', 'delay'],
    is: 'an exit signal (`exit`), or the news of an end (`down`), goes to an actor or a caller; it is never lost',
  },
  'reply.send': { tasks: ['off', 'drop', 'dup', 'delay'], is: 'an actor answers a call; its handler is done' },
  'clock.wall': { tasks: ['off', 'shift'], is: 'somebody reads the wall clock; shift: forward, or back when negative' },
  'clock.rate': {
    tasks: ['off', 'rate'],
    is: 'the clock goes on, from one reading to the next; rate: slower or faster',
  },
  'clock.timer': {
    tasks: ['off', 'delay', 'drop'],
    is: 'a timer of the runtime is set; delay: late, or early when negative; drop: lost until it is healed',
  },
  'process.spawn': {
    tasks: ['off', 'throw', 'sleep', 'hang', 'pause', 'exit', 'boot', 'script', 'flood', 'fork'],
    is: 'an OS process is started; throw: ENOENT, EACCES, EAGAIN; hang: it runs and is never ready; exit: it ends at once',
  },
  'process.run': {
    tasks: ['off', 'kill', 'sleep', 'exit', 'starve', 'orphan'],
    is: 'an OS process runs: when it has started, and each 100 ms; kill: SIGKILL, SIGSTOP (healed by SIGCONT), ...; sleep: stopped for so long',
  },
  'process.signal': {
    tasks: ['off', 'drop', 'delay'],
    is: 'a host asks an OS process to end (SIGTERM); drop: it does not listen',
  },
  'process.output': { tasks: ['off', 'drop', 'corrupt'], is: 'an OS process prints a line; corrupt: garbage instead' },
  'wire.connect': { tasks: ['off', 'throw', 'delay'], is: 'a worker dials in; throw: refused' },
  'wire.batch': {
    tasks: ['off', 'drop', 'dup', 'delay', 'jitter', 'throttle', 'hang', 'pause', 'kill', 'corrupt', 'truncate'],
    is: 'frames go over a connection, in: to the host; drop: half-open; hang: stalled; kill: reset',
  },
  'wire.frame': {
    tasks: ['off', 'drop', 'dup', 'delay', 'hang', 'pause', 'reorder', 'kill', 'grow', 'skew'],
    is: 'one frame goes over a connection; message: call, result, item, cancel, hello, ready, ...; kill: reset before it',
  },
  'wire.http2': {
    live: true,
    tasks: ['off', 'drop', 'hang', 'pause', 'kill', 'stop', 'throw', 'truncate'],
    is: 'an HTTP/2 frame goes through a proxy; kill: RST_STREAM; stop: GOAWAY; throw: the call ends with this gRPC status; truncate: it ends without trailers',
  },
  'store.command': {
    tasks: ['off', 'throw', 'sleep', 'hang', 'pause', 'drop', 'kill'],
    is: 'a command goes to a state provider; throw: unavailable, read_only, ... and nothing is done; drop: nobody answers; kill: its session is lost first',
  },
  'store.reply': {
    tasks: ['off', 'throw', 'sleep', 'hang', 'pause', 'drop', 'stale'],
    is: 'a command was carried out; throw, drop: its reply is lost, and whoever asked does not know; stale: an old reply',
  },
  'store.event': { tasks: ['off', 'drop', 'dup', 'sleep'], is: 'a watch tells of a commit, or of anything else' },
} as const satisfies Readonly<Record<string, Point>>;

export type BuiltInPoint = keyof typeof builtInPoints;

/** Before the name of a point of Python. */
export const pythonPrefix = 'python:';

/** What can be done at a `faultPoint` of library or user code. */
export const codePointTasks = ['off', 'throw', 'return', 'sleep', 'hang', 'pause'] as const;

/** What can be done at a `fault_point` in Python: `python:` and its name, where the path is the worker's. */
export const pythonPointTasks = [...codePointTasks, 'kill', 'exit'] as const;

/** A `fault_point` of a tool, or of what it is made of, in a worker. */
export type PythonPoint = `python:${string}`;

export type PointName = BuiltInPoint | PythonPoint | FaultPointName;

/** What can be done at a point. */
export type TasksAt<P extends PointName> = P extends BuiltInPoint
  ? (typeof builtInPoints)[P]['tasks'][number]
  : P extends PythonPoint
    ? (typeof pythonPointTasks)[number]
    : (typeof codePointTasks)[number];

export function tasksAt(point: string): readonly TaskName[] {
  const ofCode = point.startsWith(pythonPrefix) ? pythonPointTasks : codePointTasks;
  return (builtInPoints as Readonly<Record<string, Point>>)[point]?.tasks ?? ofCode;
}

/** The built-in points: names, what they are, what can be done there, and whether a simulation passes them. */
export function faultPoints(): readonly {
  readonly point: BuiltInPoint;
  readonly is: string;
  readonly tasks: readonly TaskName[];
  readonly simulated: boolean;
}[] {
  return Object.entries(builtInPoints as Readonly<Record<string, Point>>).map(([point, { is, tasks, live }]) => ({
    point: point as BuiltInPoint,
    is,
    tasks,
    simulated: live !== true,
  }));
}
