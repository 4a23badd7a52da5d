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

/** Starts it before the first test and stops it after the last one. */
export function useDevtoolsProgram(): { readonly current: DevtoolsProgram } {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-cli-'));
  const env = { ...process.env, OPHION_RUN_DIR: folder };
  let child: ChildProcess | undefined;
  let current: DevtoolsProgram | undefined;

  before(async function () {
    this.timeout(60_000);
    child = spawn(process.execPath, ['--import', 'tsx', 'spec/fixtures/devtools-program.ts'], {
      cwd: checkout,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const session = await readySession(child);
    current = { env, osPid: child.pid as number, session };
  });

  after(async function () {
    this.timeout(30_000);
    if (child !== undefined && child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    get current() {
      if (current === undefined) throw new Error('the program did not start');
      return current;
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
