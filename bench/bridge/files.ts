/** Where the Python halves of the contests are, beside those of the workers' suite. */
import { dirname, join } from 'node:path';
import { program } from '../workers/files.ts';

/** The folder of `bridge_tools.py`. */
export const folder = join(dirname(program('')), 'bridge');
