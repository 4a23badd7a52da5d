/** Parts of paths and pids: `app/jobs/first#3` lives at `app/jobs/first`, under `app/jobs`. */

/** Where an actor lives: its pid without the incarnation; a path as it is. */
export function pathOf(pid: string): string {
  const at = pid.lastIndexOf('#');
  return at === -1 ? pid : pid.slice(0, at);
}

/** Under which path one lives; empty for a root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The last part of a path. */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
