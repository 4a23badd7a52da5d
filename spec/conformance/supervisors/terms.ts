/** Our reasons and errors in the words of the recordings, and the other way round. */
import { ActorError, type ExitReason, exitReason, FailedToStart, SpecError } from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import type { Reason } from './format.ts';

/** A reason that a scenario gives. */
export function toReason(reason: Reason | undefined): ExitReason {
  if (reason === 'normal') return exitReason.normal;
  if (reason === 'shutdown') return exitReason.shutdown();
  if (typeof reason === 'object' && reason !== null && 'shutdown' in reason)
    return exitReason.shutdown(reason.shutdown);
  return exitReason.exit(reason);
}

/** A reason as a recording would have it. */
export function reasonTerm(reason: ExitReason): Reason {
  switch (reason.kind) {
    case 'normal':
    case 'killed':
    case 'noproc':
      return reason.kind;
    case 'shutdown':
      if (reason.detail === undefined) return 'shutdown';
      if (reason.detail instanceof FailedToStart) {
        return { shutdown: { failed_to_start_child: [reason.detail.id, reasonTerm(reason.detail.reason)] } };
      }
      return { shutdown: reason.detail as Json };
    case 'exit':
      return reason.value as Json;
    case 'error':
      return errorTerm(reason.error);
    case 'os_exit':
      return { exit_status: reason.code };
    case 'os_signal':
      return { signal: reason.signal };
    default: {
      const never: never = reason;
      return never;
    }
  }
}

const flags = new Set(['invalid_strategy', 'invalid_intensity', 'invalid_period', 'invalid_auto_shutdown']);

/** An error that ended an actor. In OTP a wrong spec is no error but a reason to stop. */
function errorTerm(error: Error): Reason {
  if (error instanceof SpecError) return [flags.has(error.rule) ? 'supervisor_data' : 'start_spec', specTerm(error)];
  if (error instanceof ActorError && error.code === 'bad_return_value') return { bad_return: error.cause as Json };
  return { error: error.message };
}

/** What is wrong with a spec: OTP's tag, with the value if it has one. */
export function specTerm({ rule, value }: SpecError): Json {
  if (value === undefined) return rule;
  if (rule === 'invalid_period' && typeof value === 'number') return [rule, value / 1000];
  if (rule !== 'bad_combination') return [rule, value as Json];
  const fields = Object.entries(value as Record<string, Json>);
  return [rule, fields.map(([field, given]) => [field === 'autoShutdown' ? 'auto_shutdown' : field, given])];
}
