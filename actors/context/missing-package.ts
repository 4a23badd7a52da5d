/** What a tool of the library's own says when its worker lacks a Python package. */
import { StateError, ToolError } from '../core/index.ts';

/** StateError `unavailable`, with what the worker said as its cause, when that is what an error is of; else the error. */
export function missingPackage(error: unknown): unknown {
  if (!(error instanceof ToolError) || error.details.code !== 'unavailable') return error;
  return new StateError('unavailable', error.message, { cause: error });
}
