/** What programs tell: each run's begin and end, each call of a language model with its tokens and cost, each step when asked to. */
import type { ActorSystem } from '../core/index.ts';
import type { Value } from '../state/index.ts';

/** One call of a language model. What its side does not tell is undefined. */
export interface LmCall {
  readonly model: string;
  /** True for the stand-in that answers where no model is installed. */
  readonly standIn: boolean;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  /** US dollars; 0 for a model of this machine and for what the cache had. */
  readonly cost: number | undefined;
  /** Whether DSPy's cache had the answer. */
  readonly cached: boolean;
  readonly streamed: boolean;
  readonly ms: number | undefined;
  readonly temperature: number | undefined;
  /** The type of the error that it failed with. */
  readonly error: string | undefined;
}

interface OfRun {
  readonly context: string;
  readonly program: string;
  /** The pid of the worker that ran it; undefined for a native program, and where no run came to an end. */
  readonly worker: string | undefined;
}

export type ProgramSystemEvent =
  | ({ readonly type: 'program.started' } & Omit<OfRun, 'worker'>)
  | ({ readonly type: 'program.lm_called'; readonly call: LmCall } & OfRun)
  | ({
      readonly type: 'program.step';
      readonly kind: 'module' | 'tool';
      readonly name: string;
      readonly ms: number;
      readonly error: string | undefined;
    } & OfRun)
  | ({
      readonly type: 'program.ended';
      readonly ms: number;
      readonly attempts: number;
      /** How many calls of language models it made. */
      readonly lmCalls: number;
      readonly error: Error | undefined;
    } & OfRun)
  /** The language model was not to be had, and the run is made again after a pause. */
  | ({
      readonly type: 'program.retried';
      readonly attempt: number;
      readonly pauseMs: number;
      readonly error: Error;
    } & OfRun);

type Facts = Readonly<Record<string, unknown>>;

/** How a run ended, for whoever listens. */
export interface RunEnd extends OfRun {
  readonly facts: Facts;
  readonly ms: number;
  readonly attempts: number;
  readonly error: Error | undefined;
}

/** Tells that a run begins. */
export function tellStart(system: ActorSystem, of: Omit<OfRun, 'worker'>): void {
  if (system.events.heard('program.started')) system.emit({ type: 'program.started', ...of } as ProgramSystemEvent);
}

/** Tells of a run that has ended, and of what it did: at most the 64 calls and 256 steps that its facts keep. */
export function tellRun(system: ActorSystem, { context, program, worker, facts, ms, attempts, error }: RunEnd): void {
  const emit = (event: ProgramSystemEvent): void => {
    if (system.events.heard(event.type)) system.emit(event);
  };
  const of = { context, program, worker };
  for (const fact of rows(facts.lm_calls)) emit({ type: 'program.lm_called', ...of, call: lmCallOf(fact) });
  for (const step of rows(facts.steps)) {
    const kind = step.kind === 'tool' ? 'tool' : 'module';
    emit({
      type: 'program.step',
      ...of,
      kind,
      name: String(step.name),
      ms: Number(step.ms),
      error: text(step.error),
    });
  }
  emit({ type: 'program.ended', ...of, ms, attempts, lmCalls: number(facts.lm_calls_total) ?? 0, error });
}

/** Tells that a run is made again. */
export function tellRetry(system: ActorSystem, event: Extract<ProgramSystemEvent, { type: 'program.retried' }>): void {
  if (system.events.heard(event.type)) system.emit(event);
}

function lmCallOf(fact: Facts): LmCall {
  return {
    model: text(fact.model) ?? '',
    standIn: fact.stand_in === true,
    promptTokens: number(fact.prompt_tokens),
    completionTokens: number(fact.completion_tokens),
    cost: number(fact.cost),
    cached: fact.cached === true,
    streamed: fact.streamed === true,
    ms: number(fact.ms),
    temperature: number(fact.temperature),
    error: text(fact.error),
  };
}

const rows = (fact: unknown): readonly Readonly<Record<string, Value>>[] => (Array.isArray(fact) ? fact : []);
const number = (fact: unknown): number | undefined => (typeof fact === 'number' ? fact : undefined);
const text = (fact: unknown): string | undefined => (typeof fact === 'string' ? fact : undefined);
