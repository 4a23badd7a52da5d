/** The seam for message traces: told of each letter while one runs. A system without a trace pays one look at a field. */
import type { ExitReason } from './exit-reason.ts';
import type { FaultMark } from './faults.ts';
import type { Letter } from './letter.ts';
import type { Process } from './process.ts';

/** Its methods must not throw, and must not send. */
export interface Tracer {
  /** A letter was put into a mailbox. */
  sent(to: Process, letter: Letter): void;
  /** A full mailbox refused it. */
  refused(to: Process, letter: Letter): void;
  /** A fault does something to a letter: on its way, so that it may never come, or as it is about to be handled. */
  faulted(to: Process, letter: Letter, mark: FaultMark): void;
  handling(by: Process, letter: Letter): void;
  /** Its handling is over; `failure` is why it ends the actor. */
  handled(by: Process, letter: Letter, failure: ExitReason | undefined): void;
}
