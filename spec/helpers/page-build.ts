/** The page as it is built of the sources that are there. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePage } from '../../scripts/ensure-page.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const pageFolder = join(checkout, 'dist', 'devtools', 'page');

let building: Promise<void> | undefined;

/** Once for all specs of a process. */
export function builtPage(): Promise<void> {
  building ??= ensurePage(checkout);
  return building;
}
