/** What goes wrong with a program itself, with one code for each thing that a caller can do about it. */
import { ActorError, StateError, ToolError } from '../core/index.ts';

/** The same codes as in Python's `_program_error.py`. */
const codes = [
  /** Its definition does not fit together. */
  'bad_program',
  /** Its module or function does not import, or is none. */
  'bad_module',
  /** Its constructor or language model takes no such option, or not this value. */
  'bad_option',
  /** A variable does not fit the parameter that it is bound to, or has changed its type. */
  'bad_binding',
  /** What it answered does not fit its signature. */
  'bad_output',
  /** A tool that it is to call is not exposed. */
  'unknown_tool',
  /** It runs generated code, and what runs that is not installed. */
  'interpreter_missing',
  /** The language model cannot be reached, or failed. Safe to try again. */
  'lm_unavailable',
  /** The language model takes no more at the moment. Safe to try again, after `retryAfterMs` if that is known. */
  'lm_rate_limited',
  /** The language model does not take such calls: key, name, size, damaged file. */
  'lm_refused',
  /** The language model's answer cannot be read as the outputs. */
  'lm_answer',
  /** The language model's side failed in another way. */
  'lm_failed',
] as const;

export type ProgramErrorCode = (typeof codes)[number];

/** A program cannot be run as it is said, or its language model cannot. What Python said is the `cause`, a ToolError. */
export class ProgramError extends ActorError {
  declare readonly code: ProgramErrorCode;
  readonly program: string;
  /** How long to wait before it is tried again, in milliseconds, where the provider has said it. */
  readonly retryAfterMs: number | undefined;
  /** Named facts: the parameter, the module, the provider's status, ... */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ProgramErrorCode,
    program: string,
    message: string,
    { details = {}, ...options }: ErrorOptions & { details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, `program '${program}': ${message}`, options);
    this.program = program;
    this.details = details;
    this.retryAfterMs = typeof details.retryAfterMs === 'number' ? details.retryAfterMs : undefined;
  }
}

/** A failure of the tool that runs it as what it is of the program; any other as it is. */
export function asProgramError(program: string, tool: string, error: unknown): unknown {
  if (error instanceof StateError && error.code === 'not_found' && error.message.startsWith(`${tool}: `)) {
    const message = "its workers have no DSPy: python -m pip install 'ophion[dspy]' in their environment";
    return new ProgramError('bad_module', program, message, { cause: error });
  }
  if (!(error instanceof ToolError)) return error;
  const code = codes.find((known) => known === error.details.code);
  if (code === undefined) return error;
  const said = error.message.slice(`${error.tool}: `.length);
  return new ProgramError(code, program, said, { details: error.details, cause: error });
}

/** Whether it may go better the next time: nothing is wrong with the program. */
export function isPassing(error: unknown): error is ProgramError {
  return error instanceof ProgramError && (error.code === 'lm_unavailable' || error.code === 'lm_rate_limited');
}
