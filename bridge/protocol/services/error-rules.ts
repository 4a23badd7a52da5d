/**
 * What each code of docs/errors.md is to a client of gRPC or Connect: a standard code, the reason of its ErrorInfo,
 * and whether trying again can help.
 */
import { Code } from '@connectrpc/connect';
import { type ActorError, StateError, type StateErrorCode } from '../../../actors/core/index.ts';

export interface Rule {
  readonly code: Code;
  /** The reason of the ErrorInfo. */
  readonly reason: string;
  /** Trying again can help. */
  readonly retry?: boolean;
  readonly quota?: boolean;
  /** The client is told no more than this: it is a fault of ours, or of the program that it talks to. */
  readonly silent?: boolean;
}

const stateRules: Readonly<Record<StateErrorCode, Rule>> = {
  conflict: { code: Code.Aborted, reason: 'VERSION_CONFLICT' },
  not_found: { code: Code.NotFound, reason: 'NOT_FOUND' },
  already_exists: { code: Code.AlreadyExists, reason: 'ALREADY_EXISTS' },
  invalid: { code: Code.InvalidArgument, reason: 'INVALID' },
  expired: { code: Code.FailedPrecondition, reason: 'SESSION_EXPIRED' },
  quota: { code: Code.ResourceExhausted, reason: 'QUOTA', retry: true, quota: true },
  too_large: { code: Code.ResourceExhausted, reason: 'MESSAGE_TOO_LARGE' },
  read_only: { code: Code.FailedPrecondition, reason: 'READ_ONLY' },
  denied: { code: Code.PermissionDenied, reason: 'DENIED' },
  locked: { code: Code.FailedPrecondition, reason: 'LOCKED' },
  cycle: { code: Code.FailedPrecondition, reason: 'CYCLE' },
  compacted: { code: Code.OutOfRange, reason: 'COMPACTED' },
  rewound: { code: Code.Aborted, reason: 'REWOUND' },
  lost: { code: Code.DataLoss, reason: 'SESSION_LOST' },
  unavailable: { code: Code.Unavailable, reason: 'UNAVAILABLE', retry: true },
};

const overloaded: Rule = { code: Code.ResourceExhausted, reason: 'OVERLOADED', retry: true, quota: true };
const invalid: Rule = { code: Code.InvalidArgument, reason: 'INVALID' };
const down: Rule = { code: Code.Unavailable, reason: 'DOWN', retry: true };
const internal: Rule = { code: Code.Internal, reason: 'INTERNAL', silent: true };

