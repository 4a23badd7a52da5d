/** The kinds of calls that are made, and how chance draws one. */
import { type PythonStream, type PythonTool, pythonStream, pythonTool } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';

export interface ToolArguments {
  readonly key: string;
  /** How long it waits, once its run is recorded. */
  readonly seconds: number;
  /** Whether it raises after that. */
  readonly fails: boolean;
  /** How many items a stream has. */
  readonly to?: number;
  /** Which variable it writes. */
  readonly name?: string;
}

interface Shape {
  readonly tool: string;
  readonly stream?: true;
  readonly writes?: true;
  readonly relays?: true;
  /** Which of both it is, where the tool itself says so. */
  readonly idempotent?: boolean;
}

/** Of `chaos_tools.py`. */
const shapes: readonly Shape[] = [
  { tool: 'run' },
  { tool: 'run_async' },
  { tool: 'count', stream: true },
  { tool: 'count_async', stream: true },
  { tool: 'relay', relays: true },
  { tool: 'relay_async', relays: true },
  { tool: 'write', writes: true, idempotent: false },
  { tool: 'write_surely', writes: true, idempotent: true },
  { tool: 'write_at_the_end', writes: true, stream: true, idempotent: false },
];

/** How a call ends early: its caller gives it up, or has given it too little time. */
export type Hurry = { readonly how: 'abort' | 'deadline'; readonly ms: number };

/** One call, as chance wants it. */
export interface Drawn {
  readonly shape: Shape;
  readonly idempotent: boolean;
  readonly args: ToolArguments;
  /** It is made by two at once, and asked for once more later. */
  readonly keyed: boolean;
  readonly hurry: Hurry | undefined;
  /** After how many items the reader of the stream leaves. */
  readonly leavesAfter: number | undefined;
}

/** Draws call number `n` of a session. */
export function draw(random: RandomStream, session: string, n: number): Drawn {
  const one = (of: number) => random.below(of) === 0;
  const shape = shapes[random.below(shapes.length)] as Shape;
  const idempotent = shape.idempotent ?? one(2);
  const to = one(4) ? 40 + random.below(40) : 1 + random.below(12);
  const args = {
    key: `${session}.${n}`,
    // Some are over at once, some are hit in the middle.
    seconds: one(2) ? 0 : random.below(20) / 1_000,
    fails: one(12),
    ...(shape.stream === undefined ? {} : { to }),
    ...(shape.writes === undefined ? {} : { name: `w${n}` }),
  };
  const keyed = shape.stream === undefined && one(4);
  const hurry: Hurry | undefined =
    keyed || !one(10) ? undefined : { how: one(2) ? 'abort' : 'deadline', ms: 1 + random.below(25) };
  const leavesAfter = shape.stream !== undefined && one(8) ? 1 + random.below(to) : undefined;
  return { shape, idempotent, args, keyed, hurry, leavesAfter };
}

/** The names of the variables that so many calls of a session may write. */
export const written = (calls: number): readonly string[] => Array.from({ length: calls }, (_, n) => `w${n}`);

export const toolOf = ({ shape, idempotent }: Drawn): PythonTool<ToolArguments, unknown> =>
  pythonTool(shape.tool, { idempotent });

export const streamOf = ({ shape, idempotent }: Drawn): PythonStream<ToolArguments, number> =>
  pythonStream(shape.tool, { idempotent });
