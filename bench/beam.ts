/** The real BEAM beside us: finds `erl`, compiles the samples into a temporary folder, starts players of one scheduler. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BeamSample } from './contest.ts';
import { Player } from './players.ts';

const run = (command: string, args: readonly string[]) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** `bench/beam` of the checkout, from the sources and from dist/. */
function sources(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'bench', 'beam');
}

export class Beam implements Disposable {
  readonly version: string;
  readonly #compiled: string;

  private constructor(version: string, compiled: string) {
    this.version = version;
    this.#compiled = compiled;
  }

  /** Undefined when this machine has no Erlang. */
  static find(): Beam | undefined {
    let release: string;
    try {
      release = run('erl', ['-noshell', '-eval', 'io:put_chars(erlang:system_info(otp_release)), halt().']);
    } catch {
      return undefined;
    }
    const compiled = mkdtempSync(join(tmpdir(), 'ophion-bench-'));
    const files = readdirSync(sources()).filter((name) => name.endsWith('.erl'));
    run('erlc', ['-o', compiled, ...files.map((name) => join(sources(), name))]);
    return new Beam(`OTP ${release}`, compiled);
  }

  player(): Player {
    return new Player('erl', ['+S', '1:1', '-noshell', '-pa', this.#compiled, '-s', 'bench_player']);
  }

  async ask(player: Player, { beam, argument = 0 }: BeamSample, size: number): Promise<number> {
    return Number(await player.ask(`${beam} ${size} ${argument}`));
  }

  [Symbol.dispose](): void {
    rmSync(this.#compiled, { recursive: true, force: true });
  }
}
