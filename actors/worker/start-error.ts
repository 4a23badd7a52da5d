/** Why a worker's process did not become ready, with what it printed last. */
import { type ExitReason, StartError } from '../core/index.ts';

export class WorkerStartError extends StartError {
  /** The last 4 KiB that the process printed. */
  readonly lastOutput: string;

  constructor(target: string, why: string, reason: ExitReason, lastOutput: string, options?: ErrorOptions) {
    super(target, reason, options);
    const said = lastOutput.trim();
    this.message = `${target}: did not start: ${why}${said === '' ? '' : `; its last output:\n${said}`}`;
    this.lastOutput = lastOutput;
  }
}
