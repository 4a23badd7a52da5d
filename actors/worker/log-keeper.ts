/**
 * Waits at the end of a pool until what its workers have printed last is in their files. It stands before the workers, so
 * it is stopped after them; and it is temporary: whatever happens to it, nobody is restarted for it and the files go on.
 */
import { type ActorContext, server } from '../core/index.ts';
import type { LogFiles } from './log-files.ts';

export interface LogKeeperInput {
  readonly files: LogFiles;
}

/** How long the last lines may take, when the disk is slow; then they are lost. */
export const logFlushMs = 2_000;

export const logKeeper = server({
  host: 'xstate',
  trapExit: true,
  init: ({ input: { files } }: ActorContext<LogKeeperInput>) => {
    files.prepare();
    return files;
  },
  terminate: (files) => files.flushed(),
});
