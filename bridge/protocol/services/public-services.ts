/**
 * The public services on one port, for gRPC, gRPC-Web and Connect clients of any language: tools, variables, sessions,
 * health. Closed by default: loopback, a token with scopes for each client, limits on everything that comes in.
 */
import { Code, ConnectError, createConnectRouter, createContextValues } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { ActorContext } from '../../../actors/core/index.ts';
import {
  bridgedState,
  type StateBackend,
  type StateHost,
  sessionTools,
  stateNames,
} from '../../../actors/state/index.ts';
import type { ChildSpec } from '../../../supervisors/index.ts';
import {
  defaultLimits,
  type HttpHandler,
  type HttpRequest,
  type PublicInput,
  type PublicOptions,
  publicListener,
  validatePublic,
} from '../../transport/index.ts';
import { Health } from '../gen/health_pb.js';
import { SessionService } from '../gen/sessions_pb.js';
import { ToolService } from '../gen/tools_pb.js';
import { VariableService } from '../gen/variables_pb.js';
import { bridgeNames } from '../names.ts';
import { Access, type ClientToken, type Scope } from './access.ts';
import { connectErrorOf } from './connect-errors.ts';
import { healthService } from './health-service.ts';
import { clientKey, type ServiceHost } from './host.ts';
import { sessionService } from './session-service.ts';
import { toolService } from './tool-service.ts';
import { variableService } from './variable-service.ts';

export interface PublicServicesOptions extends PublicOptions {
  /** Who may call. */
  readonly tokens: readonly ClientToken[];
}

export interface PublicServicesInput extends PublicServicesOptions {
  /** The path of the ophion tree. */
  readonly root: string;
  /** Names of its pools. */
  readonly pools: readonly string[];
  /** Where the sessions are. Default `bridgedState()`. */
  readonly state?: StateBackend<StateHost>;
}

/** The longest deadline that a client may ask for. */
const maxTimeoutMs = 60 * 60 * 1_000;

/** What each method needs; one that is not here cannot be called. */
const scopes: Readonly<Record<string, Scope | 'none'>> = {
  '/ophion.v1.ToolService/CallTool': 'call',
  '/ophion.v1.ToolService/StreamTool': 'call',
  '/ophion.v1.ToolService/ListTools': 'read',
  '/ophion.v1.VariableService/ReadVariables': 'read',
  '/ophion.v1.VariableService/WatchVariables': 'read',
  '/ophion.v1.VariableService/CommitVariables': 'write',
  '/ophion.v1.SessionService/OpenSession': 'write',
  '/ophion.v1.SessionService/CloseSession': 'write',
  '/ophion.v1.SessionService/ListSessions': 'read',
  '/grpc.health.v1.Health/Check': 'none',
  '/grpc.health.v1.Health/Watch': 'none',
};

/**
 * The child that serves the public port, to be put behind the bridge and the pools. Throws SpecError for wrong
 * options; its start fails, naming the port, when that is taken.
 */
export function publicServices(input: PublicServicesInput): ChildSpec<typeof publicListener> {
  const { port, tokens, root, pools, state = bridgedState(), ...listening } = input;
  validatePublic(input);
  const access = new Access(tokens);
  const serve = (ctx: ActorContext<never>, ending: AbortSignal): HttpHandler => {
    const { system } = ctx;
    const provider = state.connect({ system, root });
    return handlerOf(access, {
      names: bridgeNames(system, root),
      state: stateNames(system, root),
      provider,
      tools: sessionTools({ system, root }),
      pools,
      log: ctx.runtime.log,
      ending,
    });
  };
  return { logic: publicListener, input: { ...listening, port, serve } satisfies PublicInput };
}

function handlerOf(access: Access, host: ServiceHost): HttpHandler {
  const shutdown = new AbortController();
  const leave = () => shutdown.abort(new ConnectError('the port is closing', Code.Unavailable));
  host.ending.addEventListener('abort', leave, { once: true });
  const router = createConnectRouter({
    readMaxBytes: defaultLimits.maxMessageBytes,
    writeMaxBytes: defaultLimits.maxMessageBytes,
    // None: a compressed message could be far larger than it looks.
    acceptCompression: [],
    maxTimeoutMs,
    shutdownSignal: shutdown.signal,
  });
  router.service(ToolService, toolService(host));
  router.service(VariableService, variableService(host));
  router.service(SessionService, sessionService(host));
  router.service(Health, healthService(host));
  const methods = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const method = methods.get(path);
    const scope = Object.hasOwn(scopes, path) ? scopes[path] : undefined;
    if (method === undefined || scope === undefined) {
      response.writeHead(404);
      response.end();
      return;
    }
    const values = createContextValues();
    let refusal: ConnectError | undefined;
    try {
      if (scope !== 'none') values.set(clientKey, access.client(request.headers.authorization ?? null, scope));
    } catch (error) {
      refusal = connectErrorOf(error);
    }
    Promise.resolve()
      .then(() => universalRequestFromNodeRequest(request, response, undefined, values))
      // Who may not call is told so in the words of his protocol, before anything of the body is read.
      .then((known) => method({ ...known, body: refusal === undefined ? bodyOf(request) : failing(refusal) }))
      .then((answer) => {
        // What is left of the body goes to nobody; unread, it would keep the request open.
        request.resume();
        return universalResponseToNodeResponse(answer, response);
      })
      .catch((error: unknown) => {
        // A client that has gone away is no fault of ours.
        const { code, message } = ConnectError.from(error);
        if (code !== Code.Aborted && code !== Code.Canceled) host.log('warning', `${path}: ${message}`);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
  };
}

/** A body of which a part may stay unread: ending the request for that would cut off the answer that says why. */
async function* bodyOf(request: HttpRequest): AsyncGenerator<Uint8Array> {
  yield* request.iterator({ destroyOnReturn: false });
}

// biome-ignore lint/correctness/useYield: reading it fails at once
async function* failing(error: ConnectError): AsyncGenerator<Uint8Array> {
  throw error;
}
