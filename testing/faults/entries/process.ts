/** The catalogue of what happens to OS processes. What is `live` alone needs what only a real process has. */
import { readySteps } from '../../fake-worker/fake-worker.ts';
import type { FakeStep } from '../../fake-worker/steps.ts';
import { entry, type FaultWorld } from './entry.ts';

const restarted = 'its supervisor starts it again';
const liveOnly: readonly FaultWorld[] = ['live'];

/** What the process says that it offers before it misbehaves: names of tools. */
export interface Offering {
  readonly tools?: readonly string[];
}

/** Ready as any other worker, and then this. */
const readyAnd = ({ tools = [] }: Offering, ...then: readonly FakeStep[]): readonly FakeStep[] => [
  ...readySteps.slice(0, 2),
  { type: 'ready', tools },
  ...then,
];

export const processEntries = {
  spawnFails: entry<{ readonly error?: string }>(
    'cannot be started: EAGAIN, ENOENT, EACCES',
    restarted,
    ({ error = 'EAGAIN' }) => ({ point: 'process.spawn', task: { do: 'throw', error } }),
  ),
  neverReady: entry('runs and is never ready', 'it is given up and started again', () => ({
    point: 'process.spawn',
    task: { do: 'hang' },
  })),
  slowReady: entry<{ readonly ms?: number }>(
    'is ready late',
    'serves then; too late, it is given up and started again',
    ({ ms = 1_000 }) => ({
      point: 'wire.frame',
      where: { message: 'ready', direction: 'in' },
      task: { do: 'delay', ms },
    }),
  ),
  wrongAddress: entry<{ readonly address?: string }>(
    'dials where nobody listens',
    restarted,
    ({ address = '127.0.0.1:1' }) => ({ point: 'process.spawn', task: { do: 'boot', over: { address } } }),
    liveOnly,
  ),
  exitCode: entry<{ readonly code?: number }>('exits before it is ready', restarted, ({ code = 1 }) => ({
    point: 'process.spawn',
    task: { do: 'exit', code },
  })),
  exitWhileRunning: entry<{ readonly code?: number }>(
    'exits while it runs; really it is killed, and the code is what is told of it',
    restarted,
    ({ code = 1 }) => ({ point: 'process.run', task: { do: 'exit', code, times: 1 } }),
  ),
  sigkill: entry('is killed', restarted, () => ({
    point: 'process.run',
    task: { do: 'kill', signal: 'SIGKILL', times: 1 },
  })),
  sigsegv: entry('crashes in native code', restarted, () => ({
    point: 'process.run',
    task: { do: 'kill', signal: 'SIGSEGV', times: 1 },
  })),
  sigstop: entry('is stopped', 'SIGCONT; if that takes too long, it is replaced', () => ({
    point: 'process.run',
    task: { do: 'kill', signal: 'SIGSTOP', times: 1 },
  })),
  pauses: entry<{ readonly ms?: number }>(
    'stands still for a while: a deadline is over while the handler runs',
    'SIGCONT when its time is over',
    ({ ms = 500 }) => ({ point: 'process.run', task: { do: 'sleep', ms, times: 1 } }),
  ),
  ignoresSigterm: entry('does not listen to SIGTERM', 'SIGKILL, when its time to end is over', () => ({
    point: 'process.signal',
    task: { do: 'drop' },
  })),
  holdsLock: entry<Offering>(
    'is busy in its first call and never gives the interpreter lock back: a scripted process in its place',
    'liveness finds it out, and it is replaced',
    ({ tools = [] }) => ({
      point: 'process.spawn',
      task: { do: 'script', steps: readyAnd({ tools }, { type: 'swallow', calls: 1 }, { type: 'hold_lock' }) },
    }),
    liveOnly,
  ),
  halfFrame: entry<Offering>(
    'dies in its first call in the middle of a frame: a scripted process in its place',
    restarted,
    ({ tools = [] }) => ({
      point: 'process.spawn',
      task: {
        do: 'script',
        steps: readyAnd(
          { tools },
          { type: 'swallow', calls: 1 },
          { type: 'half_frame' },
          { type: 'signal', signal: 'SIGKILL' },
        ),
      },
    }),
    liveOnly,
  ),
  garbageOutput: entry('prints garbage', 'prints text', () => ({ point: 'process.output', task: { do: 'corrupt' } })),
  longLine: entry('prints one line of 10 MB', 'the line is cut; the process is not held up', () => ({
    point: 'process.spawn',
    task: { do: 'flood', what: 'line' },
  })),
  stderrFlood: entry('prints 12,500 lines at once on stderr', 'they are drained; the process is not held up', () => ({
    point: 'process.spawn',
    task: { do: 'flood', what: 'stderr' },
  })),
  outOfMemory: entry(
    'gets no more than 16 MiB more memory',
    'its limit is what it was',
    () => ({ point: 'process.run', task: { do: 'starve', of: 'memory', times: 1 } }),
    liveOnly,
  ),
  outOfFiles: entry(
    'has no descriptor left, as after a leak',
    'its limit is what it was',
    () => ({ point: 'process.run', task: { do: 'starve', of: 'files', times: 1 } }),
    liveOnly,
  ),
  grandchild: entry(
    'has a child of its own that wants to outlive it',
    'its whole group ends with it',
    () => ({ point: 'process.spawn', task: { do: 'fork' } }),
    liveOnly,
  ),
  orphaned: entry(
    'loses its host, this process, by SIGKILL',
    'it ends, and all that it has started',
    () => ({ point: 'process.run', task: { do: 'orphan' } }),
    liveOnly,
  ),
} as const;
