/** StateService: session state for another host of ours. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { isActorError, StateError } from '../../../actors/core/index.ts';
import { faultOf } from '../error-codes.ts';
import type { OperateRequest, OperateResponse, StateService } from '../gen/state_pb.js';
import type { Client } from './access.ts';
import { prefixOf } from './client-sessions.ts';
import { answer, answerEach, beginKey, clientKey, type ServiceHost, sessionIdOf, timeoutOf } from './host.ts';
import { operateEach } from './state-each.ts';
import { follow } from './state-follow.ts';
import { operate } from './state-operation.ts';

/** How long an operation may take when the client does not say, in milliseconds. */
const operationMs = 5_000;

export function stateService(host: ServiceHost): ServiceImpl<typeof StateService> {
  const performed = async (
    request: OperateRequest,
    context: HandlerContext,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<OperateResponse> => {
    const client = context.values.get(clientKey);
    try {
      const asked = { ...request, ...mine(host, client, request, (id) => sessionIdOf(context, id)) };
      return { $typeName: 'ophion.v1.OperateResponse', answer: await operate(host.provider, asked, limits) };
    } catch (error) {
      // Nobody hears it any more, or it is no error of ours and is told nobody.
      if (limits.signal.aborted || !isActorError(error)) throw error;
      return { $typeName: 'ophion.v1.OperateResponse', answer: { case: 'fault', value: faultOf(error) } };
    }
  };
  // Nothing may happen for hours; that it is heard the client is to know now.
  const begin = (context: HandlerContext) => context.values.get(beginKey)(context.responseHeader);
  return {
    operate: (request, context) =>
      answer(host, context, () => {
        const limits = { signal: context.signal, timeoutMs: timeoutOf(context, operationMs) };
        return performed(request, context, limits);
      }),
    operateEach: (requests, context) =>
      answerEach(host, context, () => {
        begin(context);
        return operateEach(requests, (request, limits) => performed(request, context, limits), host.ending);
      }),
    follow: (requests, context) =>
      answerEach(host, context, () => {
        begin(context);
        return follow(host, requests, context);
      }),
  };
}

/** The request of a client that may not touch all sessions, kept to those that it may. */
function mine(
  host: ServiceHost,
  client: Client,
  { sessionId, operation }: OperateRequest,
  checked: (id: string) => string,
): Pick<OperateRequest, 'sessionId' | 'operation'> {
  const prefix = prefixOf(client);
  switch (operation.case) {
    case 'list': {
      const { value } = operation;
      if (value.prefix.startsWith(prefix)) return { sessionId, operation };
      const none = !prefix.startsWith(value.prefix);
      // Nothing begins so that is his.
      if (none) throw new StateError('invalid', `prefix: your sessions begin with '${prefix}'`);
      return { sessionId, operation: { case: 'list', value: { ...value, prefix } } };
    }
    case 'open':
      if (sessionId !== '') return { sessionId: checked(sessionId), operation };
      return { sessionId: prefix === '' ? '' : `${prefix}${host.names.system.runtime.ids.next()}`, operation };
    case 'import':
      return { sessionId: checked(operation.value.content?.sessionId ?? ''), operation };
    default:
      return { sessionId: checked(sessionId), operation };
  }
}
