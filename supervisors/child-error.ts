/** What a supervisor refuses, under OTP's names (otp S-088 to S-106). */
import { ActorError, type Pid } from '../actors/core/index.ts';

export type ChildErrorCode =
  | 'not_found'
  /** The child runs already; `pid` is who. */
  | 'already_started'
  /** The child is there, without a process. */
  | 'already_present'
  | 'running'
  | 'restarting'
  /** All children are instances of one template: they have pids, and no specs of their own. */
  | 'simple_one_for_one'
  | 'max_children';

/** A supervisor did not do what it was asked to do with a child. Nothing has changed. */
export class ChildError extends ActorError {
  declare readonly code: ChildErrorCode;
  readonly pid: Pid | undefined;

  constructor(code: ChildErrorCode, supervisor: string, message: string, pid?: Pid) {
    super(code, `${supervisor}: ${message}`);
    this.pid = pid;
  }
}
