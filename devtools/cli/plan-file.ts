/** A fault plan in a file: as JSON, or in the short form. What it says is judged by the host. */
import { readFileSync } from 'node:fs';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Throws CommandError for a file that cannot be read, and for one that begins as JSON and is none. */
export function planIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(exitCodes.notFound, `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (!text.startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(exitCodes.usage, `${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
