/**
 * Errors as data and back: with name, message, stack, cause and their own fields, and as instances of the class that
 * they had if it is the language's or this library's. Those of other classes come back as Error, with their name.
 */
import * as library from '../errors.ts';
import * as isolation from './errors.ts';

export interface ErrorMark {
  readonly type: 'error';
  /** The nearest class that the other side has, too. */
  readonly class: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields, among them `name` and `cause`. */
  readonly fields: unknown;
}

type ErrorClass = { readonly name: string; readonly prototype: Error };

const languages = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError];
const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === 'function' && (value === Error || value.prototype instanceof Error);
const classes = new Map(
  [...languages, ...Object.values(library), ...Object.values(isolation)]
    .filter(isErrorClass)
    .map((value) => [value.name, value]),
);

/** Fields that are not enumerable, and belong to an error all the same. */
const hidden = ['name', 'cause', 'errors'];

export function errorMark(error: Error, copy: (part: unknown) => unknown): ErrorMark {
  const fields: Record<string, unknown> = {};
  for (const key of [...hidden, ...Object.keys(error)]) {
    if (Object.hasOwn(error, key)) fields[key] = (error as unknown as Record<string, unknown>)[key];
  }
  // The name of a class that the other side has not is all that is left of it.
  if (fields.name === undefined && error.name !== nearestClass(error)) fields.name = error.name;
  return {
    type: 'error',
    class: nearestClass(error),
    message: error.message,
    stack: error.stack,
    fields: copy(fields),
  };
}

function nearestClass(error: Error): string {
  for (let at = Object.getPrototypeOf(error) as object | null; at !== null; at = Object.getPrototypeOf(at)) {
    const name = at.constructor?.name;
    if (classes.get(name)?.prototype === at) return name;
  }
  return 'Error';
}

export function reviveError(mark: ErrorMark, fill: (part: unknown) => unknown, known: (error: Error) => void): Error {
  const error = new Error(mark.message);
  const { prototype } = classes.get(mark.class) ?? Error;
  Object.setPrototypeOf(error, prototype);
  known(error);
  define(error, 'stack', mark.stack, false);
  if (error instanceof library.ActorError) define(error, Symbol.for('ophion.ActorError'), true, true);
  for (const [key, value] of Object.entries(fill(mark.fields) as Record<string, unknown>)) {
    define(error, key, value, !hidden.includes(key));
  }
  return error;
}

function define(error: Error, key: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
