/** VariableService for any client: reads from one revision, what was, atomic commits, watch without gap. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import { rollback } from '../../../actors/state/index.ts';
import type { VariableService, WatchVariablesRequest, WatchVariablesResponse } from '../gen/variables_pb.js';
import { decodePlan, encodeCommit, encodeSnapshot, encodeWatchEvent } from '../state-messages.ts';
import { checkNames, checkPlan } from './bounds.ts';
import {
  answer,
  answerEach,
  beginKey,
  type ServiceHost,
  sessionIdOf,
  timeoutOf,
  understood,
  writerOf,
} from './host.ts';

export function variableService(host: ServiceHost): ServiceImpl<typeof VariableService> {
  const options = (context: HandlerContext) => ({ signal: context.signal, timeoutMs: timeoutOf(context, 5_000) });
  return {
    readVariables: ({ sessionId, names, atRevision, match }, context) =>
      answer(host, context, async () => {
        checkNames(names);
        if (match !== '' && (names.length > 0 || atRevision !== undefined))
          throw new StateError('invalid', 'match: goes with neither names nor at_revision', {
            details: { path: 'match' },
          });
        const session = await host.provider.find(sessionIdOf(context, sessionId), options(context));
        if (match !== '') return { snapshot: encodeSnapshot(await session.list(match, options(context))) };
        const some = names.length === 0 ? undefined : names;
        const snapshot =
          atRevision === undefined
            ? await session.read(some, options(context))
            : await session.at(whole('at_revision', atRevision), some, options(context));
        return { snapshot: encodeSnapshot(snapshot) };
      }),
    readHistory: ({ sessionId, names, sinceRevision, upToRevision, limit }, context) =>
      answer(host, context, async () => {
        checkNames(names);
        const session = await host.provider.find(sessionIdOf(context, sessionId), options(context));
        const { epoch, revision, first, commits } = await session.history({
          ...options(context),
          ...(names.length === 0 ? {} : { names }),
          ...(sinceRevision === undefined ? {} : { since: whole('since_revision', sinceRevision) }),
          ...(upToRevision === undefined ? {} : { upTo: whole('up_to_revision', upToRevision) }),
          ...(limit === 0 ? {} : { limit }),
        });
        const numbers = { epoch: BigInt(epoch), revision: BigInt(revision), firstRevision: BigInt(first) };
        return { ...numbers, commits: commits.map(encodeCommit) };
      }),
    rollbackVariables: ({ sessionId, revision, names }, context) =>
      answer(host, context, async () => {
        checkNames(names);
        const session = await host.provider.find(sessionIdOf(context, sessionId), options(context));
        const some = names.length === 0 ? {} : { names };
        const how = { ...options(context), ...some, writer: writerOf(context) };
        return { commit: encodeCommit(await rollback(session, whole('revision', revision), how)) };
      }),
    commitVariables: ({ sessionId, plan }, context) =>
      answer(host, context, async () => {
        checkPlan(plan);
        const writer = writerOf(context);
        const request = understood(() => decodePlan(plan, writer));
        const { idempotencyKey: key } = request;
        // The same key of somebody else is another one.
        const own = key === undefined ? request : { ...request, idempotencyKey: `${writer} ${key}` };
        const session = await host.provider.find(sessionIdOf(context, sessionId), options(context));
        return { commit: encodeCommit(await session.commit(own, options(context))) };
      }),
    watchVariables: (request, context) => answerEach(host, context, () => watch(host, request, context)),
  };
}

async function* watch(
  host: ServiceHost,
  { sessionId, fromRevision, epoch, names }: WatchVariablesRequest,
  context: HandlerContext,
): AsyncGenerator<WatchVariablesResponse> {
  const { signal } = context;
  checkNames(names);
  const session = await host.provider.find(sessionIdOf(context, sessionId), { signal });
  const events = session.watch({
    signal,
    ...(fromRevision === undefined ? {} : { from: whole('from_revision', fromRevision) }),
    ...(epoch === undefined ? {} : { epoch: whole('epoch', epoch) }),
    ...(names.length === 0 ? {} : { names }),
  });
  // Nothing may happen for hours; that it is watched the client is to know now.
  context.values.get(beginKey)(context.responseHeader);
  for await (const event of events) yield encodeWatchEvent(event);
}

function whole(field: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new StateError('invalid', `${field}: no session has come so far`, { details: { path: field } });
}
