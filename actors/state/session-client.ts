/**
 * Calling Session actors from anywhere in this process: finds them again after any restart, and has the store start
 * one that is not there.
 */
import { ActorRef, call, type Pid } from '../core/index.ts';
import type { StateHost } from './local-state.ts';
import { sessionPath } from './paths.ts';
import type { StateCallOptions } from './provider.ts';
import { type Attempt, callOptions, persist } from './retry.ts';
import { type SessionTool, stateTables } from './tables.ts';
import type { ToolOffer } from './tools.ts';

/** One attempt at a call of a session. */
export async function askSession(
  session: ActorRef,
  store: ActorRef,
  id: string,
  name: string,
  arg: unknown,
  attempt: Attempt,
): Promise<unknown> {
  // Nobody there: it is being restarted, was given up, or went down with its supervisor. The store knows.
  if (session.pid === undefined) await call(store, 'find', id, callOptions(attempt));
  return call(session, name, arg, callOptions(attempt));
}

/** The TypeScript tools of bridged sessions. Each operation rejects with `not_found`, `expired` or `lost` as a read does. */
export interface SessionTools {
  /**
   * Offers tools: all of them or none. Those that the same place offered before are replaced; another's name is
   * `already_exists`. They go when their owner ends, or the session does.
   */
  register(
    sessionId: string,
    owner: Pid | undefined,
    tools: readonly ToolOffer[],
    options?: StateCallOptions,
  ): Promise<void>;
  /** Takes tools away: of this owner, of these names, or both. Resolves to how many. */
  remove(
    sessionId: string,
    which: { readonly owner?: Pid; readonly names?: readonly string[] },
    options?: StateCallOptions,
  ): Promise<number>;
  /** The tool of this name, exposed or not; undefined when there is none. */
  find(sessionId: string, name: string, options?: StateCallOptions): Promise<SessionTool | undefined>;
  list(sessionId: string, options?: StateCallOptions): Promise<readonly SessionTool[]>;
}

/** The tools of the bridged sessions of a tree. */
export function sessionTools({ system, root }: StateHost): SessionTools {
  const { store } = stateTables(system, root);
  const ask = (id: string, name: string, arg: unknown, options: StateCallOptions = {}): Promise<unknown> => {
    const session = new ActorRef(system, sessionPath(root, id));
    return persist({ system, root, target: `session '${id}'` }, options, (attempt) =>
      askSession(session, store, id, name, arg, attempt),
    );
  };
  return {
    register: async (id, owner, tools, options) => void (await ask(id, 'registerTools', { owner, tools }, options)),
    remove: (id, which, options) => ask(id, 'removeTools', which, options) as Promise<number>,
    find: (id, name, options) => ask(id, 'findTool', name, options) as Promise<SessionTool | undefined>,
    list: (id, options) => ask(id, 'listTools', undefined, options) as Promise<readonly SessionTool[]>,
  };
}
