/**
 * Secret variables: their values go to whoever reads them, and nowhere else. What is made for people to look at (logs,
 * traces, inspection, errors) calls `toJSON` or Node's inspection; both leave the value out.
 */
import type { StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';

/** The key of Node's inspection, as `console.log` uses it. */
export const inspection = Symbol.for('nodejs.util.inspect.custom');

/** Whether constraints say that the value is a secret. */
export function isSecret(constraints: object): boolean {
  return (constraints as { readonly secret?: boolean }).secret === true;
}

/** Leaves this key out of what an object shows of itself. The object must not be frozen yet. */
export function concealed<T extends object>(object: T, key: keyof T): T {
  const show = (): object => Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  Object.defineProperty(object, 'toJSON', { value: show });
  Object.defineProperty(object, inspection, { value: show });
  return object;
}

/** The error of a secret that does not fit: it tells neither the value nor anything of it. */
export function secretRefused(variable: string, type: string, constraint: string | undefined): StateError {
  const why = constraint === undefined ? `is no ${type}` : `breaks its constraint ${constraint}`;
  return invalid(`variable '${variable}': its secret value ${why}`, {
    variable,
    type,
    ...(constraint === undefined ? {} : { constraint }),
  });
}
