/**
 * The learned state of a program: what an optimizer has made of it (DSPy's `dump_state()`: demonstrations,
 * instructions). It is a variable of the session, so every run loads it, in whatever worker, and it moves, is
 * exported, kept and rolled back as the other variables are.
 */
import { StateError } from '../core/index.ts';
import {
  type Commit,
  type CommitRequest,
  FollowedSession,
  json,
  type StateCallOptions,
  type Value,
} from '../state/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import { parseSignature } from './signature.ts';

/** A learned state and what it was learned for. */
export interface LearnedState {
  /** The DSPy module that has it, as the program names it. */
  readonly module: string;
  readonly signature: string;
  /** What DSPy's `dump_state()` gave: by predictor. */
  readonly state: Readonly<Record<string, Value>>;
  /** The optimizer that has made it. */
  readonly optimizer?: string;
  /** The version of DSPy that has made it. */
  readonly dspy?: string;
}

/** What a state has to have been learned for. */
export interface Learner {
  /** Undefined: a variable says which. */
  readonly module: string | undefined;
  readonly signature: string;
}

/** The variable that holds a program's learned state. */
export function learnedVariable(program: string): string {
  return `program.${program}.learned`;
}

export class Learned {
  /** The variable that holds it: `program.<name>.learned`, which is null or not there when nothing was learned. */
  readonly variable: string;
  readonly #record: ContextRecord;
  readonly #program: string;
  readonly #target: Learner | undefined;

  /** Internal: use `program.learned`. `target` is undefined for what is no DSPy module. */
  constructor(record: ContextRecord, program: string, target: Learner | undefined) {
    this.variable = learnedVariable(program);
    this.#record = record;
    this.#program = program;
    this.#target = target;
  }

  /** What was learned; undefined when nothing was. */
  async get(options?: StateCallOptions): Promise<LearnedState | undefined> {
    const snapshot = await (await settledSession(this.#record)).read([this.variable], options);
    const value = snapshot.variables[0]?.value;
    return value === undefined || value === null ? undefined : (value as unknown as LearnedState);
  }

  /**
   * Makes it the program's: the next run has it. Rejects with StateError `invalid` for a state of another module or
   * signature, and for what is no DSPy module, which learns nothing.
   */
  async set(learned: LearnedState, options?: StateCallOptions): Promise<Commit> {
    this.#expectOurs(learned);
    return this.#commit({ declare: this.declaration, set: { [this.variable]: learned as unknown as Value } }, options);
  }

  /** Forgets it: the next run is of the program as it was written. */
  async clear(options?: StateCallOptions): Promise<Commit> {
    return this.#commit({ declare: this.declaration, set: { [this.variable]: null } }, options);
  }

  /** Internal: how its variable is declared, if it is not yet. */
  get declaration(): NonNullable<CommitRequest['declare']> {
    return { [this.variable]: json({ description: `What the program '${this.#program}' has learned.` }) };
  }

  /** Internal: rejects for a state of another program. */
  async check(): Promise<void> {
    const { variables } = await (await settledSession(this.#record)).read([this.variable]);
    const value = variables[0]?.value;
    if (value !== undefined && value !== null) this.#expectOurs(value as unknown as LearnedState);
  }

  #commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return new FollowedSession(() => settledSession(this.#record)).commit(request, options);
  }

  #expectOurs(learned: LearnedState): void {
    const name = `program '${this.#program}'`;
    if (this.#target === undefined) throw invalid(`${name} is no DSPy module: it learns nothing`);
    const { module, signature, state } = (learned ?? {}) as Partial<LearnedState>;
    if (typeof module !== 'string' || typeof signature !== 'string' || typeof state !== 'object' || state === null)
      throw invalid(`${name}: variable '${this.variable}' holds a module, a signature and a state, or null`);
    const { module: ours, signature: oursToo } = this.#target;
    if ((ours === undefined || module === ours) && (signature === oursToo || sameFields(signature, oursToo))) return;
    throw new StateError(
      'invalid',
      `${name}: what variable '${this.variable}' has was learned for ${module} with '${signature}', not for ${ours ?? 'this program'} ` +
        `with '${oursToo}'; clear it, or optimize the program as it is now`,
      { details: { variable: this.variable, module, signature } },
    );
  }
}

/** Whether two signatures have the same fields of the same types, however they are written. */
function sameFields(a: string, b: string): boolean {
  const fields = (text: string) => {
    const { inputs, outputs } = parseSignature(text);
    return JSON.stringify([inputs, outputs]);
  };
  try {
    return fields(a) === fields(b);
  } catch {
    return false;
  }
}

function invalid(message: string): StateError {
  return new StateError('invalid', message);
}
