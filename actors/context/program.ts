/**
 * `Program`: a named module with a signature and bindings of session variables to its parameters. It runs a DSPy
 * module or a Python function in a worker, or a TypeScript function here; what binds reads the variables at one revision.
 */
import { type ActorSystem, StateError, ToolError } from '../core/index.ts';
import { pause, type Value } from '../state/index.ts';
import type { ContextRecord } from './context-record.ts';
import { Learned, type Learner } from './learned-state.ts';
import { type Optimized, type OptimizeEvent, type OptimizeHost, type OptimizeOptions, optimize } from './optimize.ts';
import { type BatchOptions, type BatchOutcome, outcomesOf } from './program-batch.ts';
import { BoundVariables } from './program-bindings.ts';
import { type AnyDefinition, checkDefinition } from './program-definition.ts';
import { asProgramError, isPassing, ProgramError } from './program-error.ts';
import { type RunEnd, tellRetry, tellRun, tellStart } from './program-events.ts';
import { NativeCall } from './program-native.ts';
import { argumentsOf, named, pieceOf, toolOf } from './program-remote.ts';
import type { Running } from './running.ts';
import type { Signature } from './signature.ts';
import type { Inputs, Outputs } from './signature-types.ts';
import { inputFault, outputFault } from './signature-values.ts';
import type { CallOutcome, ToolOptions, Tools } from './tools.ts';

/** One run, with what is known of it. */
export interface ProgramRun<S extends string> {
  readonly output: Outputs<S>;
  /** The session's revision that the run saw when it began. */
  readonly revision: number;
  /** What the run reported: bound values, LM calls with the parameters that the engine received. */
  readonly facts: Readonly<Record<string, Value>>;
  /** The pid of the worker that ran it; undefined for a native program, and where a middleware has answered. */
  readonly worker: string | undefined;
  /** 1, or more when a worker was lost or the language model was not to be had, and the run was repeated. */
  readonly attempts: number;
}

/** What a stream yields: pieces of an output field's text, what goes on in words when asked for, then the run. */
export type ProgramEvent<S extends string> =
  | { readonly type: 'token'; readonly field: string; readonly text: string }
  | { readonly type: 'status'; readonly text: string }
  | { readonly type: 'run'; readonly run: ProgramRun<S> };

export interface ProgramStreamOptions<S extends string> extends ToolOptions {
  /** The output whose text is streamed. Default: the last one. Other than of DSPy's programs all are. */
  readonly field?: keyof Outputs<S> & string;
  /** Whether the begins and ends of modules, tools and calls of the language model come as `status`. Default false. */
  readonly status?: boolean;
}

/** A context, as far as a program that goes there needs it. */
export interface ProgramHome {
  program(name: string, definition: never): unknown;
}

/** What a program needs of its context. */
export interface ProgramHost {
  readonly system: ActorSystem;
  readonly record: ContextRecord;
  readonly tools: Tools;
  readonly context: OptimizeHost;
}

type Data = Readonly<Record<string, unknown>>;
type Piece = Exclude<ProgramEvent<string>, { readonly type: 'run' }>;
type Ended = Omit<ProgramRun<string>, 'output'> & { readonly output: unknown };
type End = Pick<RunEnd, 'facts' | 'worker' | 'error'>;
/** The options of each run of a batch: a key would make them one. */
type Batched = Omit<ToolOptions, 'idempotencyKey'>;
/** The options of one attempt, whose time is what is left. */
type Attempted<S extends string> = ProgramStreamOptions<S> & { readonly timeoutMs: number };

const defaultTimeoutMs = 60_000;
const defaultAttempts = 3;
const defaultPauseMs = 500;
const longestPauseMs = 30_000;

export class Program<S extends string, P extends string = never> {
  readonly name: string;
  readonly signature: Signature;
  /** What an optimizer has made of it. It is in the session, and every run has it. */
  readonly learned: Learned;
  readonly #host: ProgramHost;
  readonly #definition: AnyDefinition;
  readonly #bound: BoundVariables;
  /** What runs it, when that is no worker. */
  readonly #native: NativeCall | undefined;

  /** Internal: use `context.program`. Throws SignatureError, which shows the position of the first fault; ProgramError. */
  constructor(host: ProgramHost, name: string, definition: AnyDefinition) {
    this.name = name;
    this.signature = checkDefinition(name, definition);
    this.#host = host;
    this.#definition = definition;
    const { bind = {} } = definition;
    this.learned = new Learned(host.record, name, learnsFor(definition));
    this.#bound = new BoundVariables(name, host.record, this.signature, bind, 'dspy' in definition);
    const of = { system: host.system, program: name, signature: this.signature };
    this.#native = 'run' in definition ? new NativeCall(definition, of, this.#bound) : undefined;
  }

