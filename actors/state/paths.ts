/** Where the actors of the state layer live below the root of an ophion tree. */

export interface StatePaths {
  readonly vault: string;
  readonly observers: string;
  readonly store: string;
  /** The dynamic supervisor of the Session actors. */
  readonly sessions: string;
}

export function statePaths(root: string): StatePaths {
  return {
    vault: `${root}/vault`,
    observers: `${root}/observers`,
    store: `${root}/store`,
    sessions: `${root}/sessions`,
  };
}

/** Where the Session actor of a session lives; its id is the child's id, too. */
export const sessionPath = (root: string, sessionId: string): string => `${root}/sessions/${sessionId}`;
