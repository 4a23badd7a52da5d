/** The error of a variable that is not there, for layer 3. */
import { StateError } from '../core/index.ts';

export function unknownVariable(contextId: string, name: string): StateError {
  return new StateError('not_found', `${contextId}: there is no variable '${name}'; declare it first`, {
    details: { name },
  });
}
