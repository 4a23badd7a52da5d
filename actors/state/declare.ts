/**
 * Declarations: `float({ min: 0, max: 2, default: 0.7 })`. The types of the values follow from them. Each is
 * validated where it is written; a wrong one throws StateError `invalid`.
 */
import { StateError } from '../core/index.ts';
import { constraintsIn, constraintsOf, nameLengthMax } from './constraint-rules.ts';
import { coerce, isVariableType } from './constraints.ts';
import { invalid } from './invalid.ts';
import type { JsonSchema } from './json-schema.ts';
import { concealed, isSecret, secretRefused } from './secret.ts';
import { isStandardSchema, jsonSchemaOf, type SchemaInput, type StandardSchema } from './standard-schema.ts';
import { type Stored, store } from './stored.ts';
import type { CommonConstraints, ConstraintsOf, Declaration, Declarations, ValueOf, VariableType } from './types.ts';
import { dtypes, elementCount, equalValues, type Json, show, Tensor } from './value.ts';

export interface Described {
  /** For people, and for the model that is told about the variable. */
  readonly description?: string;
}

type Options<T extends VariableType, V = ValueOf[T]> = ConstraintsOf[T] & Described & { readonly default?: V };

/** True or false. Default false. */
export const boolean = (options: Options<'boolean'> = {}) => of('boolean', options);

/** A whole number. Default 0, or the bound nearest to it. */
export const integer = (options: Options<'integer'> = {}): Declaration<'integer'> => of('integer', options);

/** A double. Default 0, or the bound nearest to it. */
export const float = (options: Options<'float'> = {}): Declaration<'float'> => of('float', options);

/** Text. Default empty, or the first of its choices. */
export const string = (options: Options<'string'> = {}): Declaration<'string'> => of('string', options);

/** One of some words. Default the first. */
export function choice<const C extends string>(
  choices: readonly C[],
  options: Described & CommonConstraints & { readonly default?: NoInfer<C> } = {},
): Declaration<'choice', C> {
  return of('choice', { ...options, choices }) as Declaration<'choice', C>;
}

/** The name of a class or module. Default the first of `modules`; without them a default must be given. */
export function module<const M extends string = string>(
  options: Described & CommonConstraints & { readonly modules?: readonly M[]; readonly default?: NoInfer<M> } = {},
): Declaration<'module', M> {
  return of('module', options) as Declaration<'module', M>;
}

/** A list of doubles. Default `dimensions` zeros. */
export const embedding = (options: Options<'embedding'> = {}): Declaration<'embedding'> => of('embedding', options);

/** A dense array. Default zeros of `shape` with 0 for any size. */
export const tensor = (options: Options<'tensor'> = {}): Declaration<'tensor'> => of('tensor', options);

interface SchemaOptions<S extends StandardSchema> extends Described, CommonConstraints {
  readonly schema: S;
  /** For a library that makes no JSON Schema of its own (draft 2020-12). */
  readonly jsonSchema?: JsonSchema;
  readonly default: NoInfer<SchemaInput<S> & Json>;
}

/**
 * Anything that JSON can say. Default null.
 *
 * With a `schema` of a library that has Standard Schema, what it takes: the type of the value follows from it. Kept, and
 * checked wherever it is written, in both languages and on every host, is the JSON Schema that the library makes of it:
 * what that cannot say (refinements) is not checked, and nothing is transformed. Throws StateError `invalid` when it
 * makes none.
 */
export function json<S extends StandardSchema>(options: SchemaOptions<S>): Declaration<'json', SchemaInput<S> & Json>;
export function json(options?: Options<'json'>): Declaration<'json'>;
export function json({
  schema,
  jsonSchema,
  ...options
}: Omit<Options<'json'>, 'schema'> & {
  readonly schema?: StandardSchema | JsonSchema;
  readonly jsonSchema?: JsonSchema;
} = {}): Declaration<'json'> {
  if (schema === undefined) return of('json', options);
  return of('json', { ...options, schema: isStandardSchema(schema) ? keptOf(schema, jsonSchema) : schema });
}

function keptOf(schema: StandardSchema, given: JsonSchema | undefined): JsonSchema {
  const text = jsonSchemaOf(schema, 'input', given);
  if (text !== '') return JSON.parse(text) as JsonSchema;
  const vendor = schema['~standard'].vendor;
  throw invalid(`json: ${vendor} makes no JSON Schema of this, or none of at most 8 KiB: give \`jsonSchema\``);
}

