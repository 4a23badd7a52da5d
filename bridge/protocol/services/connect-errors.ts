/**
 * Our errors as gRPC and Connect errors, for any client: a standard code, and standard details that say which error it
 * was and when to try again. What is no error of ours tells a client nothing.
 */
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { isActorError } from '../../../actors/core/index.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from '../gen/error_details_pb.js';
import { factsOf, short } from './error-facts.ts';
import { reasonOf, ruleOf } from './error-rules.ts';
import { LimitError } from './limits.ts';

const domain = 'ophion';
/** After which a client may try again what a queue or a restart refused. */
const retryMs = 200;
/** In bytes of UTF-8: the message of an error, and the same again in a detail. */
const messageMax = 500;
const descriptionMax = 200;

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/** The error that a client is told. A ConnectError stays; what is no error of ours becomes `internal error`. */
export function connectErrorOf(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const rule = isActorError(error) ? ruleOf(error) : undefined;
  if (!isActorError(error) || rule === undefined)
    return new ConnectError('internal error', Code.Internal, undefined, undefined, error);
  const reason = reasonOf(error, rule);
  if (rule.silent) {
    const info = detail(ErrorInfoSchema, { reason, domain, metadata: { code: error.code } });
    return new ConnectError('internal error', rule.code, undefined, [info], error);
  }
  const metadata = factsOf(error);
  const description = short(error.message, descriptionMax);
  const details: Details = [detail(ErrorInfoSchema, { reason, domain, metadata })];
  if (rule.retry) details.push(retryAfter(error instanceof LimitError ? error.retryAfterMs : retryMs));
  if (rule.quota) {
    const subject = short(error instanceof LimitError ? error.subject : error.code, descriptionMax);
    details.push(detail(QuotaFailureSchema, { violations: [{ subject, description }] }));
  }
  if (rule.code === Code.InvalidArgument) {
    const field = metadata.path ?? metadata.variable ?? metadata.name ?? '';
    details.push(detail(BadRequestSchema, { fieldViolations: [{ field, description }] }));
  }
  if (rule.code === Code.NotFound || rule.code === Code.AlreadyExists) {
    details.push(detail(ResourceInfoSchema, resourceOf(metadata)));
  }
  return new ConnectError(short(error.message, messageMax), rule.code, undefined, details, error);
}

/** The port is closing: another one, or this one a little later, will answer. */
export function draining(): ConnectError {
  const info = detail(ErrorInfoSchema, { reason: 'DRAINING', domain, metadata: {} });
  return new ConnectError('the port is closing', Code.Unavailable, undefined, [info, retryAfter(retryMs)]);
}

function retryAfter(ms: number): Details[number] {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * 1_000_000);
  return detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos } });
}

function resourceOf(facts: Readonly<Record<string, string>>): MessageInitShape<typeof ResourceInfoSchema> {
  for (const [fact, resourceType] of [
    ['tool', 'tool'],
    ['variable', 'variable'],
    ['name', 'variable'],
    ['sessionId', 'session'],
  ] as const) {
    const resourceName = facts[fact];
    if (resourceName !== undefined) return { resourceType, resourceName };
  }
  return {};
}

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Details[number] {
  return { desc, value: create(desc, value) };
}
