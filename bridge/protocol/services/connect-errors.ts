/**
 * Our errors as gRPC and Connect errors, for any client: a standard code, and standard details that say which error it
 * was and when to try again. What is no error of ours tells a client nothing.
 */
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ActorDownError,
  type ActorError,
  CallTimeoutError,
  isActorError,
  StateError,
  type StateErrorCode,
  ToolError,
  WorkerLostError,
} from '../../../actors/core/index.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from '../gen/error_details_pb.js';

const domain = 'ophion';
/** After which a client may try again what a queue or a restart refused. */
const retryNanos = 200_000_000;
/** Details travel in a header: they stay below 4 KiB. */
const maxFacts = 16;
const maxFactLength = 200;

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

interface Rule {
  readonly code: Code;
  /** The reason of the ErrorInfo. */
  readonly reason: string;
  /** Trying again can help. */
  readonly retry?: boolean;
  readonly quota?: boolean;
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

const otherRules: Readonly<Record<string, Rule>> = {
  queue_full: { code: Code.ResourceExhausted, reason: 'QUEUE_FULL', retry: true, quota: true },
  queue_timeout: { code: Code.DeadlineExceeded, reason: 'QUEUE_TIMEOUT' },
  affinity_lost: { code: Code.FailedPrecondition, reason: 'AFFINITY_LOST' },
  circuit_open: { code: Code.Unavailable, reason: 'CIRCUIT_OPEN', retry: true },
  unknown_pool: { code: Code.NotFound, reason: 'POOL_NOT_FOUND' },
  unauthenticated: { code: Code.Unauthenticated, reason: 'UNAUTHENTICATED' },
  permission_denied: { code: Code.PermissionDenied, reason: 'PERMISSION_DENIED' },
  worker_lost: { code: Code.Unavailable, reason: 'WORKER_LOST' },
  actor_down: { code: Code.Unavailable, reason: 'DOWN', retry: true },
  start_failed: { code: Code.Unavailable, reason: 'WORKER_STARTING', retry: true },
  call_timeout: { code: Code.DeadlineExceeded, reason: 'CALL_TIMEOUT' },
  mailbox_full: { code: Code.ResourceExhausted, reason: 'OVERLOADED', retry: true, quota: true },
  max_children: { code: Code.ResourceExhausted, reason: 'OVERLOADED', retry: true, quota: true },
  message_too_large: { code: Code.ResourceExhausted, reason: 'MESSAGE_TOO_LARGE' },
  bad_spec: { code: Code.InvalidArgument, reason: 'INVALID' },
  tool_failed: { code: Code.Internal, reason: 'TOOL_RAISED' },
  cancelled: { code: Code.Canceled, reason: 'CANCELLED' },
};

/** The error that a client is told. A ConnectError stays; what is no error of ours becomes `internal error`. */
export function connectErrorOf(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!isActorError(error)) return new ConnectError('internal error', Code.Internal, undefined, undefined, error);
  const rule = ruleOf(error);
  if (rule === undefined) return new ConnectError('internal error', Code.Internal, undefined, undefined, error);
  const metadata = factsOf(error);
  const details: Details = [detail(ErrorInfoSchema, { reason: reasonOf(error, rule), domain, metadata })];
  if (rule.retry) details.push(detail(RetryInfoSchema, { retryDelay: { nanos: retryNanos } }));
  if (rule.quota) {
    details.push(
      detail(QuotaFailureSchema, { violations: [{ subject: error.code, description: short(error.message) }] }),
    );
  }
  if (rule.code === Code.InvalidArgument) {
    const field = metadata.path ?? metadata.name ?? '';
    details.push(detail(BadRequestSchema, { fieldViolations: [{ field, description: short(error.message) }] }));
  }
  if (rule.code === Code.NotFound || rule.code === Code.AlreadyExists) {
    details.push(detail(ResourceInfoSchema, resourceOf(metadata)));
  }
  return new ConnectError(short(error.message, 1_000), rule.code, undefined, details, error);
}

function ruleOf(error: ActorError): Rule | undefined {
  const table: Readonly<Record<string, Rule>> = error instanceof StateError ? stateRules : otherRules;
  return Object.hasOwn(table, error.code) ? table[error.code] : undefined;
}

/** A tool that is not there has a reason of its own: a client may look it up by it. */
function reasonOf(error: ActorError, rule: Rule): string {
  return error instanceof StateError && error.code === 'not_found' && 'tool' in error.details
    ? 'TOOL_NOT_FOUND'
    : rule.reason;
}

function factsOf(error: ActorError): Record<string, string> {
  const facts: Record<string, unknown> = { code: error.code };
  if (error instanceof StateError || error instanceof ToolError) Object.assign(facts, error.details);
  if (error instanceof CallTimeoutError) Object.assign(facts, { timeoutMs: error.timeoutMs, where: 'running' });
  if (error.code === 'queue_timeout') facts.where = 'queue';
  if (error instanceof WorkerLostError) Object.assign(facts, { worker: error.worker, outcome: error.outcome });
  if (error instanceof ActorDownError) {
    const { reason } = error;
    facts.reason = reason.kind;
    if (reason.kind === 'os_exit') facts.exitCode = reason.code;
    if (reason.kind === 'os_signal') facts.signal = reason.signal;
  }
  if (error instanceof ToolError) facts.type = error.remoteType;
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, maxFacts)
      .map(([name, value]) => [
        name,
        short(typeof value === 'string' ? value : (JSON.stringify(value, bigints) ?? '')),
      ]),
  );
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

function resourceOf(facts: Readonly<Record<string, string>>): MessageInitShape<typeof ResourceInfoSchema> {
  for (const [fact, resourceType] of [
    ['tool', 'tool'],
    ['name', 'variable'],
    ['sessionId', 'session'],
  ] as const) {
    const resourceName = facts[fact];
    if (resourceName !== undefined) return { resourceType, resourceName };
  }
  return {};
}

const short = (text: string, max = maxFactLength): string => (text.length <= max ? text : `${text.slice(0, max)}...`);

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Details[number] {
  return { desc, value: create(desc, value) };
}
