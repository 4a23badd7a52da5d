/** A baseline's Python process, on the same interpreter as ours. It ends with its standard input. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { interpreter, program } from '../files.ts';

export class Program implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(name: string, ...args: string[]) {
    this.child = spawn(interpreter, [program(`others/${name}`), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** The first line that it prints. */
  async said(): Promise<string> {
    for await (const line of createInterface({ input: this.child.stdout })) return line;
    throw new Error('a baseline ended before it said where it listens');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
