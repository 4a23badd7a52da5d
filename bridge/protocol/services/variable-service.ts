/** VariableService for any client: reads from one revision, atomic commits, watch without gap. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { VariableService, WatchVariablesRequest, WatchVariablesResponse } from '../gen/variables_pb.js';
import { decodePlan, encodeCommit, encodeSnapshot } from '../state-messages.ts';
import { answer, answerEach, type ServiceHost, timeoutOf, understood, writerOf } from './host.ts';

export function variableService(host: ServiceHost): ServiceImpl<typeof VariableService> {
  const options = (context: HandlerContext) => ({ signal: context.signal, timeoutMs: timeoutOf(context, 5_000) });
  return {
    readVariables: ({ sessionId, names }, context) =>
      answer(host, context, async () => {
        const session = await host.provider.find(sessionId, options(context));
        const snapshot = await session.read(names.length === 0 ? undefined : names, options(context));
        return { snapshot: encodeSnapshot(snapshot) };
      }),
    commitVariables: ({ sessionId, plan }, context) =>
      answer(host, context, async () => {
        const request = understood(() => decodePlan(plan, writerOf(context)));
        const session = await host.provider.find(sessionId, options(context));
        return { commit: encodeCommit(await session.commit(request, options(context))) };
      }),
    watchVariables: (request, context) => answerEach(host, context, () => watch(host, request, context)),
  };
}

async function* watch(
  host: ServiceHost,
  { sessionId, fromRevision, names }: WatchVariablesRequest,
  { signal }: HandlerContext,
): AsyncGenerator<WatchVariablesResponse> {
  const session = await host.provider.find(sessionId, { signal });
  const events = session.watch({
    signal,
    ...(fromRevision === undefined ? {} : { from: Number(fromRevision) }),
    ...(names.length === 0 ? {} : { names }),
  });
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
