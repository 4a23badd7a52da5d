/** Programs in TypeScript: a function, or an async generator that yields text as it comes. */
import type { ActorSystem } from '../core/index.ts';
import type { Value } from '../state/index.ts';
import type { BoundValues } from './program-bindings.ts';
import type { Bindings, NativePiece, NativeProgram } from './program-definition.ts';
import { RunLimit } from './program-limit.ts';
import type { Signature } from './signature.ts';

export interface NativeRun {
  readonly system: ActorSystem;
  readonly program: string;
  readonly signature: Signature;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly bound: BoundValues;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Token {
  readonly type: 'token';
  readonly field: string;
  readonly text: string;
}

export type Native = NativeProgram<string, Bindings, Readonly<Record<string, Value>>>;

/** Runs it, yields its pieces of text, and returns what it answered. Leaving it early aborts its signal. */
export async function* runNative(
  definition: Native,
  { system, program, signature, inputs, bound, timeoutMs, signal }: NativeRun,
): AsyncGenerator<Token, unknown, undefined> {
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
      yield typeof value === 'string'
        ? { type: 'token', field: last, text: value }
        : { type: 'token', field: value.field, text: value.text };
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
