/**
 * The TypeScript functions that a context lets Python call. Its Session holds them, so that they are checked at each
 * call; they are owned by the Context actor, so that they go with it, and its restart offers them again.
 */
import { ActorDownError, type ActorRef, exitReason, type Pid, StateError } from '../core/index.ts';
import { persist, type SessionTools, type StateCallOptions, toolsMax } from '../state/index.ts';
import type { ContextRecord } from './context-record.ts';
import { type LocalTools, offerOf } from './local-tool.ts';
import type { Surrounding } from './surrounding.ts';

/** Offers everything that is exposed on a context, for this incarnation of its actor. */
export async function offerExposed(
  record: ContextRecord,
  tools: SessionTools,
  owner: Pid,
  options: StateCallOptions,
): Promise<void> {
  if (record.tools.size > 0) await tools.register(record.id, owner, [...record.tools.values()], options);
}

export class ExposedTools {
  readonly #record: ContextRecord;
  readonly #actor: ActorRef;
  readonly #tools: SessionTools;
  /** The path of the ophion tree. */
  readonly #root: string;
  readonly #surrounding: Surrounding;

  constructor(record: ContextRecord, actor: ActorRef, tools: SessionTools, root: string, surrounding: Surrounding) {
    this.#surrounding = surrounding;
    this.#record = record;
    this.#actor = actor;
    this.#tools = tools;
    this.#root = root;
  }

  /**
   * Takes tools on, all of them or none; `ready` makes the context fit for Python. Rejects with StateError `invalid`
   * for a bad name, `quota` for more than 1,000, `already_exists` for one that another actor offers in the session.
   */
  async add(tools: LocalTools, ready: () => Promise<void>): Promise<void> {
    const offers = Object.entries(tools).map(([name, one]) => offerOf(name, one, this.#surrounding));
    const before = new Map(offers.map(({ name }) => [name, this.#record.tools.get(name)]));
    const added = [...before.values()].filter((known) => known === undefined).length;
    if (this.#record.tools.size + added > toolsMax) {
      const message = `context '${this.#record.id}': may expose ${toolsMax} tools`;
      throw new StateError('quota', message, { details: { max: toolsMax } });
    }
    for (const offer of offers) this.#record.tools.set(offer.name, offer);
    try {
      await ready();
      await this.#asOwner((owner) => this.#tools.register(this.#record.id, owner, offers));
    } catch (error) {
      for (const [name, known] of before) {
        if (known === undefined) this.#record.tools.delete(name);
        else this.#record.tools.set(name, known);
      }
      throw error;
    }
  }

  /** Takes tools away. Resolves to how many of these names there were. */
  async remove(names: readonly string[]): Promise<number> {
    const mine = new Set(names.filter((name) => this.#record.tools.delete(name)));
    if (mine.size > 0 && this.#record.session.kind !== 'local') {
      await this.#asOwner(() => this.#tools.remove(this.#record.id, { names: [...mine] }));
    }
    return mine.size;
  }

  /** Does it in the name of the Context actor, and again when that was restarted meanwhile. */
  #asOwner(act: (owner: Pid) => Promise<unknown>): Promise<void> {
    const { system, path } = this.#actor;
    return persist({ system, root: this.#root, target: `context '${this.#record.id}'` }, {}, async () => {
      const owner = this.#actor.pid;
      if (owner === undefined) throw new ActorDownError(path, exitReason.noproc);
      await act(owner);
      if (this.#actor.pid !== owner) throw new ActorDownError(path, exitReason.noproc);
    });
  }
}
