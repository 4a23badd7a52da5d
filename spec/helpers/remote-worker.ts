/** A worker that no host started, as whatever starts things on another machine would start it; and what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Signal } from './signal.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const python = join(checkout, '.venv', 'bin', 'python');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class RemoteWorker implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly changed = new Signal();
  said = '';

  constructor(args: readonly string[], { module = 'remote_tools', command = [] as readonly string[] } = {}) {
    const [first = python, ...rest] = [...command, python, '-m', 'ophion', module, ...args];
    const env = { ...process.env, PYTHONUNBUFFERED: '1', OMP_NUM_THREADS: '1' };
    const cwd = join(checkout, 'spec', 'fixtures');
    // A session of its own, as on another machine: what this test's terminal is sent does not reach it.
    this.child = spawn(first, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const pipe of [this.child.stdout, this.child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.changed.fire();
      });
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get keeper(): number {
    return this.child.pid as number;
  }

  saysThat(what: RegExp): Promise<void> {
    return this.changed.until(() => what.test(this.said));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
