/**
 * The `ctx` of a server that runs as a guest in somebody else's xstate system: what needs nothing but the actor itself
 * works, what needs an actor system of ours (links, monitors, children, other actors) throws by its name.
 */
import { ActorContext } from './context.ts';
import { ActorDownError, ActorError } from './errors.ts';
import { type ExitReason, exitReason } from './exit-reason.ts';
import type { Process } from './process.ts';

export class GuestContext extends ActorContext<never> {
  readonly #emit: (event: { readonly type: string }) => void;
  #abort: AbortController | undefined;
  #endedBy: ExitReason | undefined;

  /** `seat` stands for the process: what `Server` and the rest of this class ask of one. */
  constructor(seat: object, input: unknown, emit: (event: { readonly type: string }) => void) {
    super(seat as Process, input as never);
    this.#emit = emit;
  }

  override get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#endedBy !== undefined) this.end(this.#endedBy);
    return this.#abort.signal;
  }

  /** The actor has ended. */
  end(reason: ExitReason = exitReason.normal): void {
    this.#endedBy = reason;
    this.#abort?.abort(new ActorDownError(this.path, reason));
  }

  /** Told to who listens with `actor.on(type, ...)`. */
  override emit(event: { readonly type: string }): void {
    if (this.#endedBy === undefined) this.#emit(event);
  }
}

/** What there is only in a system of ours. */
const needSystem = [
  'ancestors',
  'cast',
  'demonitor',
  'exit',
  'link',
  'links',
  'monitor',
  'ref',
  'request',
  'runtime',
  'send',
  'sendRequest',
  'spawn',
  'system',
  'trapExit',
  'unlink',
] as const satisfies readonly (keyof ActorContext)[];

for (const name of needSystem) {
  const refuse = function (this: GuestContext): never {
    throw new ActorError('not_in_system', `${this.path}: ctx.${name} needs an Ophion system, and this is xstate's own`);
  };
  Object.defineProperty(GuestContext.prototype, name, { get: refuse, set: refuse });
}
