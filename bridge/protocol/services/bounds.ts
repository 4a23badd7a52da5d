/**
 * How long names and keys of a request may be, and how many there may be: checked before anything is looked up by
 * them. Values have the provider's bounds, and the whole message that of the port.
 */
import { StateError } from '../../../actors/core/index.ts';
import { checkToolName } from '../../../actors/state/index.ts';
import type { ToolCall } from '../gen/tools_pb.js';
import type { CommitPlan } from '../gen/variables_pb.js';

const maxName = 200;
const maxKey = 256;
const maxToken = 512;
/** What W3C says of version 00, and room for a later one. */
const maxTraceparent = 128;
/** Entries of one page, when the request does not say, and at most. */
const defaultPage = 100;
const maxPage = 1_000;
/** Names in one list, and entries of one commit. */
const maxEntries = 10_000;

function refuse(field: string, rule: string): never {
  throw new StateError('invalid', `${field}: ${rule}`, { details: { path: field } });
}

function atMost(field: string, text: string, max: number): void {
  if (text.length > max) refuse(field, `has ${text.length} characters, at most ${max} are taken`);
}

function few(field: string, count: number): void {
  if (count > maxEntries) refuse(field, `has ${count} entries, at most ${maxEntries} are taken`);
}

/** The id of a session, empty or not. */
export function checkId(sessionId: string, field = 'session_id'): void {
  atMost(field, sessionId, maxName);
}

export function checkNames(names: readonly string[]): void {
  few('names', names.length);
  for (const name of names) atMost('names', name, maxName);
}

export function checkPageToken(pageToken: string): void {
  atMost('page_token', pageToken, maxToken);
}

/** How many entries a page has. */
export const pageOf = (pageSize: number): number => (pageSize === 0 ? defaultPage : Math.min(pageSize, maxPage));

export function checkService(service: string): void {
  atMost('service', service, maxName);
}

export function checkPlan(plan: CommitPlan | undefined): void {
  if (plan === undefined) return;
  const { expectations, assignments, removals, declarations, fences, idempotencyKey } = plan;
  atMost('plan.idempotency_key', idempotencyKey, maxKey);
  few('plan', expectations.length + assignments.length + removals.length + declarations.length);
  few('plan.fences', fences.length);
  for (const { name } of expectations) atMost('plan.expectations.name', name, maxName);
  for (const { name } of assignments) atMost('plan.assignments.name', name, maxName);
  for (const name of removals) atMost('plan.removals', name, maxName);
  for (const { name } of declarations) atMost('plan.declarations.name', name, maxName);
  for (const { name } of fences) atMost('plan.fences.name', name, maxName);
}

/** The call of a request, if a client may make it so. */
export function checkedCall(call: ToolCall | undefined): ToolCall {
  if (call === undefined) return refuse('call', 'the request has none');
  checkToolName(call.tool, { path: 'call.tool' });
  checkId(call.sessionId, 'call.session_id');
  atMost('call.call_id', call.callId, maxName);
  atMost('call.idempotency_key', call.idempotencyKey, maxKey);
  atMost('call.traceparent', call.traceparent, maxTraceparent);
  if (call.timeoutMs !== undefined && !(call.timeoutMs > 0)) refuse('call.timeout_ms', 'must be above 0');
  if (call.minRevision > BigInt(Number.MAX_SAFE_INTEGER)) refuse('call.min_revision', 'no session has so many');
  // A transaction is between the host and its workers.
  if (call.parentCallId !== '') refuse('call.parent_call_id', 'is for workers');
  if (call.overlay !== undefined) refuse('call.overlay', 'is for workers');
  return call;
}
