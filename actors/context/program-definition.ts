/** What a program is, as data: a DSPy module, a Python function or a TypeScript function, checked when it is registered. */
import type { Value } from '../state/index.ts';
import { ProgramError } from './program-error.ts';
import { parseSignature, type Signature } from './signature.ts';
import type { Inputs, Outputs } from './signature-types.ts';
import { shown } from './signature-values.ts';

/** Parameter of the program to variable of the session: `{ temperature: 'temperature' }`. */
export type Bindings<N extends string = string> = Readonly<Record<string, N>>;

/** How often, and after which pauses, a run is repeated whose language model was down or took no more. */
export interface ProgramRetry {
  /** How often it is run at most. Default 3. */
  readonly attempts?: number;
  /** The first pause, in milliseconds; each next one is twice as long, or as long as the provider says. Default 500. */
  readonly pauseMs?: number;
}

export interface ProgramOptions<S extends string, B extends Bindings> {
  /** `"question: str, context: list[str] -> answer: str"`. Types of inputs and outputs follow from it. */
  readonly signature: S;
  /** Which variable each parameter takes its value from, at every run. Default: none. */
  readonly bind?: B;
  /**
   * Whether running it twice does no harm: then a run whose worker was lost, or whose language model was not to be had,
   * is run again. Default false.
   */
  readonly idempotent?: boolean;
  /** How long a run may take over all attempts, in milliseconds, when it does not say. Default 60,000. */
  readonly timeoutMs?: number;
  /** For an idempotent one. */
  readonly retry?: ProgramRetry;
}

/** A language model: its name for `dspy.LM`, and what else that takes, such as `{ api_base, cache: true }`. */
export interface LanguageModelOptions {
  readonly model: string;
  readonly [option: string]: Value;
}

/**
 * A DSPy module, by the name that `dspy` has for it or by import path: `Predict`, `my_programs:Careful`. The bindings
 * `module` and `lm` choose the module and the language model by a variable.
 */
export interface DspyProgram<S extends string, B extends Bindings> extends ProgramOptions<S, B> {
  readonly dspy: string;
  /** What the language model is told of the task. Default: DSPy makes it of the fields' names. */
  readonly instructions?: string;
  /** What it is told of a field. */
  readonly describe?: Readonly<Partial<Record<(keyof Inputs<S> | keyof Outputs<S>) & string, string>>>;
  /** Arguments of the module's constructor, such as `{ max_iters: 3 }`. */
  readonly options?: Readonly<Record<string, Value>>;
  /** Tools of the context that the module may call, by name. */
  readonly tools?: readonly string[];
  /** The language model. Default: that of the worker, the local one unless `OPHION_LM` names another. */
  readonly lm?: string | LanguageModelOptions;
  /** Whether the begins and ends of modules and tools are told, as events and in the facts. Default false. */
  readonly trace?: boolean;
  /** What words the status messages of a stream: a class by import path. Default: our own words. */
  readonly status?: string;
  /** Which pool runs it. Default: the first that offers it. */
  readonly pool?: string;
}

/** A Python function by its import path; async functions and generators, too. It takes inputs and parameters by name. */
export interface PythonProgram<S extends string, B extends Bindings> extends ProgramOptions<S, B> {
  readonly python: string;
  /** Which pool runs it. Default: the first that has workers. */
  readonly pool?: string;
}

/** What a native program is given beside its inputs. */
export interface NativeContext<P> {
  /** The values of the bound variables, at one revision. */
  readonly parameters: P;
  /** Aborts when the run is given up or its time is over. */
  readonly signal: AbortSignal;
}

/** A piece of text, of the last output or of the one that it names. */
export type NativePiece = string | { readonly text: string; readonly field: string };

/** A program in TypeScript. An async generator yields pieces of text and returns the outputs. */
export interface NativeProgram<S extends string, B extends Bindings, V> extends ProgramOptions<S, B> {
  readonly run: (
    inputs: Required<Inputs<S>>,
    context: NativeContext<Parameters<B, V>>,
  ) => Outputs<S> | Promise<Outputs<S>> | AsyncGenerator<NativePiece, Outputs<S>, undefined>;
}

