/**
 * Standard Schema (standardschema.dev): the one interface that zod, valibot, arktype, effect and others have. Its
 * types stand here so that nobody needs a package for them, with what we do with a schema: check a value, and ask for
 * JSON Schema.
 */
import { type JsonSchema, type Misfit, misfitsMax, placeOf, schemaBytesMax } from './json-schema.ts';

export interface StandardSchema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
    /** Standard JSON Schema, of the libraries that have it. */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

export type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes, and what it makes of it. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

export function isStandardSchema(value: unknown): value is StandardSchema {
  const standard = (value as Partial<StandardSchema> | null | undefined)?.['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** What the schema makes of a value, or what it throws of `refuse`. */
export async function checked<S extends StandardSchema>(
  schema: S,
  value: unknown,
  refuse: (misfits: readonly Misfit[]) => Error,
): Promise<SchemaOutput<S>> {
  const answer = schema['~standard'].validate(value);
  const result = answer instanceof Promise ? await answer : answer;
  if (result.issues === undefined) return result.value as SchemaOutput<S>;
  throw refuse(
    result.issues.slice(0, misfitsMax).map(({ message, path = [] }) => ({ path: placeOfIssue(path), message })),
  );
}

/**
 * JSON Schema (draft 2020-12) as text: the given one, else the library's own; empty when there is neither, or it has
 * more than 8 KiB.
 */
export function jsonSchemaOf(
  schema: StandardSchema | undefined,
  side: 'input' | 'output',
  given: JsonSchema | undefined,
): string {
  const text = JSON.stringify(given ?? (schema === undefined ? undefined : vendorsOwn(schema, side))) ?? '';
  return Buffer.byteLength(text) > schemaBytesMax ? '' : text;
}

function vendorsOwn(schema: StandardSchema, side: 'input' | 'output'): Record<string, unknown> | undefined {
  try {
    return schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' });
  } catch {
    // A library throws for what JSON Schema cannot say.
    return undefined;
  }
}

function placeOfIssue(path: NonNullable<SchemaIssue['path']>): string {
  return placeOf(path.map((segment) => (typeof segment === 'object' ? segment.key : segment)));
}
