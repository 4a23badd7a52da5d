/** What sys asks of an isolated actor: questions that go over, in the order of its letters, and are waited for. */
import type { SysCallbacks } from '../behavior.ts';
import { ActorError } from '../errors.ts';
import { From } from '../from.ts';
import type { Process } from '../process.ts';
import type { HostMessage } from './messages.ts';
import type { Neighbour } from './neighbour.ts';

export class Questions implements SysCallbacks {
  readonly #process: Process;
  readonly #neighbour: Neighbour;
  readonly #post: (message: HostMessage) => void;
  readonly #open = new Set<From>();

  constructor(process: Process, neighbour: Neighbour, post: (message: HostMessage) => void) {
    this.#process = process;
    this.#neighbour = neighbour;
    this.#post = post;
  }

  /** The state, to be looked at: what cannot be cloned is there in words. */
  state(): Promise<unknown> {
    return this.#ask((from) => ({ type: 'ask', from, what: 'state' }));
  }

  /** Rejects with NotCloneableError for a state that cannot come here and go back whole. */
  async replace(change: (state: unknown) => unknown): Promise<unknown> {
    const state = await this.#ask((from) => ({ type: 'ask', from, what: 'exact_state' }));
    const changed = this.#changed(change, state);
    return this.#ask((from) => ({ type: 'ask', from, what: 'replace', state: this.#neighbour.pack(changed) }));
  }

  #changed(change: (state: unknown) => unknown, state: unknown): unknown {
    try {
      return change(state);
    } catch (cause) {
      const what = `${this.#process.pid}: the change of its state threw: ${String(cause)}`;
      throw new ActorError('callback_failed', what, { cause });
    }
  }

  changeCode(): never {
    const { pid } = this.#process;
    throw new ActorError('unsupported', `${pid}: runs in a thread of its own: new code comes by a restart`);
  }

  #ask(question: (from: number) => HostMessage): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const from = new From((outcome) => {
        this.#open.delete(from);
        if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      });
      this.#open.add(from);
      this.#post(question(this.#neighbour.calls.ask(from)));
    });
  }

  /** Nobody will answer any more. */
  fail(error: Error): void {
    for (const from of [...this.#open]) from.fail(error);
  }
}