/** Raw bytes. Default none. */
export const bytes = (options: Options<'bytes'> = {}): Declaration<'bytes'> => of('bytes', options);

function of<T extends VariableType>(type: T, options: Options<T>): Declaration<T> {
  return make(type, constraintsIn(type, options), options);
}

/** A set of declarations by name; checks the names. */
export function declare<const D extends Declarations>(declarations: D): D {
  for (const name of Object.keys(declarations)) checkName(name);
  return Object.freeze({ ...declarations });
}

/** Throws StateError `invalid` for a name that no variable can have. */
export function checkName(name: unknown): asserts name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (typeof name !== 'string' || name === '' || name.length > nameLengthMax || /[\u0000-\u001f\u007f]/.test(name)) {
    throw invalid(
      `variable ${show(name)}: a name is 1 to ${nameLengthMax} characters, none of them a control character`,
    );
  }
}

/** Checks a declaration that came from elsewhere, such as from Python, and makes its stored form. */
export function declarationOf(name: string, given: unknown): Declaration {
  if (given instanceof Checked) return given as Declaration;
  const { type, constraints = {}, description = '', default: initial } = (given ?? {}) as Partial<Declaration>;
  if (!isVariableType(type)) throw invalid(`variable '${name}': ${show(type)} is no type`, { variable: name });
  if (typeof description !== 'string')
    throw invalid(`variable '${name}': description must be a string`, { variable: name });
  return make(type, constraints as Readonly<Record<string, unknown>>, { description, default: initial as never }, name);
}

/** Whether two declarations ask for the same kind of variable. */
export function sameKind(
  a: Pick<Declaration, 'type' | 'constraints'>,
  b: Pick<Declaration, 'type' | 'constraints'>,
): boolean {
  return a.type === b.type && (a.constraints === b.constraints || equalValues(a.constraints, b.constraints));
}

/** Tells declarations that have been checked. */
class Checked<T extends VariableType> implements Declaration<T> {
  readonly type: T;
  readonly default: ValueOf[T];
  readonly constraints: ConstraintsOf[T];
  readonly description: string;
  /** How many bytes the default has. */
  readonly bytes: number;

  constructor(type: T, initial: ValueOf[T], constraints: ConstraintsOf[T], description: string, bytes: number) {
    this.type = type;
    this.default = initial;
    this.constraints = constraints;
    this.description = description;
    this.bytes = bytes;
    if (isSecret(constraints)) concealed<Declaration>(this, 'default');
    Object.freeze(this);
  }
}

function make<T extends VariableType>(
  type: T,
  given: Readonly<Record<string, unknown>>,
  { default: initial, description = '' }: Described & { readonly default?: ValueOf[T] | undefined },
  name = `a ${type}`,
): Declaration<T> {
  const constraints = constraintsOf(name, type, given);
  const first = initial === undefined ? neutral[type](constraints as never) : initial;
  if (first === undefined) throw invalid(`variable '${name}': a ${type} needs a default`, { variable: name });
  const stored = storedFor(name, type, isSecret(constraints), first);
  return new Checked(type, coerce(name, type, constraints, stored.value), constraints, description, stored.bytes);
}

/** The stored form of a value for a variable; what a secret one is does not stand in the error. */
export function storedFor(name: string, type: string, secret: boolean, value: unknown): Stored {
  try {
    return store(`variable '${name}'`, value);
  } catch (error) {
    if (secret && error instanceof StateError && error.code === 'invalid') throw secretRefused(name, type, undefined);
    throw error;
  }
}

const nearest = ({ min, max }: { readonly min?: number; readonly max?: number }): number =>
  min !== undefined && min > 0 ? min : max !== undefined && max < 0 ? max : 0;

/** What a variable begins with when nothing is said. */
const neutral: { readonly [T in VariableType]: (constraints: ConstraintsOf[T]) => ValueOf[T] | undefined } = {
  boolean: () => false,
  integer: nearest,
  float: nearest,
  string: ({ choices }) => choices?.[0] ?? '',
  choice: ({ choices }) => choices[0],
  module: ({ modules }) => modules?.[0],
  embedding: ({ dimensions = 0 }) => new Array<number>(dimensions).fill(0),
  tensor: ({ shape = [0], dtype = 'float64' }) => {
    const sizes = shape.map((size) => size ?? 0);
    return new Tensor(dtype, sizes, new Uint8Array(elementCount(sizes) * dtypes[dtype]));
  },
  json: (): Json => null,
  bytes: () => new Uint8Array(0),
};
