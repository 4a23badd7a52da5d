/** Where the Python half of the contests is, beside that of the workers' suite. */
import { dirname, join } from 'node:path';
import { program } from '../workers/files.ts';

/** The folder of `state_tools.py`. */
export const folder = join(dirname(program('')), 'state');