const otherRules: Readonly<Record<string, Rule>> = {
  queue_full: { code: Code.ResourceExhausted, reason: 'QUEUE_FULL', retry: true, quota: true },
  queue_timeout: { code: Code.DeadlineExceeded, reason: 'QUEUE_TIMEOUT' },
  worker_busy: { code: Code.ResourceExhausted, reason: 'WORKER_BUSY', retry: true, quota: true },
  affinity_lost: { code: Code.FailedPrecondition, reason: 'AFFINITY_LOST' },
  circuit_open: { code: Code.Unavailable, reason: 'CIRCUIT_OPEN', retry: true },
  unknown_pool: { code: Code.NotFound, reason: 'POOL_NOT_FOUND' },
  unauthenticated: { code: Code.Unauthenticated, reason: 'UNAUTHENTICATED' },
  permission_denied: { code: Code.PermissionDenied, reason: 'PERMISSION_DENIED' },
  rate_limited: { code: Code.ResourceExhausted, reason: 'RATE_LIMITED', retry: true, quota: true },
  too_many_requests: { code: Code.ResourceExhausted, reason: 'TOO_MANY_REQUESTS', retry: true, quota: true },
  worker_lost: { code: Code.Unavailable, reason: 'WORKER_LOST' },
  stream_overfull: { code: Code.Unavailable, reason: 'WORKER_LOST' },
  actor_down: down,
  noproc: down,
  not_started: down,
  restarting: down,
  start_failed: { code: Code.Unavailable, reason: 'WORKER_STARTING', retry: true },
  stale_types: { code: Code.FailedPrecondition, reason: 'STALE_TYPES' },
  version_mismatch: { code: Code.FailedPrecondition, reason: 'PROTOCOL_VERSION' },
  protocol: { code: Code.Internal, reason: 'PROTOCOL', silent: true },
  call_timeout: { code: Code.DeadlineExceeded, reason: 'CALL_TIMEOUT' },
  cancelled: { code: Code.Canceled, reason: 'CANCELLED' },
  mailbox_full: overloaded,
  max_children: overloaded,
  stream_full: overloaded,
  too_many_exchanges: overloaded,
  no_room: overloaded,
  message_too_large: { code: Code.ResourceExhausted, reason: 'MESSAGE_TOO_LARGE' },
  bad_spec: invalid,
  bad_signature: invalid,
  not_cloneable: invalid,
  lm_unavailable: { code: Code.Unavailable, reason: 'LM_UNAVAILABLE', retry: true },
  lm_rate_limited: { code: Code.ResourceExhausted, reason: 'LM_RATE_LIMITED', retry: true },
  tool_failed: { code: Code.Internal, reason: 'TOOL_RAISED' },
  thread_stalled: { code: Code.Internal, reason: 'THREAD_STALLED' },
  thread_exited: { code: Code.Internal, reason: 'THREAD_EXITED' },
  thread_out_of_memory: { code: Code.Internal, reason: 'THREAD_EXITED' },
  // A program that uses the library wrongly: its own log is told, not its clients.
  already_started: internal,
  already_present: internal,
  running: internal,
  simple_one_for_one: internal,
  cycle: internal,
  interrupted: internal,
  not_found: internal,
  already_registered: internal,
  bad_return_value: internal,
  unknown_call: internal,
  bad_continue: internal,
  unknown_state: internal,
  unknown_name: internal,
  bad_name: internal,
  calling_self: internal,
  deadlock: internal,
  not_owner: internal,
  task_taken: internal,
  not_registered: internal,
  not_unique: internal,
  not_suspended: internal,
  bad_code: internal,
  bad_state: internal,
  callback_failed: internal,
  unsupported: internal,
  not_in_system: internal,
  bad_module: internal,
  bad_program: internal,
  bad_option: internal,
  bad_binding: internal,
  bad_output: internal,
  unknown_tool: internal,
  interpreter_missing: internal,
  lm_refused: internal,
  lm_answer: internal,
  lm_failed: internal,
  pruned: internal,
  thread_start_timeout: internal,
  too_many_join_tokens: internal,
  token_file_failed: internal,
  port_taken: internal,
  cannot_listen: internal,
  listen_failed: internal,
  option_failed: internal,
  unknown_worker: internal,
  log_write_failed: internal,
  vault_path: internal,
  vault_read_only: internal,
  vault_full: internal,
  vault_in_use: internal,
  vault_corrupt: internal,
  vault_too_new: internal,
  vault_missing: internal,
  vault_failed: internal,
  redis_down: down,
  redis_busy: down,
  redis_read_only: down,
  redis_full: internal,
  redis_denied: internal,
  redis_untrusted: internal,
  redis_too_old: internal,
  redis_too_new: internal,
  redis_wrong_type: internal,
  redis_failed: internal,
  // It happened: sent again under the same idempotency key, it is answered when it is safe.
  redis_not_safe: { code: Code.Unavailable, reason: 'NOT_SAFE', retry: true },
};

/** The rule of an error; undefined for a code that is not this library's. */
export function ruleOf(error: ActorError): Rule | undefined {
  const table: Readonly<Record<string, Rule>> = error instanceof StateError ? stateRules : otherRules;
  return Object.hasOwn(table, error.code) ? table[error.code] : undefined;
}

/** The reason of an error: some have a closer one than their code. */
export function reasonOf(error: ActorError, rule: Rule): string {
  if (!(error instanceof StateError)) return rule.reason;
  // A client may look it up by it.
  if (error.code === 'not_found' && 'tool' in error.details) return 'TOOL_NOT_FOUND';
  if (error.code === 'not_found' && 'function' in error.details) return 'FUNCTION_NOT_FOUND';
  if (error.code === 'unavailable' && error.details.reason === 'draining') return 'DRAINING';
  return rule.reason;
}
