/** The door of a store: each command, reply and event of a watch passes it, and a plan may have something to say. */
import { StateError, type StateErrorCode, stateErrorCodes } from '../../actors/core/index.ts';
import type { StateCallOptions, WatchEvent } from '../../actors/state/index.ts';
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';

/** How long a lost reply is waited for where the caller says nothing: the default of state calls. */
const defaultTimeoutMs = 5_000;
/** How many sessions' last readings are remembered, for those that are to be stale. */
const readingsMax = 1_000;

/** What a store can answer; anything else that a plan throws is `unavailable` with that message. */
const codes: ReadonlySet<string> = new Set(stateErrorCodes);

/** A command, as the store gets it. */
export interface Command<T> {
  readonly name: string;
  readonly session: string | undefined;
  readonly options: StateCallOptions | undefined;
  readonly run: () => Promise<T>;
  /** Loses its session, as a store does that evicts it. */
  readonly lose?: () => Promise<void>;
  /** What makes two readings the same one; undefined for what is no reading. */
  readonly reading?: string;
}

export class StoreDoor {
  readonly #set: FaultSet;
  /** Whose door it is: the `path` of its passings. */
  readonly #client: string | undefined;
  /** The last answer to each reading, oldest first. */
  readonly #readings = new Map<string, unknown>();

  constructor(set: FaultSet, client?: string) {
    this.#set = set;
    this.#client = client;
  }

  /** A command and its reply. */
  async ask<T>(command: Command<T>): Promise<T> {
    await this.before(command);
    const result = await command.run();
    const last = this.#remember(command, result);
    const after = this.#decide('store.reply', command);
    if (after?.task.do === 'stale') return (last ?? result) as T;
    if (after !== undefined) await carryOut(after, command);
    return result;
  }

  /** A command before it is carried out. */
  async before(command: Command<unknown>): Promise<void> {
    const decision = this.#decide('store.command', command);
    if (decision?.task.do === 'kill') await command.lose?.();
    else if (decision !== undefined) await carryOut(decision, command);
  }

  /** An event of a watch: how often it is told. */
  async told(event: WatchEvent, session: string): Promise<number> {
    const decision = this.#decide('store.event', { name: event.type, session });
    if (decision === undefined) return 1;
    if (decision.task.do === 'sleep') await decision.rule.wait(decision.task);
    return decision.task.do === 'drop' ? 0 : decision.task.do === 'dup' ? 2 : 1;
  }

  #decide(point: string, { name, session }: Pick<Command<unknown>, 'name' | 'session'>): Decision | undefined {
    if (!this.#set.concerns(point)) return undefined;
    return this.#set.decide({ point, path: this.#client, message: name, session, layer: 'state' });
  }

  /** Answers what the same reading was answered before. */
  #remember({ session, reading }: Command<unknown>, result: unknown): unknown {
    if (reading === undefined) return undefined;
    const key = JSON.stringify([session, reading]);
    const last = this.#readings.get(key);
    this.#readings.delete(key);
    this.#readings.set(key, result);
    if (this.#readings.size > readingsMax) this.#readings.delete(this.#readings.keys().next().value as string);
    return last;
  }
}

async function carryOut({ rule, task }: Decision, { name, session, options = {} }: Command<unknown>): Promise<void> {
  const target = session === undefined ? 'the store' : `session '${session}'`;
  const fail = (code: StateErrorCode, what: string) => {
    throw new StateError(code, `${target}: ${name}: ${what}`, { details: { injected: rule.id, plan: rule.plan } });
  };
  switch (task.do) {
    case 'throw': {
      const [, code = '', what = 'injected'] = /^(\w+)(?:: (.*))?$/s.exec(task.error ?? '') ?? [];
      if (codes.has(code)) return fail(code as StateErrorCode, what);
      return fail('unavailable', task.error ?? 'injected');
    }
    case 'sleep':
    case 'hang':
    case 'pause':
      await rule.wait(task);
      options.signal?.throwIfAborted();
      return;
    case 'drop':
      // No reply comes: whoever asked gives up after its time.
      await new Promise<void>((resolve) => void rule.later(options.timeoutMs ?? defaultTimeoutMs, resolve));
      return fail('unavailable', 'no reply came');
    default:
      return;
  }
}
