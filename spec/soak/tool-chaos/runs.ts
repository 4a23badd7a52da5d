/** The database in which Python tools record each of their runs: outside of them, and of what is tried with them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const interpreter = process.env.OPHION_PYTHON ?? join(checkout, '.venv', 'bin', 'python');

const make =
  'c.execute("PRAGMA journal_mode=WAL"); c.execute("CREATE TABLE runs (key TEXT NOT NULL, pid INTEGER NOT NULL)")';
const count = 'print(json.dumps(dict(c.execute("SELECT key, count(*) FROM runs GROUP BY key").fetchall())))';

export class Runs implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));

  constructor() {
    this.#do(make);
  }

  /** For the environment of the tools. */
  get file(): string {
    return join(this.#folder, 'runs.db');
  }

  /** How often each key has run. */
  counted(): ReadonlyMap<string, number> {
    return new Map(Object.entries(JSON.parse(this.#do(count)) as Readonly<Record<string, number>>));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #do(statement: string): string {
    const program = `import json, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n${statement}`;
    const { status, stdout, stderr } = spawnSync(interpreter, ['-c', program, this.file], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${this.file} cannot be used: ${stderr}`);
    return stdout;
  }
}
