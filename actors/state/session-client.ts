/**
 * Calling Session actors from anywhere in this process: finds them again after any restart, and has the store start
 * one that is not there.
 */
import { ActorRef, call, type Pid } from '../core/index.ts';
import { isHere } from './guests.ts';
import type { StateHost } from './local-state.ts';
import { sessionPath } from './paths.ts';
import type { StateProvider } from './provider.ts';
import { type Attempt, callOptions, persist } from './retry.ts';
import type { StateCallOptions } from './session-data.ts';
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

/**
 * The tools of the sessions of a tree: of bridged ones, and those that are offered here in sessions that other providers
 * hold. `usual` finds a session that nobody has placed; default: it is a bridged one.
 */
export function sessionTools({ system, root }: StateHost, usual?: StateProvider): SessionTools {
  const { store } = stateTables(system, root);
  /** Answers `none` for a session that has no tools here. */
  const ask = (id: string, name: string, arg: unknown, options: StateCallOptions = {}, none?: unknown) => {
    const session = new ActorRef(system, sessionPath(root, id));
    return persist({ system, root, target: `session '${id}'` }, options, async (attempt) => {
      const here = await isHere({ system, root }, usual, id, name === 'registerTools', attempt);
      return here ? askSession(session, store, id, name, arg, attempt) : none;
    });
  };
  return {
    register: async (id, owner, tools, options) => void (await ask(id, 'registerTools', { owner, tools }, options)),
    remove: (id, which, options) => ask(id, 'removeTools', which, options, 0) as Promise<number>,
    find: (id, name, options) => ask(id, 'findTool', name, options) as Promise<SessionTool | undefined>,
    list: (id, options) => ask(id, 'listTools', undefined, options, []) as Promise<readonly SessionTool[]>,
  };
}
