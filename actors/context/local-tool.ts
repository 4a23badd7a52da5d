/**
 * TypeScript functions that Python may call: exposed on a context, checked at call time, run as supervised tasks
 * with a deadline and a signal. One answers a value, a promise of one, or items one by one (an async generator).
 * `tool()` adds what others want to know of it, and schemas that its arguments and its answer are checked against.
 */
import { ArgumentsError, isAsyncIterable, type LocalToolFunction } from '../../bridge/protocol/index.ts';
import { StateError } from '../core/index.ts';
import {
  checked,
  isStandardSchema,
  type JsonSchema,
  jsonSchemaOf,
  type Misfit,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
  type ToolOffer,
  toolOffer,
  type Value,
} from '../state/index.ts';
import type { Surrounding } from './surrounding.ts';
import { type LocalToolContext, ToolContext } from './tool-context.ts';

// `never`, so that a tool may declare the arguments that it takes. What a tool without a result answers is null.
export type LocalTool = (args: never, context: LocalToolContext) => unknown;

export type LocalTools = Readonly<Record<string, LocalTool | DefinedTool>>;

type Schema = StandardSchema | undefined;
type Arguments<In extends Schema> = In extends StandardSchema ? SchemaOutput<In> : Readonly<Record<string, Value>>;
type Answer<Out extends Schema> = Out extends StandardSchema ? SchemaInput<Out> : unknown;

export interface ToolDefinition<In extends Schema, Out extends Schema, Streams extends boolean> {
  /** What a caller, a language model perhaps, is told of it. Default: nothing. At most 10,000 characters. */
  readonly description?: string;
  /** Checks the arguments, as one object; the function gets what the schema makes of them. Default: all are taken. */
  readonly input?: In;
  /** Checks what it answers, or each item; the caller gets what the schema makes of it. Default: no check. */
  readonly output?: Out;
  /** True: the function answers an async iterable, item by item. Default false. */
  readonly stream?: Streams;
  /** For a library that makes no JSON Schema of its own (draft 2020-12). */
  readonly inputJsonSchema?: JsonSchema;
  readonly outputJsonSchema?: JsonSchema;
}

/** What `tool()` makes, for `context.expose()`. */
export class DefinedTool {
  readonly description: string;
  readonly stream: boolean;
  /** JSON Schema as text; empty when it is not known. */
  readonly inputSchema: string;
  readonly outputSchema: string;
  readonly #input: Schema;
  readonly #output: Schema;
  readonly #run: LocalTool;

  /** Internal: use `tool`. */
  constructor(definition: ToolDefinition<Schema, Schema, boolean>, run: LocalTool) {
    const { description = '', input, output, stream = false } = definition;
    for (const [name, schema] of Object.entries({ input, output })) {
      if (schema !== undefined && !isStandardSchema(schema)) {
        throw new StateError('invalid', `tool: its ${name} is no Standard Schema (it has no '~standard' of version 1)`);
      }
    }
    if (!stream && isGenerator(run)) throw new StateError('invalid', 'tool: a generator needs `stream: true`');
    this.description = description;
    this.stream = stream;
    this.inputSchema = jsonSchemaOf(input, 'input', definition.inputJsonSchema);
    this.outputSchema = jsonSchemaOf(output, 'output', definition.outputJsonSchema);
    this.#input = input;
    this.#output = output;
    this.#run = run;
  }

  /** The function that checks what comes and what goes, under the name that its errors have. */
  handler(name: string, surrounding: Surrounding): LocalToolFunction {
    return this.stream
      ? (args, context) => this.#items(name, args, new ToolContext(context, surrounding))
      : (args, context) => this.#once(name, args, new ToolContext(context, surrounding));
  }

  async #once(name: string, args: Readonly<Record<string, Value>>, context: ToolContext): Promise<unknown> {
    const given = await this.#arguments(name, args);
    const answer = await this.#run(given, context);
    if (isAsyncIterable(answer)) throw new StateError('invalid', 'it answers item by item, which needs `stream: true`');
    return this.#output === undefined ? answer : checked(this.#output, answer, misanswer(name, 'its answer'));
  }

  async *#items(name: string, args: Readonly<Record<string, Value>>, context: ToolContext): AsyncGenerator {
    const given = await this.#arguments(name, args);
    let count = 0;
    for await (const item of this.#run(given, context) as AsyncIterable<unknown>) {
      yield this.#output === undefined ? item : await checked(this.#output, item, misanswer(name, `item ${count}`));
      count += 1;
    }
  }

  async #arguments(name: string, args: Readonly<Record<string, Value>>): Promise<never> {
    const given =
      this.#input === undefined
        ? args
        : await checked(this.#input, args, (misfits) => new ArgumentsError(name, misfits));
    return given as never;
  }
}

/**
 * A TypeScript tool with a description and schemas of any library that has Standard Schema:
 * `expose({ lookup: tool({ input: z.object({ id: z.string() }) }, ({ id }) => find(id)) })`.
 *
 * Arguments that do not fit are StateError `invalid` for the caller, with their places, and the function does not run;
 * an answer that does not fit is the tool's own failure. Throws StateError `invalid` for what is no schema, and for a
 * generator without `stream: true`.
 */
export function tool<In extends Schema = undefined, Out extends Schema = undefined>(
  definition: ToolDefinition<In, Out, true> & { readonly stream: true },
  run: (args: Arguments<In>, context: LocalToolContext) => AsyncIterable<Answer<Out>>,
): DefinedTool;
export function tool<In extends Schema = undefined, Out extends Schema = undefined>(
  definition: ToolDefinition<In, Out, false>,
  run: (args: Arguments<In>, context: LocalToolContext) => Answer<Out> | Promise<Answer<Out>>,
): DefinedTool;
export function tool(definition: ToolDefinition<Schema, Schema, boolean>, run: LocalTool): DefinedTool {
  return new DefinedTool(definition, run);
}

/** What the session is told of a tool. Throws StateError `invalid` for a bad name or description. */
export function offerOf(name: string, one: LocalTool | DefinedTool, surrounding: Surrounding): ToolOffer {
  if (!(one instanceof DefinedTool)) {
    const stream = isGenerator(one);
    return toolOffer({ name, stream, handler: surrounding.around(name, stream, withContext(one, surrounding)) });
  }
  const { description, stream, inputSchema, outputSchema } = one;
  const handler = surrounding.around(name, stream, one.handler(name, surrounding));
  return toolOffer({ name, description, stream, inputSchema, outputSchema, handler });
}

/** The tool as the bridge runs it: it gets the context of this layer. */
function withContext(run: LocalTool, surrounding: Surrounding): LocalToolFunction {
  return (args, context) => run(args as never, new ToolContext(context, surrounding));
}

function misanswer(name: string, what: string): (misfits: readonly Misfit[]) => StateError {
  return (misfits) => {
    const told = misfits.map(({ path, message }) => `${path}: ${message}`).join('; ');
    const details = { tool: name, path: misfits[0]?.path ?? '$', issues: misfits };
    return new StateError('invalid', `${what} does not fit its schema: ${told}`, { details });
  };
}

/** Whether a function is an async generator, as far as it can be told before it is called. */
function isGenerator(run: unknown): boolean {
  return Object.prototype.toString.call(run) === '[object AsyncGeneratorFunction]';
}
