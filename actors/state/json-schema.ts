/** JSON Schema (draft 2020-12) as a constraint of json variables: data, so every host and both languages keep it. */
import { type Schema, Validator } from '@cfworker/json-schema';
import type { Json } from './value.ts';

export type JsonSchema = { readonly [keyword: string]: Json };

/** The most bytes of one JSON Schema, as on the Python side. */
export const schemaBytesMax = 8 * 1024;
/** How many misfits are told. */
export const misfitsMax = 16;
/** How many schemas are kept ready. Records of one declaration share the object. */
const validators = new WeakMap<object, Validator>();

/** What does not fit: `path` is its place, such as `$.rows[3].when`. */
export interface Misfit {
  readonly path: string;
  readonly message: string;
}

export function isJsonSchema(value: unknown): value is JsonSchema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  try {
    if (Buffer.byteLength(JSON.stringify(value)) > schemaBytesMax) return false;
    validatorOf(value).validate(null);
    return true;
  } catch {
    return false; // Said by name there: the constraint cannot be this.
  }
}

/** The first place where a value does not fit; undefined when it does. */
export function misfitOf(schema: JsonSchema, value: Json): Misfit | undefined {
  try {
    const { valid, errors } = validatorOf(schema).validate(value);
    // The last one is of the innermost place: those before it say that something in them does not fit.
    const innermost = valid ? undefined : errors.at(-1);
    return innermost && { path: placeOfPointer(innermost.instanceLocation), message: innermost.error };
  } catch (error) {
    // The schema refers to what is not there.
    return { path: '$', message: (error as Error).message };
  }
}

function validatorOf(schema: object): Validator {
  let known = validators.get(schema);
  if (known === undefined) {
    // It writes into what it is given.
    known = new Validator(structuredClone(schema) as Schema, '2020-12', true);
    validators.set(schema, known);
  }
  return known;
}

const identifier = /^[A-Za-z_]\w*$/;

/** Keys and indices as one place. */
export function placeOf(steps: readonly PropertyKey[]): string {
  const written = steps.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return typeof key === 'string' && identifier.test(key) ? `.${key}` : `[${JSON.stringify(String(key))}]`;
  });
  return `$${written.join('')}`;
}

/** Of a JSON Pointer (RFC 6901) as a fragment: `#/rows/3/when`. */
function placeOfPointer(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return placeOf(
    steps.map((step) => {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      return /^(0|[1-9]\d*)$/.test(key) ? Number(key) : key;
    }),
  );
}
