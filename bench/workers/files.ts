/** Where the Python halves of the contests are: beside the sources, also when the compiled bench runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the checkout: above `bench/`, or above `dist/bench/`. */
const root = [join(import.meta.dirname, '..', '..'), join(import.meta.dirname, '..', '..', '..')].find((folder) =>
  existsSync(join(folder, 'python', 'src')),
) as string;

/** A Python program of a contest. */
export const program = (name: string): string => join(root, 'bench', 'workers', name);

/** The interpreter of the checkout's environment, for both sides. */
export const interpreter = join(root, '.venv', 'bin', 'python');

/** For workers: our Python half, from its sources. */
export const pythonPath = join(root, 'python', 'src');
