import { isActorError } from '../../actors/core/index.ts';

/** A short name of what a call or a write failed with. */
export function codeOf(error: unknown): string {
  if (isActorError(error)) return error.code;
  return error instanceof Error ? error.name : String(error).slice(0, 50);
}
