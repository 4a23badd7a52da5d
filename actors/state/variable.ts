/** Variables as records hold them: nobody can change one. */
import { copyOfBytes } from './blob.ts';
import { coerce } from './constraints.ts';
import { concealed, isSecret } from './secret.ts';
import type { Declaration, Variable } from './types.ts';

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
export function next(known: Variable, value: unknown, version: number): Variable {
  const { name, type, constraints, description } = known;
  return freeze({ name, type, value: coerce(name, type, constraints, value), version, constraints, description });
}

/** No reader can change a variable. Bytes cannot be frozen: each reading of them is a copy. */
export function freeze(variable: Variable): Variable {
  if (variable.type === 'bytes') {
    const bytes = variable.value as Uint8Array;
    Object.defineProperty(variable, 'value', { enumerable: true, get: () => copyOfBytes(bytes) });
  }
  if (isSecret(variable.constraints)) concealed(variable, 'value');
  return Object.freeze(variable);
}
