/** Typed refs to the actors of the state layer, by the path of their ophion tree. */

import { DynamicSupervisorRef } from '../../supervisors/index.ts';
import { type ActorSystem, ServerRef } from '../core/index.ts';
import { observers } from './observers.ts';
import { sessionPath, statePaths } from './paths.ts';
import { session } from './session.ts';
import { sessionStore } from './session-store.ts';
import { vault } from './vault.ts';

export interface StateNames {
  readonly root: string;
  readonly vault: ServerRef<typeof vault>;
  readonly observers: ServerRef<typeof observers>;
  readonly store: ServerRef<typeof sessionStore>;
  readonly sessions: DynamicSupervisorRef;
  /** The Session actor of an open bridged session; nobody lives there for any other id. */
  session(sessionId: string): ServerRef<typeof session>;
}

/** Where to find the state layer's actors in a tree whose root has this path. */
export function stateNames(system: ActorSystem, root: string): StateNames {
  const paths = statePaths(root);
  return {
    root,
    vault: new ServerRef(system, paths.vault, vault),
    observers: new ServerRef(system, paths.observers, observers),
    store: new ServerRef(system, paths.store, sessionStore),
    sessions: new DynamicSupervisorRef(system, paths.sessions),
    session: (sessionId) => new ServerRef(system, sessionPath(root, sessionId), session),
  };
}
