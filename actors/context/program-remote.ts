/** How a program is called: as which tool, and what that is told. Those that run in Python cross so, to one of our own tools. */
import type { Value } from '../state/index.ts';
import type { AnyDefinition } from './program-definition.ts';
import type { Signature } from './signature.ts';

type Data = Readonly<Record<string, unknown>>;

/** The tool that runs it. */
export function toolOf(definition: AnyDefinition, streams: boolean): string {
  const kind = 'dspy' in definition ? 'program' : 'python' in definition ? 'function' : 'native';
  return `ophion.${kind}${streams ? '_stream' : ''}`;
}

/** `learned` is the variable that has what a DSPy module has learned. */
export function argumentsOf(definition: AnyDefinition, inputs: Data, learned: string): Record<string, Value> {
  const shared = { inputs: inputs as Readonly<Record<string, Value>>, bindings: { ...definition.bind } };
  if ('run' in definition) return { ...shared, signature: definition.signature };
  if ('python' in definition) return { ...shared, function: definition.python };
  const { dspy, signature, instructions, describe, options, tools, lm, trace, status } = definition;
  return {
    ...shared,
    module: dspy,
    signature,
    learned,
    ...(instructions === undefined ? {} : { instructions }),
    ...(describe === undefined ? {} : { descriptions: { ...describe } as Record<string, string> }),
    options: { ...options },
    tools: [...(tools ?? [])],
    ...(lm === undefined ? {} : { lm }),
    ...(trace === undefined ? {} : { trace }),
    ...(status === undefined ? {} : { status }),
  };
}

/** A piece of a stream: text of an output, or words on what goes on. `last` is the output that text without a name is of. */
export function pieceOf(
  { text = '', field, status }: Readonly<Record<string, string>>,
  last: string,
):
  | { readonly type: 'token'; readonly field: string; readonly text: string }
  | { readonly type: 'status'; readonly text: string } {
  return status === undefined ? { type: 'token', field: field ?? last, text } : { type: 'status', text: status };
}

/** What a Python function answered, by the output's name: where there is one alone, it may answer that itself. */
export function named({ outputs }: Signature, answered: unknown): unknown {
  const [only] = outputs;
  if (only === undefined || outputs.length > 1) return answered;
  const isNamed = typeof answered === 'object' && answered !== null && Object.hasOwn(answered, only.name);
  return isNamed ? answered : { [only.name]: answered };
}
