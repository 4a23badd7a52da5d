/** The program of the command line's specs, running in a process of its own with its dev tools on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

export interface DevtoolsProgram {
  /** For commands that are to find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly osPid: number;
  /** The id of its open session. */
  readonly session: string;
}

export interface UsedProgram {
  readonly current: DevtoolsProgram;
  /** Ends it, as a crash does, and starts it again as a new process, in the same run folder. */
  restart(): Promise<void>;
}

/** Starts it before the first test and stops it after the last one. */
export function useDevtoolsProgram(): UsedProgram {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-cli-'));
  const env = { ...process.env, OPHION_RUN_DIR: folder };
  let child: ChildProcess | undefined;
  let current: DevtoolsProgram | undefined;

  async function start(): Promise<void> {
    child = spawn(process.execPath, ['--import', 'tsx', 'spec/fixtures/devtools-program.ts'], {
      cwd: checkout,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const session = await readySession(child);
    current = { env, osPid: child.pid as number, session };
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  before(async function () {
    this.timeout(60_000);
    await start();
  });

  after(async function () {
    this.timeout(30_000);
    await end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    get current() {
      if (current === undefined) throw new Error('the program did not start');
      return current;
    },
    async restart() {
      await end('SIGKILL');
      await start();
    },
  };
}

async function readySession(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    const [, session] = /ready (\S+)\n/.exec(text) ?? [];
    if (session === undefined) continue;
    return session;
  }
  throw new Error(`the program ended: ${text}`);
}
