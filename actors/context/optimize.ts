/**
 * An optimizer of DSPy at work on a program, in a worker. It holds the lock of the program's learned state from its
 * beginning to its end, goes on in another worker when its own is lost, and saves what was learned in one commit.
 */
import { createHash } from 'node:crypto';
import { StateError, WorkerLostError } from '../core/index.ts';
import { type Commit, FollowedSession, fenced, type Lock, type LockOptions, type Value } from '../state/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import type { Learned, LearnedState } from './learned-state.ts';
import type { LocalTools } from './local-tool.ts';
import { missingPackage } from './missing-package.ts';
import type { AnyDefinition, Bindings, DspyProgram } from './program-definition.ts';
import { asProgramError } from './program-error.ts';
import { argumentsOf } from './program-remote.ts';
import { Running } from './running.ts';
import type { Signature } from './signature.ts';
import type { Inputs, Outputs } from './signature-types.ts';
import { inputFault } from './signature-values.ts';
import type { ToolOptions, Tools } from './tools.ts';

/** Inputs with the outputs that are wanted, by field. */
export type OptimizeExample<S extends string, P extends string = never> = Inputs<S, P> & Partial<Outputs<S>>;

/** What a metric is asked about. */
export interface Scored<S extends string, P extends string = never> {
  readonly example: OptimizeExample<S, P>;
  readonly prediction: Outputs<S>;
  /** Whether the prediction is to be a demonstration, for which a metric may ask for more. */
  readonly bootstrapping: boolean;
  /** Which predictor of the program GEPA asks about; undefined where the whole is scored. */
  readonly predictor?: string;
}

/** How good a prediction is, greater is better; a feedback says why, for an optimizer that reads it (GEPA). */
export type Score = number | boolean | { readonly score: number; readonly feedback?: string };

export type Metric<S extends string, P extends string = never> = (
  scored: Scored<S, P>,
  signal: AbortSignal,
) => Score | Promise<Score>;

export interface OptimizeOptions<S extends string, P extends string = never> {
  /** A name that dspy has, such as `BootstrapFewShot`, `MIPROv2` or `GEPA`, or an import path: `my_optimizers:Mine`. */
  readonly optimizer: string;
  readonly trainset: readonly OptimizeExample<S, P>[];
  /** What candidates are scored on. Default: the trainset. */
  readonly valset?: readonly OptimizeExample<S, P>[];
  /** A function here, or the import path of one in Python with the arguments that DSPy gives: `my_metrics:exact`. */
  readonly metric: Metric<S, P> | string;
  /**
   * Tells metrics apart: scores of another version are not used again. Default: the text of the function, which does not
   * tell what it closes over.
   */
  readonly metricVersion?: string;
  /** Parameters of the optimizer, of its constructor or of `compile`, under the names that DSPy has for them. */
  readonly options?: Readonly<Record<string, Value>>;
  /** Of the optimizer, and of the language model where it runs in the worker. Default 0. */
  readonly seed?: number;
  /** When what was learned becomes the program's: unless it scores less than the program did (`better`, the default). */
  readonly save?: 'better' | 'always' | 'never';
  /** In how many workers it may run, one after the other, when one is lost. Default 3. */
  readonly maxAttempts?: number;
  /** The whole of it, in milliseconds. Default: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Which pool runs it; one worker of it is busy all the while. Default: that of the program. */
  readonly pool?: string;
}

export type OptimizePhase = 'before' | 'optimize' | 'after';

export type OptimizeEvent =
  /** It began in a worker: `remembered` answers and scores of a run that was broken off are known. */
  | { readonly type: 'began'; readonly attempt: number; readonly remembered: number }
  /** `before` and `after` score the program as it was and as it is then. */
  | { readonly type: 'phase'; readonly phase: OptimizePhase }
  /** One prediction was scored, or its score was known; `of` how many, where that is known. */
  | {
      readonly type: 'progress';
      readonly phase: OptimizePhase;
      readonly step: number;
      readonly of?: number;
      readonly remembered: boolean;
    }
  /** The optimizer has scored a candidate on so many examples. */
  | { readonly type: 'candidate'; readonly score: number; readonly best: number; readonly examples: number }
  /** The worker was lost; it goes on in another one. */
  | { readonly type: 'interrupted'; readonly attempt: number; readonly error: Error };

