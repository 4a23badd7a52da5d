/** What faults need to be able to do to OS processes: on a live system, with what the system itself offers for it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Clock, SpecError } from '../../actors/core/index.ts';
import { type LaunchOptions, launch, signalGroup } from '../../actors/worker/index.ts';
import { fakeWorker } from '../fake-worker/fake-worker.ts';
import type { FakeStep } from '../fake-worker/steps.ts';

/** What a process does besides its own work. */
export type Burden = 'line' | 'stderr' | 'fork';
export type Scarce = 'memory' | 'files';

export interface ProcessHands {
  /** Sends a signal to a process and all that it has started. */
  signal(osPid: number, signal: NodeJS.Signals): unknown;
  /** The same process, burdened. */
  burden(options: LaunchOptions, burden: Burden): LaunchOptions;
  /** In its place one that follows a script. */
  script(options: LaunchOptions, steps: readonly FakeStep[]): LaunchOptions;
  /** From now on it gets no more of it than it has; what this answers gives it back. */
  starve(osPid: number, of: Scarce): () => void;
  /** Kills the host of all of them. */
  orphan(): void;
}

export const lineBytes = 10_000_000;
export const stderrLines = 12_500;
export const stderrLine = 'x'.repeat(79);
/** How much memory it may still take: what runs needs some for itself. */
const spareMemoryBytes = 16 * 1024 * 1024;

/** Beside the program, in its process group and with its pipes, before the program has begun. */
const beside: Readonly<Record<Burden, string>> = {
  line: `head -c ${lineBytes} /dev/zero | tr '\\0' x; echo`,
  stderr: `yes ${stderrLine} | head -n ${stderrLines} >&2`,
  // Not for ever: nobody may end it.
  fork: 'sleep 600 >/dev/null 2>&1',
};

/** The hands of a live system. */
export const liveHands = (clock: Clock): ProcessHands => ({
  signal: signalGroup,
  burden: (options, burden) => ({
    ...options,
    command: '/bin/sh',
    args: ['-c', `{ ${beside[burden]}; } </dev/null & exec "$@"`, 'sh', options.command, ...options.args],
  }),
  script(options, steps) {
    const { args, env } = fakeWorker(steps);
    // Whichever life of the place this is, the script is all that there is.
    return { ...options, args, env: { ...options.env, ...env } };
  },
  // Linux alone has such files, and `prlimit`.
  starve(osPid, of) {
    let found: { readonly name: string; readonly limit: number; readonly before: string };
    try {
      found = { ...(of === 'memory' ? memoryOf(osPid) : filesOf(osPid)), before: softLimit(osPid, of) };
    } catch {
      // It has ended meanwhile: a plan with this task is armed only where there are such files.
      return () => {};
    }
    const { name, limit, before } = found;
    const set = (soft: string) =>
      launch(
        {
          command: 'prlimit',
          args: ['--pid', String(osPid), `--${name}=${soft}:`],
          env: { PATH: process.env.PATH ?? '' },
          input: '',
          clock,
        },
        () => {},
      );
    set(String(limit));
    return () => void set(before);
  },
  orphan: () => void process.kill(process.pid, 'SIGKILL'),
});

/** What this machine lacks for a task; undefined when it has all. */
export function lackOf(task: string): string | undefined {
  if (task !== 'starve') return undefined;
  const there = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'prlimit')));
  return process.platform === 'linux' && there ? undefined : 'Linux, and prlimit of util-linux on the PATH';
}

/** Throws: there is no such thing where processes are only simulated. */
export function liveOnly(task: string): never {
  throw new SpecError('faults', `live_only: '${task}' needs real OS processes`);
}

function memoryOf(osPid: number) {
  const [, kilobytes] = /^VmSize:\s+(\d+)/m.exec(readFileSync(`/proc/${osPid}/status`, 'utf8')) ?? [];
  return { name: 'as', limit: Number(kilobytes) * 1024 + spareMemoryBytes };
}

/** The limit is that of the numbers of descriptors: the lowest that is free is the next one. */
function filesOf(osPid: number) {
  const taken = new Set(readdirSync(`/proc/${osPid}/fd`).map(Number));
  let free = 0;
  while (taken.has(free)) free += 1;
  return { name: 'nofile', limit: free };
}

function softLimit(osPid: number, of: Scarce): string {
  const row = of === 'memory' ? 'Max address space' : 'Max open files';
  const limits = readFileSync(`/proc/${osPid}/limits`, 'utf8');
  const [, soft = 'unlimited'] = new RegExp(`^${row}\\s+(\\S+)`, 'm').exec(limits) ?? [];
  return soft;
}
