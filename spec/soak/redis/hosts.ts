/** Processes that are hosts on one Redis: started, counted, killed, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RedisHostWork } from '../../fixtures/redis-host-program.ts';
import { Signal } from '../../helpers/signal.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<readonly string[]>;
  /** It was killed, and owes no last words. */
  killed: boolean;
  made: number;
}

export class HostProcesses {
  /** Fires whenever a host has made something, or has ended. */
  readonly changed = new Signal();
  readonly #running = new Map<string, Running>();
  #made = 0;

  /** How many operations all of them have told of. */
  get made(): number {
    return this.#made;
  }

  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Resolves when it has made its first operations. */
  async start(work: RedisHostWork): Promise<void> {
    const program = ['--import', 'tsx', 'spec/fixtures/redis-host-program.ts', JSON.stringify(work)];
    const child = spawn(process.execPath, program, { cwd: checkout, stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    let words: readonly string[] | undefined;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (line.startsWith('[')) words = JSON.parse(line) as readonly string[];
      else {
        running.made += Number(line);
        this.#made += Number(line);
      }
      this.changed.fire();
    });
    const ended = closed.then(([code, signal]) => {
      this.#running.delete(work.name);
      this.changed.fire();
      if (running.killed) return [];
      if (code === 0 && words !== undefined) return words.map((one) => `${work.name}: ${one}`);
      return [`${work.name} has ended by itself, with ${code ?? signal}`];
    });
    const running: Running = { process: child, ended, killed: false, made: 0 };
    this.#running.set(work.name, running);
    await this.changed.until(() => running.made > 0 || !this.#running.has(work.name));
  }

  /** Ends one at once, its workers with it. */
  async kill(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.killed = true;
    running.process.kill('SIGKILL');
    await running.ended;
  }

  /** Has all of them end what they are at. Resolves to what was wrong, in words. */
  async stop(): Promise<readonly string[]> {
    const all = [...this.#running.values()];
    for (const { process: child } of all) child.stdin?.end();
    return (await Promise.all(all.map(({ ended }) => ended))).flat();
  }
}
