/**
 * The real behavior inside its thread, with an eye on it: when it has handled what came from the host, and what it has
 * changed of itself that the host has to know.
 */
import { type ActorLogicDefinition, type Behavior, definition, type InitResult, type Logic } from '../behavior.ts';
import { ActorContext } from '../context.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { Letter } from '../letter.ts';
import type { Process } from '../process.ts';

export interface Watching {
  readonly born: (process: Process) => void;
  /** It has done something; it may not be finished with it. */
  readonly acted: () => void;
  readonly handled: (letter: Letter) => void;
  /** It has ended, and nobody has heard of it yet. */
  readonly ending: () => void;
}

/** The same logic, watched. */
export function watched(logic: Logic<never>, watching: Watching): Logic<never> {
  const { kind, behave } = logic[definition] as ActorLogicDefinition<never>;
  const behaveWatched = (context: ActorContext<never>) => {
    watching.born(ActorContext.processOf(context));
    return new Inside(behave(context), watching);
  };
  return { [definition]: { kind, behave: behaveWatched as ActorLogicDefinition['behave'] } };
}

class Inside implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxMax: number;
  readonly #behavior: Behavior;
  readonly #watching: Watching;

  constructor(behavior: Behavior, watching: Watching) {
    this.#behavior = behavior;
    this.#watching = watching;
    this.trapExit = behavior.trapExit;
    this.mailboxMax = behavior.mailboxMax;
  }

  init(): InitResult | Promise<InitResult> {
    const started = this.#behavior.init();
    this.#watching.acted();
    return started;
  }

  receive(letter: Letter): void | Promise<void> {
    const pending = this.#behavior.receive(letter);
    this.#watching.acted();
    if (pending instanceof Promise) return pending.then(() => this.#handled(letter));
    this.#handled(letter);
  }

  #handled(letter: Letter): void {
    this.#watching.acted();
    this.#watching.handled(letter);
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.#behavior.terminate(reason);
  }

  dispose(): void {
    this.#watching.ending();
    this.#behavior.dispose();
  }

  inspect(): unknown {
    return this.#behavior.inspect();
  }

  report(reason: ExitReason, last: Letter | undefined): void {
    this.#behavior.report?.(reason, last);
  }

  get sys() {
    return this.#behavior.sys as NonNullable<Behavior['sys']>;
  }
}