export interface Optimized {
  /** The mean score of the program as it was. */
  readonly before: number;
  /** That of what was learned, on the same examples. */
  readonly after: number;
  /** The scores of the candidates, in order; the last 1,000. */
  readonly candidates: readonly number[];
  readonly learned: LearnedState;
  /** The commit that has saved it; undefined when it was not saved. */
  readonly saved: Commit | undefined;
  /** How often the metric was asked in the last worker, and how often it did not have to be. */
  readonly evaluations: number;
  readonly remembered: number;
  /** Calls of the language model in the last worker. */
  readonly lmCalls: number;
  /** Whether there was more to keep than may be kept, 16 MiB: a run that goes on does the rest again. */
  readonly journalFull: boolean;
}

/** What an optimization needs of the context. */
export interface OptimizeHost {
  lock(name: never, options?: LockOptions): Promise<Lock>;
  expose(tools: LocalTools): Promise<void>;
  unexpose(...names: readonly string[]): Promise<number>;
}

/** A program, as an optimization sees it. */
export interface OptimizeTarget {
  readonly name: string;
  readonly signature: Signature;
  readonly learned: Learned;
  readonly host: { readonly record: ContextRecord; readonly tools: Tools; readonly context: OptimizeHost };
  readonly definition: AnyDefinition;
  /** The inputs that are bound to variables. */
  readonly bound: ReadonlySet<string>;
}

const optimizeTool = 'ophion.optimize';

interface Finished {
  readonly learned: LearnedState;
  readonly before: number;
  readonly after: number;
  readonly candidates: readonly number[];
  readonly evaluations: number;
  readonly remembered: number;
  readonly lm_calls: number;
  readonly journal_full: boolean;
}

/** Where it runs, and how long. */
type Where = { readonly pool?: string | undefined; readonly maxAttempts?: number; readonly timeoutMs?: number };

/** See `Program.optimize`. */
export function optimize<S extends string, P extends string>(
  target: OptimizeTarget,
  options: OptimizeOptions<S, P>,
): Running<OptimizeEvent, Optimized> {
  return new Running<OptimizeEvent, Optimized>(async (tell, signal) => {
    const definition = check(target, options);
    const { learned, host } = target;
    const { record, context } = host;
    const session = new FollowedSession(() => settledSession(record));
    // What is not there cannot be locked.
    await session.commit({ declare: learned.declaration }, { signal });
    await using lock = await context.lock(learned.variable as never, { policy: 'abort', signal });
    await using metric = await exposed(target, options);
    const { inputs: _, ...program } = argumentsOf(definition, {}, learned.variable);
    const args = {
      program,
      optimizer: options.optimizer,
      metric: metric.name,
      journal: journalOf(target.name),
      options: { ...options.options },
      sets: {
        trainset: options.trainset as readonly Value[],
        valset: (options.valset ?? null) as Value,
        metric_id: metric.id,
        seed: options.seed ?? 0,
      },
    };
    const finished = await inSomeWorker(
      target,
      { pool: definition.pool, ...options },
      args,
      tell,
      AbortSignal.any([signal, lock.lost]),
    );
    const { save = 'better' } = options;
    const taken = save === 'always' || (save === 'better' && finished.after >= finished.before);
    const { variables } = await session.read();
    const commit = await fenced(session, { [lock.name]: lock.fence }).commit({
      // Progress is of no use any more.
      remove: variables.map(({ name }) => name).filter(isJournalOf(target.name)),
      ...(taken ? { set: { [learned.variable]: finished.learned as unknown as Value } } : {}),
    });
    const { before, after, candidates, evaluations, remembered } = finished;
    return {
      before,
      after,
      candidates,
      learned: finished.learned,
      saved: taken ? commit : undefined,
      evaluations,
      remembered,
      lmCalls: finished.lm_calls,
      journalFull: finished.journal_full,
    };
  }, options.signal);
}

