/**
 * One that stands in this system for an actor of another thread, under the very path of that one: what is sent to it
 * goes over, and when that one ends it ends with the same reason. So whatever can be done with an actor here (refs,
 * pids, calls, monitors, exit signals) can be done with one there.
 */
import { type Behavior, definition, type InitResult, type Logic } from '../behavior.ts';
import { ActorContext } from '../context.ts';
import { ActorError } from '../errors.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { Letter } from '../letter.ts';
import type { Process } from '../process.ts';
import type { Address } from './messages.ts';
import type { Neighbour } from './neighbour.ts';

export class StandIn implements Behavior {
  readonly trapExit = true;
  readonly process: Process;
  /** Which incarnation it stands for; 0 while that is not known: whoever lives there. */
  incarnation: number;
  readonly #neighbour: Neighbour;
  readonly #onEnd: (ended: StandIn) => void;
  /** True once the other one has ended. */
  #over = false;

  constructor(process: Process, neighbour: Neighbour, incarnation: number, onEnd: (ended: StandIn) => void) {
    this.process = process;
    this.#neighbour = neighbour;
    this.incarnation = incarnation;
    this.#onEnd = onEnd;
  }

  get address(): Address {
    return { whose: 'yours', path: this.process.pid.path, incarnation: this.incarnation };
  }

  get mailboxMax(): number {
    return this.#neighbour.roomFor(this.process);
  }

  init(): InitResult {
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    if (letter.kind === 'system') return letter.work();
    this.#neighbour.send(this.address, letter, this.process);
  }

  /** The other one has ended. */
  end(reason: ExitReason): void {
    this.#over = true;
    this.process.trapExit = false;
    // Its own exit signal ends it whatever the reason.
    this.process.exitSignal(this.process.pid, reason);
  }

  /** Somebody here stops it: the other one is to stop, and then this one has ended. */
  terminate(reason: ExitReason): Promise<void> {
    this.#neighbour.stop(this.address, reason);
    return new Promise(() => {});
  }

  dispose(): void {
    this.#onEnd(this);
    if (!this.#over && this.process.exitReason?.kind === 'killed') this.#neighbour.kill(this.address);
  }

  inspect(): unknown {
    return undefined;
  }

  get sys() {
    const refuse = () => {
      throw new ActorError('unsupported', `${this.process.pid}: lives in another thread: ask for its state there`);
    };
    return { state: refuse, replace: refuse, changeCode: refuse };
  }
}

/** The logic of one stand-in. */
export const standInLogic = (
  neighbour: Neighbour,
  incarnation: number,
  onEnd: (ended: StandIn) => void,
): Logic<never> => ({
  [definition]: {
    kind: 'remote',
    behave: (context) => new StandIn(ActorContext.processOf(context as never), neighbour, incarnation, onEnd),
  },
});
