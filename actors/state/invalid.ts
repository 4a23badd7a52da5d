/** The error of what cannot be, in the state layer. */
import { StateError } from '../core/index.ts';

/** A StateError `invalid`. */
export function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): StateError {
  return new StateError('invalid', message, { details });
}
