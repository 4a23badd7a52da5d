/**
 * One request of the public port: which method, who asks, whether he may and may now; then Connect reads it, in
 * whatever protocol it is, and the answer goes out as fast as the client takes it.
 */
import { Code, ConnectError, type ConnectRouter, createContextValues } from '@connectrpc/connect';
import { universalRequestFromNodeRequest } from '@connectrpc/connect-node';
import { AuthError, isActorError } from '../../../actors/core/index.ts';
import { defaultLimits, type HttpHandler, type HttpRequest, refuse } from '../../transport/index.ts';
import type { BridgeEvent } from '../bridge-events.ts';
import { stateMaxBytes } from '../remote-state/limits.ts';
import type { Access, Client, Scope } from './access.ts';
import { connectErrorOf } from './connect-errors.ts';
import { beginKey, clientKey, type ServiceHost } from './host.ts';
import type { Quota } from './limits.ts';
import { answerOf, failing } from './unreadable.ts';
import { begin, writeAnswer } from './write-answer.ts';

const stateServicePath = '/ophion.v1.StateService';

/** What each method needs; one that is not here cannot be called. */
const scopes: Readonly<Record<string, Scope | 'none'>> = {
  '/ophion.v1.ToolService/CallTool': 'call',
  '/ophion.v1.ToolService/StreamTool': 'call',
  '/ophion.v1.ToolService/GetOutcome': 'call',
  '/ophion.v1.ToolService/ListTools': 'read',
  '/ophion.v1.VariableService/ReadVariables': 'read',
  '/ophion.v1.VariableService/WatchVariables': 'read',
  '/ophion.v1.VariableService/ReadHistory': 'read',
  '/ophion.v1.VariableService/CommitVariables': 'write',
  '/ophion.v1.VariableService/RollbackVariables': 'write',
  '/ophion.v1.VariableService/AcquireLock': 'write',
  '/ophion.v1.VariableService/ReleaseLock': 'write',
  '/ophion.v1.VariableService/ListLocks': 'read',
  '/ophion.v1.SessionService/OpenSession': 'write',
  '/ophion.v1.SessionService/CloseSession': 'write',
  '/ophion.v1.SessionService/ListSessions': 'read',
  [`${stateServicePath}/Operate`]: 'operate',
  [`${stateServicePath}/OperateEach`]: 'operate',
  [`${stateServicePath}/Follow`]: 'operate',
  '/grpc.health.v1.Health/Check': 'none',
  '/grpc.health.v1.Health/Watch': 'none',
  // There only when it is switched on.
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'none',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'none',
};

export interface Door {
  readonly access: Access;
  readonly quota: Quota;
  readonly emit: (event: BridgeEvent) => void;
}

export function requestHandler(router: ConnectRouter, { access, quota, emit }: Door, host: ServiceHost): HttpHandler {
  const methods = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  /** Who asks; undefined when the method needs no token. */
  const admit = (request: HttpRequest, path: string, scope: Scope | 'none', address: string): Client | undefined => {
    if (scope === 'none') return undefined;
    try {
      return access.client(request.headers.authorization ?? null, scope);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      // What comes too often is not told either.
      if (error.code === 'unauthenticated') quota.failed(address);
      emit({ type: 'client.refused', address, method: path, error });
      throw error;
    }
  };

  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const method = methods.get(path);
    const scope = Object.hasOwn(scopes, path) ? scopes[path] : undefined;
    if (method === undefined || scope === undefined) {
      refuse(request, response, 'unimplemented', 'there is no such method');
      return;
    }
    const isOfHosts = path.startsWith(stateServicePath);
    const values = createContextValues();
    const { methodKind } = method.method;
    let refusal: ConnectError | undefined;
    let bytes = 0;
    try {
      const address = request.socket.remoteAddress ?? '';
      const client = admit(request, path, scope, address);
      response.once('close', quota.enter(client, address, { streaming: methodKind !== 'unary', paced: !isOfHosts }));
      if (client !== undefined) values.set(clientKey, client);
    } catch (error) {
      refusal = connectErrorOf(error);
    }
    // Without this, bytes of a client that goes away would count for ever.
    response.once('close', () => quota.pending(-bytes));
    values.set(beginKey, (headers) => begin(response, 200, headers));

    /** A body of which a part may stay unread: ending the request for that would cut off the answer that says why. */
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of request.iterator({ destroyOnReturn: false })) {
          quota.pending(chunk.length);
          bytes += chunk.length;
          yield chunk;
        }
      } catch (error) {
        if (!isActorError(error)) throw error;
        refusal = connectErrorOf(error);
        throw refusal;
      }
    }

    Promise.resolve()
      .then(() => {
        const known = universalRequestFromNodeRequest(request, response, undefined, values);
        // Who may not call is told so in the words of his protocol, before anything of the body is read.
        const read = { ...known, body: refusal === undefined ? body() : failing(refusal) };
        return answerOf(method, {
          known: read,
          values,
          refusal: () => refusal,
          maxBytes: isOfHosts ? stateMaxBytes : defaultLimits.maxMessageBytes,
        });
      })
      .then((answer) => {
        // What is left of the body goes to nobody; unread, it would keep the request open.
        if (methodKind !== 'bidi_streaming' || refusal !== undefined) request.resume();
        return writeAnswer(answer, response);
      })
      .catch((error: unknown) => {
        // A client that has gone away is no fault of ours.
        const { code, message } = ConnectError.from(error);
        if (code !== Code.Aborted && code !== Code.Canceled && !response.destroyed)
          host.log('warning', `${path}: ${message}`);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
  };
}