/** The type of each parameter, from the variable that it is bound to. */
type Parameters<B extends Bindings, V> = { readonly [P in keyof B]: B[P] extends keyof V ? V[B[P]] : Value };

export type ProgramDefinition<S extends string, B extends Bindings, V> =
  | DspyProgram<S, B>
  | PythonProgram<S, B>
  | NativeProgram<S, B, V>;

/** Any definition, once its types have done their work. */
export type AnyDefinition =
  | DspyProgram<string, Bindings>
  | PythonProgram<string, Bindings>
  | NativeProgram<string, Bindings, Readonly<Record<string, Value>>>;

const shared = ['signature', 'bind', 'idempotent', 'timeoutMs', 'retry'];
const fields = {
  dspy: [...shared, 'dspy', 'instructions', 'describe', 'options', 'tools', 'lm', 'trace', 'status', 'pool'],
  python: [...shared, 'python', 'pool'],
  run: [...shared, 'run'],
} as const;

const path = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const plainName = /^[A-Za-z_]\w*$/;

/** Throws ProgramError, or SignatureError, for what can be known of a definition before it is run. */
export function checkDefinition(program: string, definition: AnyDefinition): Signature {
  const refuse = (message: string, code: 'bad_program' | 'bad_module' | 'bad_option' = 'bad_program'): never => {
    throw new ProgramError(code, program, message);
  };
  const kinds = (['dspy', 'python', 'run'] as const).filter((kind) => Object.hasOwn(definition, kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return refuse(`one of dspy, python and run says what it is, not ${kinds.join(' and ') || 'none of them'}`);
  }
  for (const name of Object.keys(definition)) {
    const known: readonly string[] = fields[kind];
    if (!known.includes(name)) refuse(`there is no option '${name}'; there are ${known.join(', ')}`, 'bad_option');
  }
  const signature = parseSignature(definition.signature);
  checkNumbers(definition, (message) => refuse(message, 'bad_option'));
  for (const [parameter, name] of Object.entries(definition.bind ?? {})) {
    if (typeof name !== 'string') refuse(`'${parameter}' is bound to ${shown(name)}, which names no variable`);
  }
  if ('run' in definition && typeof definition.run !== 'function') refuse('its run is no function');
  if ('python' in definition && !path.test(definition.python)) {
    refuse(`its Python function is 'package.module:function', not ${shown(definition.python)}`, 'bad_module');
  }
  if ('dspy' in definition) {
    const { dspy, lm, describe = {} } = definition;
    if (!path.test(dspy) && !plainName.test(dspy)) {
      refuse(`its module is a name in dspy or 'package.module:Name', not ${shown(dspy)}`, 'bad_module');
    }
    const model = typeof lm === 'object' ? lm.model : lm;
    if (lm !== undefined && (typeof model !== 'string' || model === '')) refuse(`its lm has no name: ${shown(lm)}`);
    const named = new Set([...signature.inputs, ...signature.outputs].map(({ name }) => name));
    const stray = Object.keys(describe).find((name) => !named.has(name));
    if (stray !== undefined) refuse(`it describes '${stray}', which its signature does not have`, 'bad_option');
  }
  return signature;
}

function checkNumbers({ timeoutMs, retry = {} }: AnyDefinition, refuse: (message: string) => never): void {
  if (timeoutMs !== undefined && !(timeoutMs > 0)) refuse(`timeoutMs is above 0 milliseconds, not ${timeoutMs}`);
  const { attempts = 1, pauseMs = 0 } = retry;
  if (!Number.isInteger(attempts) || attempts < 1) refuse(`retry.attempts is 1 or more, not ${attempts}`);
  if (!(pauseMs >= 0)) refuse(`retry.pauseMs is 0 milliseconds or more, not ${pauseMs}`);
}