/** Runs it in a worker, and in the next one when that is lost: what was found out is in the session. */
async function inSomeWorker(
  { name, host }: OptimizeTarget,
  { maxAttempts = 3, timeoutMs = Number.POSITIVE_INFINITY, pool }: Where,
  args: Readonly<Record<string, Value>>,
  tell: (event: OptimizeEvent) => void,
  signal: AbortSignal,
): Promise<Finished> {
  const options: ToolOptions = { timeoutMs, signal, ...(pool === undefined ? {} : { pool }) };
  for (let attempt = 1; ; attempt += 1) {
    const stream = host.tools.stream({ name: optimizeTool, program: name }, args, options);
    try {
      for await (const item of stream) {
        const event = item as OptimizeEvent;
        tell(event.type === 'began' ? { ...event, attempt } : event);
      }
      return (await stream.outcome).value as unknown as Finished;
    } catch (error) {
      if (!(error instanceof WorkerLostError) || attempt >= maxAttempts || signal.aborted) {
        throw asProgramError(name, optimizeTool, missingPackage(error));
      }
      tell({ type: 'interrupted', attempt, error });
    }
  }
}

/** Where progress is kept: this variable, and those of its name with a number. No other context inherits them. */
function journalOf(program: string): string {
  return `ophion.optimizing.${program}`;
}

function isJournalOf(program: string): (name: string) => boolean {
  const journal = journalOf(program);
  return (name) => name === journal || (name.startsWith(`${journal}.`) && /^\d+$/.test(name.slice(journal.length + 1)));
}

/** Lets Python call the metric, under a name that nobody else knows. */
async function exposed<S extends string, P extends string>(
  { host: { context, record }, name }: OptimizeTarget,
  { metric, metricVersion }: OptimizeOptions<S, P>,
): Promise<{ readonly name: string; readonly id: string } & AsyncDisposable> {
  if (typeof metric === 'string') {
    return { name: metric, id: metricVersion ?? metric, [Symbol.asyncDispose]: async () => {} };
  }
  // One optimization of a program at a time: its lock sees to it.
  const tool = `ophion.metric.${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
  await context.expose({ [tool]: (scored: Scored<S, P>, { signal }) => metric(scored, signal) });
  return {
    name: `tool:${tool}`,
    id: metricVersion ?? createHash('sha256').update(String(metric)).digest('hex'),
    [Symbol.asyncDispose]: async () => {
      // With the session its tools are gone.
      if (!record.closed) await context.unexpose(tool).catch(() => {});
    },
  };
}

/** The program that is optimized. Throws StateError `invalid` for what can be told to be wrong before a worker is touched. */
function check<S extends string, P extends string>(
  { name, signature, definition, bound }: OptimizeTarget,
  options: OptimizeOptions<S, P>,
): DspyProgram<string, Bindings> {
  const invalid = (message: string) => new StateError('invalid', `program '${name}': ${message}`);
  if (!('dspy' in definition)) throw invalid('is no DSPy module: there is nothing to optimize');
  if (options.trainset.length === 0) throw invalid('the trainset has no example');
  const inputs = new Set(signature.inputs.map((field) => field.name));
  for (const set of ['trainset', 'valset'] as const) {
    for (const [number, example] of (options[set] ?? []).entries()) {
      const given = Object.fromEntries(Object.entries(example).filter(([field]) => inputs.has(field)));
      const fault = inputFault(signature, given, bound);
      if (fault !== undefined) throw invalid(`example ${number} of the ${set}: ${fault}`);
    }
  }
  return definition;
}
