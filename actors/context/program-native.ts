/** Programs in TypeScript: a function, or an async generator that yields text as it comes. */
import { noOutcome } from '../../bridge/protocol/index.ts';
import type { ActorSystem } from '../core/index.ts';
import type { Value } from '../state/index.ts';
import type { BoundValues, BoundVariables } from './program-bindings.ts';
import type { Bindings, NativePiece, NativeProgram } from './program-definition.ts';
import { RunLimit } from './program-limit.ts';
import type { Signature } from './signature.ts';
import { type Deferred, deferred } from './tool-streams.ts';
import type { CallOutcome, RunsHere, ToolOptions, ToolStream } from './tools.ts';

type Data = Readonly<Record<string, unknown>>;

interface NativeRun {
  readonly system: ActorSystem;
  readonly program: string;
  readonly signature: Signature;
  readonly inputs: Data;
  readonly bound: BoundValues;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Piece {
  readonly field: string;
  readonly text: string;
}

export type Native = NativeProgram<string, Bindings, Readonly<Record<string, Value>>>;

/** A program in TypeScript as what is called: its bound variables are read when it is, and its pieces are the items. */
export class NativeCall implements RunsHere {
  readonly #definition: Native;
  readonly #of: Pick<NativeRun, 'system' | 'program' | 'signature'>;
  readonly #bound: BoundVariables;

  constructor(definition: Native, of: Pick<NativeRun, 'system' | 'program' | 'signature'>, bound: BoundVariables) {
    this.#definition = definition;
    this.#of = of;
    this.#bound = bound;
  }

  async call(args: Data, options: ToolOptions): Promise<CallOutcome> {
    const stream = this.stream(args, options);
    for await (const _ of stream);
    return stream.outcome;
  }

  stream(args: Data, options: ToolOptions): ToolStream<unknown> {
    const ended = deferred<CallOutcome>();
    // Whoever reads the items hears of a failure there.
    ended.promise.catch(() => {});
    return Object.assign(this.#run(args, options, ended), { outcome: ended.promise });
  }

  async *#run(
    { inputs = {} }: Data,
    { timeoutMs = Number.POSITIVE_INFINITY, signal }: ToolOptions,
    ended: Deferred<CallOutcome>,
  ): AsyncGenerator<Piece, undefined, undefined> {
    try {
      const bound = await this.#bound.read();
      const run = { ...this.#of, inputs: inputs as Data, bound, timeoutMs, signal };
      const value = (yield* runNative(this.#definition, run)) as Value;
      ended.resolve({ ...noOutcome, value, revision: bound.revision, facts: { bound: bound.values } });
    } catch (error) {
      ended.reject(error);
      throw error;
    } finally {
      // Left by its reader, it has answered nothing.
      ended.resolve({ ...noOutcome, value: null });
    }
  }
}

/** Runs it, yields its pieces of text, and returns what it answered. Leaving it early aborts its signal. */
async function* runNative(
  definition: Native,
  { system, program, signature, inputs, bound, timeoutMs, signal }: NativeRun,
): AsyncGenerator<Piece, unknown, undefined> {
  const limit = new RunLimit(system, `program '${program}'`, timeoutMs, signal);
  const given: Record<string, unknown> = {};
  for (const { name, type } of signature.inputs) {
    given[name] = inputs[name] ?? (Object.hasOwn(inputs, name) ? null : (bound.values[name] ?? absent(type.kind)));
  }
  const last = signature.outputs.at(-1)?.name ?? '';
  let items: AsyncGenerator<NativePiece, unknown, undefined> | undefined;
  let answered = false;
  try {
    const work: unknown = definition.run(given, { parameters: bound.values, signal: limit.signal });
    if (!isGenerator(work)) {
      const output = await limit.race(work);
      answered = true;
      return output;
    }
    items = work;
    for (;;) {
      const { done, value } = await limit.race(items.next());
      if (done === true) {
        answered = true;
        return value;
      }
      yield typeof value === 'string' ? { field: last, text: value } : { field: value.field, text: value.text };
    }
  } finally {
    limit.end();
    if (!answered) {
      limit.giveUp();
      // Not waited for: it may be stuck in what it does.
      items?.return(undefined).catch(() => {});
    }
  }
}

/** What stands for an input that may be left out. */
const absent = (kind: string): null | undefined => (kind === 'optional' ? null : undefined);

function isGenerator(work: unknown): work is AsyncGenerator<NativePiece, unknown, undefined> {
  return typeof work === 'object' && work !== null && Symbol.asyncIterator in work && 'next' in work;
}
