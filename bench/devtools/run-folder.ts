/** A run folder of its own for the systems of this process, so that no other is in the way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Made, and named to this process, until it is disposed of. */
export function ownRunFolder(): Disposable {
  const before = process.env.OPHION_RUN_DIR;
  const folder = mkdtempSync(join(tmpdir(), 'ophion-run-'));
  process.env.OPHION_RUN_DIR = folder;
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.OPHION_RUN_DIR;
      else process.env.OPHION_RUN_DIR = before;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
