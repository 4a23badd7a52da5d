/** VariableService for any client: reads from one revision, atomic commits, watch without gap. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import type { VariableService, WatchVariablesRequest, WatchVariablesResponse } from '../gen/variables_pb.js';
import { decodePlan, encodeCommit, encodeSnapshot } from '../state-messages.ts';
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
    readVariables: ({ sessionId, names }, context) =>
      answer(host, context, async () => {
        checkNames(names);
        const session = await host.provider.find(sessionIdOf(context, sessionId), options(context));
        const snapshot = await session.read(names.length === 0 ? undefined : names, options(context));
        return { snapshot: encodeSnapshot(snapshot) };
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
  for await (const event of events) {
    yield {
      $typeName: 'ophion.v1.WatchVariablesResponse',
      event:
        event.type === 'snapshot'
          ? { case: 'snapshot', value: encodeSnapshot(event.snapshot) }
          : { case: 'commit', value: encodeCommit(event.commit) },
    };
  }
}

function whole(field: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new StateError('invalid', `${field}: no session has come so far`, { details: { path: field } });
}
