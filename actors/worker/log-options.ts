/** How much is kept of what workers print, in memory and in files. */
import { resolve } from 'node:path';
import { SpecError } from '../core/index.ts';
import { between, checkNumbers, type Rules } from './option-rules.ts';

export interface LogOptions {
  /** How many lines of one incarnation are kept, the newest. Default 1,000. */
  readonly maxLines?: number;
  /** How many bytes of one incarnation: its text, and 64 for each line. Default 262,144 (256 KiB). */
  readonly maxBytes?: number;
  /** How many incarnations of one worker, the living one included. Default 5. */
  readonly incarnations?: number;
  /**
   * How many bytes of all workers of the pool together, those that are gone included. Default 16,777,216 (16 MiB).
   * Beyond it the longest log loses its older half; and no more incarnations are kept than one for each 4 KiB of it.
   */
  readonly maxTotalBytes?: number;
  /** Where each incarnation has a file as well, made with mode 0700. Default: no files. */
  readonly folder?: string;
  /** How long a file gets; then it is kept as `FILE.1`, and a new one begins. Default 8,388,608 (8 MiB). */
  readonly maxFileBytes?: number;
  /** How many files of the pool there are, earlier runs included; the oldest are deleted. Default 100. */
  readonly maxFiles?: number;
}

/** With all their defaults. */
export type FullLogOptions = Required<Omit<LogOptions, 'folder'>> & { readonly folder: string | undefined };

const KiB = 1_024;
// The longest line has 8 Ki characters, of up to three bytes each: it always fits.
const leastBytes = 32 * KiB;
const most = 2 ** 40;
const rules: Rules = {
  'logs.maxLines': between(1, 1_000_000),
  'logs.maxBytes': between(leastBytes, most),
  'logs.incarnations': between(1, 1_000),
  'logs.maxTotalBytes': between(leastBytes, most),
  'logs.maxFileBytes': between(leastBytes, most),
  'logs.maxFiles': between(1, 100_000),
};

/** Throws a SpecError that names the wrong field and its value. */
export function checkLogs(logs: LogOptions = {}): FullLogOptions {
  if (typeof logs !== 'object' || logs === null) throw new SpecError('python', 'invalid_logs: must be an object', logs);
  checkNumbers({ logs }, rules);
  const { folder } = logs;
  if (folder !== undefined && (typeof folder !== 'string' || folder === '' || folder.includes('\0')))
    throw new SpecError('python', 'invalid_logs.folder: must be the path of a folder', folder);
  return {
    maxLines: logs.maxLines ?? 1_000,
    maxBytes: logs.maxBytes ?? 256 * KiB,
    incarnations: logs.incarnations ?? 5,
    maxTotalBytes: logs.maxTotalBytes ?? 16 * KiB * KiB,
    folder: folder === undefined ? undefined : resolve(folder),
    maxFileBytes: logs.maxFileBytes ?? 8 * KiB * KiB,
    maxFiles: logs.maxFiles ?? 100,
  };
}
