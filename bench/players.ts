/** Starting players, asking them for samples, ending them: Node ones here, BEAM ones with what beam.ts gives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from './player.ts';

/** How long one sample may take before the player is given up, in milliseconds. */
const sampleTimeoutMs = 120_000;

export class Player {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: this.#child.stdout as NonNullable<ChildProcess['stdout']> });
    this.#lines = lines[Symbol.asyncIterator]();
    // A player that cannot start shows as one that ends without an answer.
    this.#child.on('error', () => lines.close());
  }

  /** Sends one line and resolves to the answer. Rejects when the player ends, or does not answer in time. */
  async ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), sampleTimeoutMs);
    const answer = await this.#lines.next();
    clearTimeout(timer);
    if (answer.done) throw new Error(`a player ended, or took over ${sampleTimeoutMs / 1_000} s, at: ${line}`);
    return answer.value;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

const file = fileURLToPath(import.meta.url).replace(/players(\.[jt]s)$/, 'player$1');

/** A Node player, run as this process is; memory is measured after a collection that it can ask for. */
export function nodePlayer(): Player {
  return new Player(process.execPath, [...process.execArgv, '--expose-gc', file]);
}

export async function askNode(player: Player, request: Request): Promise<number> {
  const response = JSON.parse(await player.ask(JSON.stringify(request))) as Response;
  if ('error' in response) throw new Error(response.error);
  return response.figure;
}
