/** The page as it is built of the sources that are there: built again when they are newer than what was built. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../scripts/page.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const pageFolder = join(checkout, 'dist', 'devtools', 'page');

let building: Promise<void> | undefined;

/** Once for all specs of a process. */
export function builtPage(): Promise<void> {
  building ??= build();
  return building;
}

async function build(): Promise<void> {
  const built = join(pageFolder, 'index.html');
  const newest = Math.max(...['page', 'protocol'].map((name) => changedAt(join(checkout, 'devtools', name))));
  if (!existsSync(built) || statSync(built).mtimeMs < newest) await buildPage(checkout, pageFolder);
}

function changedAt(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}
