/** How a command ends, for scripts. */
import { ConnectError, RunFileError } from '../client/index.ts';
import { ViewerError } from '../protocol/index.ts';

export const exitCodes = {
  ok: 0,
  /** Refused, or failed on the way. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** There is no such system, actor, session, file. */
  notFound: 3,
  /** Which of the systems that run? */
  severalSystems: 4,
  /** Ended by Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;

/** Ends a command with a message and an exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const ofConnect: Readonly<Record<ConnectError['code'], number>> = {
  no_system: exitCodes.notFound,
  several_systems: exitCodes.severalSystems,
  refused: exitCodes.failed,
  version: exitCodes.failed,
  gone: exitCodes.failed,
  usage: exitCodes.usage,
};

const ofViewer: Readonly<Record<string, number>> = { not_found: exitCodes.notFound, invalid_plan: exitCodes.usage };

/** What a command that failed with this ends with; undefined: it is no error that was foreseen. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof ConnectError) return ofConnect[error.code];
  if (error instanceof ViewerError) return ofViewer[error.code] ?? exitCodes.failed;
  return error instanceof RunFileError ? exitCodes.failed : undefined;
}
