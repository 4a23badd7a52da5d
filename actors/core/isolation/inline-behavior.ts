/**
 * An isolated actor where there are no threads, as in a simulation: the very logic, loaded from its module, in this
 * thread. What its calls and casts bring is cloned all the same: what could not be sent to a thread fails here, too.
 */
import { type Behavior, definition, type InitResult, type Logic } from '../behavior.ts';
import { ActorContext } from '../context.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { Letter } from '../letter.ts';
import type { Process } from '../process.ts';
import { cloneHere } from './clone-here.ts';
import { notCloneable } from './not-cloneable.ts';

export class InlineBehavior implements Behavior {
  readonly trapExit = false;
  readonly #load: () => Logic<never> | Promise<Logic<never>>;
  readonly #context: ActorContext<unknown>;
  readonly #process: Process;
  readonly #mailboxMax: number;
  #behavior: Behavior | undefined;

  constructor(load: () => Logic<never> | Promise<Logic<never>>, mailboxMax: number, context: ActorContext<unknown>) {
    this.#load = load;
    this.#mailboxMax = mailboxMax;
    this.#context = context;
    this.#process = ActorContext.processOf(context as ActorContext<never>);
  }

  get mailboxMax(): number {
    return this.#mailboxMax;
  }

  init(): InitResult | Promise<InitResult> {
    const logic = this.#load();
    return logic instanceof Promise ? logic.then((loaded) => this.#start(loaded)) : this.#start(logic);
  }

  #start(logic: Logic<never>): InitResult | Promise<InitResult> {
    const behavior = logic[definition].behave(this.#context as ActorContext<never>);
    this.#behavior = behavior;
    this.#process.trapExit = behavior.trapExit;
    return behavior.init();
  }

  receive(letter: Letter): void | Promise<void> {
    const behavior = this.#behavior as Behavior;
    // Other letters may be the kernel's own.
    if (letter.kind !== 'call' && letter.kind !== 'cast') return behavior.receive(letter);
    let arg: unknown;
    try {
      arg = cloneHere(letter.arg);
    } catch (cause) {
      this.#refuse(letter, notCloneable(String(this.#process.pid), letter.arg, cause));
      return;
    }
    return behavior.receive({ ...letter, arg });
  }

  #refuse(letter: Extract<Letter, { kind: 'call' | 'cast' }>, error: Error): void {
    const { system, runtime, path } = this.#context;
    if (letter.kind === 'call') {
      letter.from.fail(error);
      return;
    }
    runtime.log('warning', error.message);
    system.deadLetter(path, letter);
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.#behavior?.terminate(reason);
  }

  dispose(): void {
    this.#behavior?.dispose();
  }

  inspect(): unknown {
    return this.#behavior?.inspect();
  }

  report(reason: ExitReason, last: Letter | undefined): void {
    this.#behavior?.report?.(reason, last);
  }

  get sys() {
    return this.#behavior?.sys as NonNullable<Behavior['sys']>;
  }
}
