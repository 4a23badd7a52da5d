/** What can be said of a durable vault, and what each policy may lose. */
import { SpecError } from '../../core/index.ts';

/**
 * When a commit is answered, and what a crash may then lose of answered commits:
 *
 * | | a crash or `kill -9` of the process | a crash of the machine |
 * | --- | --- | --- |
 * | `'commit'` | nothing | nothing, if the disk keeps what it says it has |
 * | `'never'` | nothing | the last ones, usually of the last half minute; the file may be damaged, which is refused by name |
 */
export type FsyncPolicy = 'commit' | 'never';

export interface VaultOptions {
  /** The folder of the file; made when it is not there. One host at a time, on a disk of its own machine. */
  readonly path: string;
  /** `'commit'`: a commit is answered once the disk has it. `'never'`: once the operating system has it. Default `'commit'`. */
  readonly fsync?: FsyncPolicy;
  /** How many bytes of commits may wait for the disk; one more is refused, and tried again inside. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
}

export const fsyncPolicies = ['commit', 'never'] as const satisfies readonly FsyncPolicy[];

/** Throws SpecError for what is none. */
export function checkVaultOptions(options: VaultOptions): Required<VaultOptions> {
  const { path, fsync = 'commit', maxWaitingBytes = 64 * 1024 * 1024 } = options;
  if (typeof path !== 'string' || path === '') throw new SpecError('vault', 'path must be a folder', path);
  if (!fsyncPolicies.includes(fsync)) throw new SpecError('vault', "fsync must be 'commit' or 'never'", fsync);
  if (!(maxWaitingBytes > 0)) throw new SpecError('vault', 'maxWaitingBytes must be above 0', maxWaitingBytes);
  return { path, fsync, maxWaitingBytes };
}
