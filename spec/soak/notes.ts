/** How often each call ran, as its tool itself has noted, beside what its caller was told. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Told {
  readonly idempotent: boolean;
  readonly answered: boolean;
}

export class Notes implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));
  readonly #told = new Map<string, Told>();

  constructor() {
    writeFileSync(this.file, '');
  }

  /** Where tools append a line for each run. */
  get file(): string {
    return join(this.#folder, 'runs');
  }

  answered(key: string, idempotent: boolean): void {
    this.#told.set(key, { idempotent, answered: true });
  }

  lost(key: string, idempotent: boolean): void {
    this.#told.set(key, { idempotent, answered: false });
  }

  /** What ran twice, or was answered and did not run. */
  wrong(): readonly string[] {
    const runs = new Map<string, number>();
    for (const key of readFileSync(this.file, 'utf8').split('\n')) runs.set(key, (runs.get(key) ?? 0) + 1);
    const wrong: string[] = [];
    for (const [key, { idempotent, answered }] of this.#told) {
      const ran = runs.get(key) ?? 0;
      if (!idempotent && ran > 1) wrong.push(`${key} is not idempotent and ran ${ran} times`);
      if (answered && ran === 0) wrong.push(`${key} was answered and did not run`);
    }
    return wrong;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