  /**
   * Runs it once and answers its outputs. Rejects with StateError `invalid` for wrong inputs and `not_found` for a
   * binding to an unknown variable, with ProgramError `bad_binding` for one that does not fit, before a worker is
   * touched; with ProgramError for what is wrong with the program or its language model; with ToolError when the
   * program itself failed, CallTimeoutError, WorkerLostError.
   */
  async run(inputs: Inputs<S, P>, options?: ToolOptions): Promise<Outputs<S>> {
    return (await this.runDetailed(inputs, options)).output;
  }

  /** As `run`, with revision, facts, worker and number of attempts. */
  async runDetailed(inputs: Inputs<S, P>, options: ToolOptions = {}): Promise<ProgramRun<S>> {
    const run = this.#run(inputs, options, false);
    for (;;) {
      const { done, value } = await run.next();
      if (done === true) return value;
    }
  }

  /**
   * Runs it and yields the text of an output field as it is generated, then the whole run. Leaving the loop stops the
   * generation. Fails as `run` does; it is repeated only while nothing was yielded.
   */
  async *stream(
    inputs: Inputs<S, P>,
    options: ProgramStreamOptions<S> = {},
  ): AsyncGenerator<ProgramEvent<S>, void, undefined> {
    const { field } = options;
    if (field !== undefined && !this.signature.outputs.some(({ name }) => name === field)) {
      throw new ProgramError('bad_option', this.name, `there is no output '${field}' to stream`);
    }
    const run = yield* this.#run(inputs, options, true);
    yield { type: 'run', run };
  }

  /**
   * Runs it on many inputs, 4 at a time; the outcomes are in the order of the inputs. It does not reject for a run that
   * fails, nor when its signal aborts: that is each run's outcome.
   */
  async batch(
    inputs: readonly Inputs<S, P>[],
    options: BatchOptions & Batched = {},
  ): Promise<readonly BatchOutcome<ProgramRun<S>>[]> {
    const outcomes: BatchOutcome<ProgramRun<S>>[] = [];
    for await (const outcome of this.batchStream(inputs, options)) outcomes[outcome.index] = outcome;
    return outcomes;
  }

