/**
 * One OS process that cannot be orphaned. It leads its own process group from its first instruction; a guardian in
 * that group holds one end of a socket whose other end only this host has. When the host dies, however it dies, the
 * guardian reads the end of file and kills the whole group: no code of ours and no interpreter lock is in the way.
 * A process that leaves its group on purpose (setsid) is beyond it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Clock } from '../core/index.ts';
import { Output, type OutputLine } from './output.ts';
import { signalGroup, whenGone } from './process-group.ts';

export interface LaunchOptions {
  /** A path, or a name that is looked up in the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  readonly input: string;
  readonly clock: Clock;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 4 KiB of what it printed. */
  readonly lastOutput: string;
}

export type LaunchEvent =
  | { readonly type: 'process.started'; readonly osPid: number }
  /** There is no process: `error.code` is ENOENT, EACCES, EAGAIN or what else the system says. */
  | { readonly type: 'process.failed'; readonly error: NodeJS.ErrnoException }
  | ({ readonly type: 'process.output' } & OutputLine)
  | ({ readonly type: 'process.exited' } & Exit)
  /** Nobody of its group lives any more, but those in `left`, which could not be killed in time. The last event. */
  | { readonly type: 'process.gone'; readonly left: readonly number[] };

export interface OsProcess {
  /** Asks the group to end: SIGTERM. */
  terminate(): void;
  /** Ends the group: SIGKILL. */
  kill(): void;
  /** Another host tells that it has ended; only for a process of such a host. */
  ended?(code: number | null, signal: NodeJS.Signals | null): void;
}

export type Launch = (options: LaunchOptions, tell: (event: LaunchEvent) => void) => OsProcess;

/**
 * The guardian ignores the signals that ask: it must outlive a process that is being asked. `exec` makes the shell
 * the program itself, so that the process id that we spawn is its own and the program has no descriptor 3.
 */
const guardian = '(trap \'\' HUP INT QUIT TERM; read -r _ <&3; kill -9 0) </dev/null >/dev/null 2>&1 & exec "$@" 3<&-';

/** How long the pipes of an ended process are read on, when somebody holds them open. */
const drainMs = 200;
/** How long a killed group may take to be gone; longer is a process that the kernel itself holds. */
const goneMs = 10_000;

/** Starts a process. Never throws: what goes wrong is told. */
export const launch: Launch = (options, tell) => {
  const { clock, env, cwd } = options;
  let child: ChildProcess;
  try {
    const command = findCommand(options.command, env.PATH ?? '', cwd);
    child = spawn('/bin/sh', ['-c', guardian, 'sh', command, ...options.args], {
      cwd,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    clock.setTimer(0, () => tell({ type: 'process.failed', error: error as NodeJS.ErrnoException }));
    return { terminate: () => {}, kill: () => {} };
  }
  const group = child.pid;
  const output = new Output((line) => tell({ type: 'process.output', ...line }));
  let gone = false;
  const signal = (name: NodeJS.Signals) => {
    // Never after it is gone: the number may be somebody else's by then.
    if (group !== undefined && !gone) signalGroup(group, name);
  };
  // There are no pipes, whatever the type says, when the system had no descriptor left for them.
  const lifeline = (child.stdio as ChildProcess['stdio'] | undefined)?.[3];

  child.on('spawn', () => tell({ type: 'process.started', osPid: child.pid as number }));
  child.on('error', (error) => {
    if (child.pid === undefined) tell({ type: 'process.failed', error });
  });
  child.on('exit', (code, name) => {
    // Whatever it left behind ends with it, the guardian too.
    signal('SIGKILL');
    let told = false;
    const ended = () => {
      if (told) return;
      told = true;
      timer.cancel();
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
      lifeline?.destroy();
      output.end();
      tell({ type: 'process.exited', code, signal: name, lastOutput: output.tail });
      whenGone(group as number, clock, goneMs, (left) => {
        gone = true;
        tell({ type: 'process.gone', left });
      });
    };
    const timer = clock.setTimer(drainMs, ended);
    // Its last words may come after its exit.
    child.on('close', ended);
  });
  for (const from of ['stdout', 'stderr'] as const) {
    const pipe = child[from];
    pipe?.on('data', (chunk: Buffer) => {
      output.write(from, chunk);
      // The next piece when all others have had their turn: who floods waits, not who calls.
      pipe.pause();
      clock.setTimer(0, () => pipe.resume());
    });
  }
  // A process that ends before it has read its input, or breaks a pipe, tells so by its exit.
  for (const pipe of [child.stdin, child.stdout, child.stderr, lifeline]) pipe?.on('error', () => {});
  child.stdin?.end(options.input);

  return { terminate: () => signal('SIGTERM'), kill: () => signal('SIGKILL') };
};

/**
 * The path of a program. The shell would only say 126 or 127: throws what the system says, ENOENT or EACCES, with the
 * path in it. So does a working directory that is not there.
 */
function findCommand(command: string, searchPath: string, cwd: string | undefined): string {
  if (cwd !== undefined && !statSync(cwd).isDirectory()) {
    throw Object.assign(new Error(`ENOTDIR: not a directory, '${cwd}'`), { code: 'ENOTDIR', path: cwd });
  }
  if (command.includes('/')) {
    accessSync(command, constants.X_OK);
    return command;
  }
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder === '' ? '.' : folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  throw Object.assign(new Error(`ENOENT: no '${command}' in PATH`), { code: 'ENOENT', path: command });
}
