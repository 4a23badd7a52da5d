/** A process that is measured: what it has used of processors and memory, as the kernel counts it (Linux). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The kernel counts processor time in hundredths of a second, whatever its clock. */
const tickUs = 10_000;

/** Processor time of a process since its start, in microseconds. */
export function processorUs(pid: number): number {
  // Its name, in parentheses, may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

/** Memory of a process that lies in no other one, in bytes. */
export function memoryBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** The one process that another one started. */
export function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

export class MeasuredProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(OPHION_|REDIS_)/.test(name));
    const options = { cwd, env: { ...Object.fromEntries(inherited), ...env } };
    this.#child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new TypeError('it has no output');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves to the first line that says so. Rejects when it ends before. */
  async says(what: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`it ended without a word of ${what}`);
      if (what.test(value)) return value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
