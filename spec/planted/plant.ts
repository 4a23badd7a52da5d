import type { StateSession } from '../../actors/state/index.ts';

/** How a bug is planted: something is replaced until it is taken out again. */
export interface PlantedBug {
  /** What the exploration says of it. */
  readonly said: RegExp;
  /** Plants it; what this returns takes it out. */
  plant(): () => void;
}

/**
 * Replaces a method, its own or an inherited one, until what this returns is called. Fails when there is none to
 * replace. A bug must not count from run to run: two runs of one seed are compared.
 */
export function patch<T extends object, K extends keyof T>(
  target: T,
  name: K,
  replace: (old: T[K]) => T[K],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const old = target[name];
  if (typeof old !== 'function')
    throw new TypeError(`no ${String(name)} to plant a bug in: bring spec/planted up to date`);
  Object.defineProperty(target, name, { configurable: true, writable: true, value: replace(old) });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

/** Has sessions commit without a part of what is asked for, as if it had not been said. */
export const commitsWithout = (session: Pick<StateSession, 'commit'>, part: 'expect' | 'fences'): (() => void) =>
  patch(
    session,
    'commit',
    (commit) =>
      function (this: typeof session, request, options) {
        const { [part]: _ignored, ...rest } = request;
        return commit.call(this, rest, options);
      },
  );
