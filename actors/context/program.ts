/**
 * `Program`: a named module with a signature and bindings of session variables to its parameters. It runs a DSPy
 * module in a Python worker, or a TypeScript function here; what binds reads the variables at one revision.
 */
import { StateError } from '../core/index.ts';
import type { Value } from '../state/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import { parseSignature, type Signature } from './signature.ts';
import type { Inputs, Outputs } from './signature-types.ts';
import { inputFault } from './signature-values.ts';
import type { CalledTool, CallOutcome, ToolOptions, Tools } from './tools.ts';

/** Parameter of the program to variable of the session: `{ temperature: 'temperature' }`. */
export type Bindings<N extends string = string> = Readonly<Record<string, N>>;

export interface ProgramOptions<S extends string, N extends string> {
  /** `"question: str, context: list[str] -> answer: str"`. Types of inputs and outputs follow from it. */
  readonly signature: S;
  /** Which variable each parameter takes its value from, at every run. Default: none. */
  readonly bind?: Bindings<N>;
  /** Whether running it twice does no harm: then a run whose worker was lost is run again. Default false. */
  readonly idempotent?: boolean;
  /** Which pool runs it. Default: the first that offers it. */
  readonly pool?: string;
}

/** A DSPy module, by the name that `dspy` has for it or by import path: `Predict`, `my_programs:Careful`. */
export interface DspyProgram<S extends string, N extends string> extends ProgramOptions<S, N> {
  readonly dspy: string;
  /** Arguments of the module's constructor, such as `{ max_iters: 3 }`. */
  readonly options?: Readonly<Record<string, Value>>;
  /** Tools of the context that the module may call, by name. */
  readonly tools?: readonly string[];
}

/** A program in TypeScript. */
export interface NativeProgram<S extends string, N extends string> extends ProgramOptions<S, N> {
  readonly run: (
    inputs: Inputs<S>,
    context: { readonly parameters: Readonly<Record<string, Value>>; readonly signal: AbortSignal | undefined },
  ) => Outputs<S> | Promise<Outputs<S>>;
}

/** One run, with what is known of it. */
export interface ProgramRun<S extends string> {
  readonly output: Outputs<S>;
  /** The session's revision that the run saw when it began. */
  readonly revision: number;
  /** What the run reported: bound values, LM calls with the parameters that the engine received. */
  readonly facts: Readonly<Record<string, Value>>;
  /** The pid of the worker that ran it; undefined for a native program. */
  readonly worker: string | undefined;
  /** 1, or more when a worker was lost and the run was repeated. */
  readonly attempts: number;
}

/** What a stream yields: pieces of the last output field's text, then the run. */
export type ProgramEvent<S extends string> =
  | { readonly type: 'token'; readonly field: string; readonly text: string }
  | { readonly type: 'run'; readonly run: ProgramRun<S> };

const programTool = 'ophion.program';
const programStream = 'ophion.program_stream';

export class Program<S extends string, N extends string = string> {
  readonly name: string;
  readonly signature: Signature;
  readonly #record: ContextRecord;
  readonly #tools: Tools;
  readonly #definition: DspyProgram<S, N> | NativeProgram<S, N>;

  /** Throws SignatureError, which shows the position of the first fault. */
  constructor(record: ContextRecord, tools: Tools, name: string, definition: DspyProgram<S, N> | NativeProgram<S, N>) {
    this.name = name;
    this.signature = parseSignature(definition.signature);
    this.#record = record;
    this.#tools = tools;
    this.#definition = definition;
  }

  /**
   * Runs it once and answers its outputs. Rejects with StateError `invalid` for wrong inputs and `not_found` for a
   * binding to an unknown variable, before a worker is touched; with ToolError when the program itself failed.
   */
  async run(inputs: Inputs<S>, options?: ToolOptions): Promise<Outputs<S>> {
    return (await this.runDetailed(inputs, options)).output;
  }

  /** As `run`, with revision, facts, worker and number of attempts. */
  async runDetailed(inputs: Inputs<S>, options: ToolOptions = {}): Promise<ProgramRun<S>> {
    await this.#check(inputs);
    const definition = this.#definition;
    if (!('dspy' in definition)) return this.#runHere(definition, inputs, options);
    const outcome = await this.#tools.call(this.#tool(programTool), this.#arguments(definition, inputs), options);
    return this.#runOf(outcome);
  }

  /** Runs it and yields the text of its last output field as it is generated, then the whole run. */
  async *stream(inputs: Inputs<S>, options: ToolOptions = {}): AsyncGenerator<ProgramEvent<S>, void, undefined> {
    await this.#check(inputs);
    const definition = this.#definition;
    if (!('dspy' in definition)) {
      yield { type: 'run', run: await this.#runHere(definition, inputs, options) };
      return;
    }
    const stream = this.#tools.stream(this.#tool(programStream), this.#arguments(definition, inputs), options);
    for await (const item of stream) {
      const token = item as { text: string; field: string };
      yield { type: 'token', field: token.field, text: token.text };
    }
    yield { type: 'run', run: this.#runOf(await stream.outcome) };
  }

  /** The tool that runs it in Python. */
  #tool(name: string): CalledTool {
    const { idempotent, pool } = this.#definition;
    return { name, idempotent, pool };
  }

  #arguments(definition: DspyProgram<S, N>, inputs: Inputs<S>): Record<string, Value> {
    return {
      module: definition.dspy,
      signature: definition.signature,
      bindings: { ...definition.bind },
      inputs: inputs as Record<string, Value>,
      options: { ...definition.options },
      tools: [...(definition.tools ?? [])],
    };
  }

  async #runHere(definition: NativeProgram<S, N>, inputs: Inputs<S>, { signal }: ToolOptions): Promise<ProgramRun<S>> {
    const bound = Object.entries(definition.bind ?? {});
    const snapshot = await (await settledSession(this.#record)).read(bound.map(([, name]) => name));
    const values = new Map(snapshot.variables.map((variable) => [variable.name, variable.value as Value]));
    const parameters = Object.fromEntries(bound.map(([parameter, name]) => [parameter, values.get(name) ?? null]));
    const output = await definition.run(inputs, { parameters, signal });
    return { output, revision: snapshot.revision, facts: { bound: parameters }, worker: undefined, attempts: 1 };
  }

  #runOf(outcome: CallOutcome): ProgramRun<S> {
    return {
      output: outcome.value as Outputs<S>,
      revision: outcome.revision,
      facts: outcome.facts,
      worker: outcome.worker,
      attempts: outcome.attempts,
    };
  }

  /** Inputs and bindings, before a worker is touched. */
  async #check(inputs: Inputs<S>): Promise<void> {
    const fault = inputFault(this.signature, inputs as Record<string, unknown>);
    if (fault !== undefined) throw new StateError('invalid', `program '${this.name}': ${fault}`);
    const bound = Object.entries(this.#definition.bind ?? {});
    if (bound.length === 0) return;
    const { variables } = await (await settledSession(this.#record)).read();
    const known = new Set(variables.map((variable) => variable.name));
    for (const [parameter, name] of bound) {
      if (known.has(name)) continue;
      throw new StateError(
        'not_found',
        `program '${this.name}': parameter '${parameter}' is bound to variable '${name}', which is not declared; ` +
          `declared are ${[...known].join(', ') || 'none'}`,
        { details: { name, parameter } },
      );
    }
  }
}
