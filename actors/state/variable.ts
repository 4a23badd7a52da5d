/** Variables as records hold them: nobody can change one, and each knows the size of its value. */
import { copyOfBytes } from './blob.ts';
import { coerce } from './constraints.ts';
import { concealed, isSecret } from './secret.ts';
import { type Stored, store } from './stored.ts';
import type { Declaration, Variable } from './types.ts';
import { bytesOfTensor, type Tensor } from './value.ts';

/** A declared variable as it begins. */
export function variableOf(
  name: string,
  { type, default: value, constraints, description }: Declaration,
  version: number,
): Variable {
  // The declaration is its writer's, who may still change the bytes.
  const own = value instanceof Uint8Array ? copyOfBytes(value) : value;
  return freeze({ name, type, value: own, version, constraints, description });
}

/** A variable with another value. Throws StateError `invalid`. */
export function next(known: Variable, { value, bytes }: Stored, version: number): Variable {
  const { name, type, constraints, description } = known;
  return freeze(
    { name, type, value: coerce(name, type, constraints, value), version, constraints, description },
    bytes,
  );
}

/** A variable as another host has it, which has checked it. */
export function receivedVariable(
  variable: Omit<Variable, 'value' | 'constraints'> & { readonly value: unknown; readonly constraints: object },
): Variable {
  // Its size is counted there.
  return freeze(variable as Variable, 0);
}

/** Where the size stands of a value that would have to be walked or copied to know it. */
const sizeKey = Symbol('bytes');

/** No reader can change a variable. Bytes cannot be frozen: each reading of them is a copy. `bytes` is its value's size. */
export function freeze(variable: Variable, bytes?: number): Variable {
  const { type } = variable;
  if (type === 'bytes') {
    const own = variable.value as Uint8Array;
    Object.defineProperty(variable, 'value', { enumerable: true, get: () => copyOfBytes(own) });
    Object.defineProperty(variable, sizeKey, { value: 8 + own.byteLength });
  } else if (type === 'json') {
    Object.defineProperty(variable, sizeKey, { value: bytes ?? store(variable.name, variable.value).bytes });
  }
  if (isSecret(variable.constraints)) concealed(variable, 'value');
  return Object.freeze(variable);
}

/** How many bytes the value of a variable has, as `store` counts them. */
export function sizeOf(variable: Variable): number {
  const { type } = variable;
  switch (type) {
    case 'boolean':
    case 'integer':
    case 'float':
      return 8;
    case 'string':
    case 'choice':
    case 'module':
      return Buffer.byteLength(variable.value as string);
    case 'embedding':
      return 8 + 16 * (variable.value as readonly number[]).length;
    case 'tensor':
      return 8 + bytesOfTensor(variable.value as Tensor).byteLength;
    case 'bytes':
    case 'json':
      return (variable as { readonly [sizeKey]?: number })[sizeKey] ?? 0;
    default: {
      const never: never = type;
      throw new TypeError(String(never));
    }
  }
}
