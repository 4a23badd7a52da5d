/** Values held against a signature: what goes into a program, and what comes out. */
import type { Field, FieldType, Signature } from './signature.ts';

/** What is wrong with inputs for a signature, as one sentence; undefined when they fit. `bound` need not be given. */
export function inputFault(
  signature: Signature,
  inputs: Readonly<Record<string, unknown>>,
  bound: ReadonlySet<string> = new Set(),
): string | undefined {
  const needed = signature.inputs.filter(({ name }) => inputs[name] !== undefined || !bound.has(name));
  return fault('input', needed, inputs) ?? unknownInput(signature, inputs);
}

/** What is wrong with what a program answered; undefined when it fits. More than the signature asks for is no fault. */
export function outputFault(signature: Signature, outputs: unknown): string | undefined {
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) {
    return `it answered ${shown(outputs)}, not an object with ${signature.outputs.map(({ name }) => name).join(', ')}`;
  }
  return fault('output', signature.outputs, outputs as Readonly<Record<string, unknown>>);
}

function fault(
  what: 'input' | 'output',
  fields: readonly Field[],
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const { name, type } of fields) {
    const value = values[name];
    if (value === undefined && type.kind !== 'optional' && type.kind !== 'any') return `${what} '${name}' is missing`;
    if (value !== undefined && !fits(type, value))
      return `${what} '${name}' is not ${describeType(type)}: ${shown(value)}`;
  }
  return undefined;
}

function unknownInput({ inputs: known }: Signature, inputs: Readonly<Record<string, unknown>>): string | undefined {
  const names = known.map(({ name }) => name);
  const extra = Object.keys(inputs).find((name) => !names.includes(name));
  return extra === undefined ? undefined : `there is no input '${extra}'; there are ${names.join(', ')}`;
}

/** Whether a value is of a type. */
export function fits(type: FieldType, value: unknown): boolean {
  switch (type.kind) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'float':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'boolean':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value) && value.every((item) => fits(type.items, item));
    case 'dict':
      return (
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((item) => fits(type.values, item))
      );
    case 'optional':
      return value === null || fits(type.type, value);
    case 'union':
      return type.types.some((one) => fits(one, value));
    case 'literal':
      return (typeof value === 'string' || typeof value === 'number') && type.choices.includes(value);
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** A type in Python's words. */
export function describeType(type: FieldType): string {
  switch (type.kind) {
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'float':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'any':
      return 'Any';
    case 'list':
      return `list[${describeType(type.items)}]`;
    case 'dict':
      return `dict[str, ${describeType(type.values)}]`;
    case 'optional':
      return `Optional[${describeType(type.type)}]`;
    case 'union':
      return `Union[${type.types.map(describeType).join(', ')}]`;
    case 'literal':
      return `Literal[${type.choices.map((choice) => JSON.stringify(choice)).join(', ')}]`;
    default: {
      const never: never = type;
      return never;
    }
  }
}

const shownMax = 60;

/** A value in a message: enough of it to be known again. */
export function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}...`;
}
