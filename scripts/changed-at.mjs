import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * When a file, or one in a folder, was written last, in milliseconds since 1970. Files alone count, and none that Python
 * keeps compiled: these come with a run, and change their folders.
 * @param {string} path
 */
export function changedAt(path) {
  const whole = statSync(path);
  if (whole.isFile()) return whole.mtimeMs;
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const written = files.filter(({ name }) => !name.endsWith('.pyc'));
  return Math.max(...written.map(({ name, parentPath }) => statSync(join(parentPath, name)).mtimeMs));
}
