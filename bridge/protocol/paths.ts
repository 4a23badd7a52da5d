/** Where the parts of the bridge live, below the root of an ophion tree (`app/ophion`). */
export const paths = {
  bridge: (root: string): string => `${root}/bridge`,
  links: (root: string): string => `${root}/links`,
  tasks: (root: string): string => `${root}/tasks`,
  poolManager: (root: string, pool: string): string => `${root}/pools/${pool}/manager`,
} as const;