  /** As `batch`, outcome by outcome as they come. Leaving the loop gives up what is under way. */
  batchStream(
    inputs: readonly Inputs<S, P>[],
    { concurrency, signal, onProgress, ...options }: BatchOptions & Batched = {},
  ): AsyncGenerator<BatchOutcome<ProgramRun<S>>, void, undefined> {
    const run = (one: Inputs<S, P>, given: AbortSignal) => this.runDetailed(one, { ...options, signal: given });
    return outcomesOf(inputs, run, {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  /** The same program in another context, such as that of a trial of a study: with the variables there. */
  in(context: ProgramHome): Program<S, P> {
    return context.program(this.name, this.#definition as never) as Program<S, P>;
  }

  /**
   * Runs an optimizer of DSPy on it, in a worker: events while it works, and its outcome with the scores before and
   * after. What was learned is saved in one commit, and the next run has it. It begins with what the program has learned
   * by now. The lock of `learned.variable` is held all the while, so a second one is refused as `locked`. Leaving the loop
   * or the signal ends it; its progress is kept in the session, so the same call goes on where it was.
   *
   * Rejects with StateError `invalid` for examples that do not fit, before a worker is touched, and `unavailable` for a
   * package that is missing; with ProgramError as `run` does, and for an optimizer or an option that there is not; with
   * ToolError for what the optimizer or the metric threw.
   */
  optimize(options: OptimizeOptions<S, P>): Running<OptimizeEvent, Optimized> {
    const { signature, learned } = this;
    return optimize<S, P>(
      {
        name: this.name,
        signature,
        learned,
        host: this.#host,
        definition: this.#definition,
        bound: this.#bound.inputs,
      },
      options,
    );
  }

  /** One run over all its attempts; told when it has ended, whichever way. */
  async *#run(
    inputs: Inputs<S, P>,
    options: ProgramStreamOptions<S>,
    streams: boolean,
  ): AsyncGenerator<Piece, ProgramRun<S>, undefined> {
    const { system } = this.#host;
    const { retry = {}, idempotent: declared = false, timeoutMs: usual = defaultTimeoutMs } = this.#definition;
    const { idempotent = declared, timeoutMs = usual, idempotencyKey, signal } = options;
    // Under a key it is one call, whose outcome would only be heard again.
    const max = idempotent && idempotencyKey === undefined ? (retry.attempts ?? defaultAttempts) : 1;
    const beganMs = system.runtime.clock.monotonicMs();
    const passedMs = (): number => system.runtime.clock.monotonicMs() - beganMs;
    const end: { -readonly [K in keyof End]: End[K] } = { facts: {}, worker: undefined, error: undefined };
    let attempts = 0;
    tellStart(system, { context: this.#host.record.id, program: this.name });
    try {
      this.#checkInputs(inputs);
      for (let number = 1; ; number += 1) {
        const seen = { pieces: 0 };
        try {
          const leftMs = number === 1 ? timeoutMs : Math.max(1, timeoutMs - passedMs());
          const given = { ...options, idempotent, timeoutMs: leftMs };
          const ended = yield* counted(this.#attempt(inputs, given, streams), seen);
          attempts += ended.attempts;
          end.facts = ended.facts;
          end.worker = ended.worker;
          return { ...ended, attempts, output: this.#checkedOutput(ended.output) };
        } catch (failure) {
          if (failure instanceof ProgramError && failure.code === 'bad_output') throw failure;
          const error = asProgramError(this.name, toolOf(this.#definition, streams), failure);
          attempts += 1;
          end.facts = failure instanceof ToolError ? failure.facts : {};
          const again = isPassing(error) && seen.pieces === 0 && number < max;
          if (!again) throw error;
          const doubled = (retry.pauseMs ?? defaultPauseMs) * 2 ** (number - 1);
          const pauseMs = error.retryAfterMs ?? Math.min(doubled, longestPauseMs);
          if (passedMs() + pauseMs >= timeoutMs) throw error;
          tellRetry(system, { type: 'program.retried', ...this.#of(), attempt: number, pauseMs, error });
          await pause(system, pauseMs, signal);
        }
      }
    } catch (error) {
      end.error = error as Error;
      throw error;
    } finally {
      // Left by its reader, it has no error; what it had done is not known then.
      tellRun(system, { ...this.#of(), ...end, attempts, ms: passedMs() });
    }
  }

  /** Runs it once, here or in a worker, with the bound variables as they are then. */
  async *#attempt(
    inputs: Inputs<S, P>,
    options: Attempted<S>,
    streams: boolean,
  ): AsyncGenerator<Piece, Ended, undefined> {
    const definition = this.#definition;
    // Refused before a worker is touched; what runs here reads them itself.
    if (this.#native === undefined) await this.#bound.read();
    const { field, status, ...toolOptions } = options;
    const pool = 'run' in definition ? undefined : definition.pool;
    const tool = { name: toolOf(definition, streams), pool, program: this.name, here: this.#native };
    if ('dspy' in definition) await this.learned.check();
    const args = argumentsOf(definition, inputs as Data, this.learned.variable);
    if (!streams) return endedOf(await this.#host.tools.call(tool, args, toolOptions));
    const stream = this.#host.tools.stream(
      tool,
      'dspy' in definition ? { ...args, field: field ?? null, status_messages: status ?? false } : args,
      toolOptions,
    );
    const last = this.signature.outputs.at(-1)?.name ?? '';
    for await (const item of stream) yield pieceOf(item as Readonly<Record<string, string>>, last);
    return endedOf(await stream.outcome);
  }

  #checkInputs(inputs: Inputs<S, P>): void {
    const fault = inputFault(this.signature, inputs as Data, this.#bound.inputs);
    if (fault !== undefined) throw new StateError('invalid', `program '${this.name}': ${fault}`);
  }

  #checkedOutput(answered: unknown): Outputs<S> {
    const output = 'python' in this.#definition ? named(this.signature, answered) : answered;
    const fault = outputFault(this.signature, output);
    if (fault === undefined) return output as Outputs<S>;
    throw new ProgramError('bad_output', this.name, fault);
  }

  #of(): { readonly context: string; readonly program: string; readonly worker: undefined } {
    return { context: this.#host.record.id, program: this.name, worker: undefined };
  }
}

/** What its learned state must have been learned for; undefined for what learns nothing. */
function learnsFor(definition: AnyDefinition): Learner | undefined {
  if (!('dspy' in definition)) return undefined;
  const { dspy, signature, bind = {} } = definition;
  // Which module it is may be a variable's value, which the worker knows.
  return { module: Object.hasOwn(bind, 'module') ? undefined : dspy, signature };
}

/** The same run, its pieces counted. */
async function* counted<T, R>(
  run: AsyncGenerator<T, R, undefined>,
  seen: { pieces: number },
): AsyncGenerator<T, R, undefined> {
  try {
    for (;;) {
      const { done, value } = await run.next();
      if (done === true) return value;
      seen.pieces += 1;
      yield value;
    }
  } finally {
    await run.return(undefined as never);
  }
}

function endedOf({ value, revision, facts, worker, attempts }: CallOutcome): Ended {
  return { output: value, revision, facts, worker: worker === '' ? undefined : worker, attempts };
}
