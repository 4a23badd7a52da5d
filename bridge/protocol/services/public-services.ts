/**
 * The public services on one port, for gRPC, gRPC-Web and Connect clients of any language: tools, variables, sessions,
 * health. Closed by default: loopback, a token with scopes for each client, limits on everything that comes in.
 */
import { setMaxListeners } from 'node:events';
import { createConnectRouter } from '@connectrpc/connect';
import type { ActorContext } from '../../../actors/core/index.ts';
import {
  bridgedState,
  placedState,
  type StateBackend,
  type StateHost,
  sessionTools,
} from '../../../actors/state/index.ts';
import type { ChildSpec } from '../../../supervisors/index.ts';
import {
  defaultLimits,
  type HttpHandler,
  type PublicInput,
  type PublicOptions,
  publicListener,
  type Stopping,
  stopMs,
  validatePublic,
} from '../../transport/index.ts';
import { Health } from '../gen/health_pb.js';
import { SessionService } from '../gen/sessions_pb.js';
import { StateService } from '../gen/state_pb.js';
import { ToolService } from '../gen/tools_pb.js';
import { VariableService } from '../gen/variables_pb.js';
import { bridgeNames } from '../names.ts';
import { stateMaxBytes } from '../remote-state/limits.ts';
import { Access, type ClientTokens } from './access.ts';
import { draining } from './connect-errors.ts';
import { healthService } from './health-service.ts';
import type { ServiceHost } from './host.ts';
import { checkLimits, Quota, type ServiceLimits } from './limits.ts';
import { reflectionServices } from './reflection-service.ts';
import { requestHandler } from './request-handler.ts';
import { sessionService } from './session-service.ts';
import { stateService } from './state-service.ts';
import { toolService } from './tool-service.ts';
import { variableService } from './variable-service.ts';

export interface PublicServicesOptions extends PublicOptions {
  /** Who may call: a list, or a function that answers the list of now, so that tokens can be exchanged. */
  readonly tokens: ClientTokens;
  /** What a client may use at most. Each has a default. */
  readonly limits?: ServiceLimits;
  /** gRPC's server reflection, for tools that have no schema; needs no token. Default false. */
  readonly reflection?: boolean;
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

/**
 * The child that serves the public port, to be put behind the bridge and the pools. Throws SpecError for wrong
 * options; its start fails, naming the port, when that is taken.
 */
export function publicServices(input: PublicServicesInput): ChildSpec<typeof publicListener> {
  const { tokens, limits = {}, reflection, root, pools, state = bridgedState(), ...listening } = input;
  validatePublic(listening);
  checkLimits(limits);
  // For its errors alone: each start of the port makes its own.
  new Access(tokens);
  const serve = (ctx: ActorContext<never>, stopping: Stopping): HttpHandler => {
    const { system } = ctx;
    const provider = placedState(state).connect({ system, root });
    return handlerOf(ctx, input, {
      names: bridgeNames(system, root),
      provider,
      tools: sessionTools({ system, root }, provider),
      pools,
      log: ctx.runtime.log,
      ...stopping,
    });
  };
  const shutdown = stopMs(listening);
  return { logic: publicListener, input: { ...listening, serve } satisfies PublicInput, shutdown };
}

function handlerOf(ctx: ActorContext<never>, options: PublicServicesOptions, host: ServiceHost): HttpHandler {
  const shutdown = new AbortController();
  // Each request that runs listens to it; limits bound how many there are.
  setMaxListeners(0, shutdown.signal);
  const leave = () => shutdown.abort(draining());
  host.late.addEventListener('abort', leave, { once: true });
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
  router.service(StateService, stateService(host), { readMaxBytes: stateMaxBytes, writeMaxBytes: stateMaxBytes });
  router.service(Health, healthService(host));
  if (options.reflection === true) reflectionServices(router, host);
  const access = new Access(options.tokens, (error) =>
    host.log('error', `client tokens: ${error.message}; those before stay`),
  );
  const quota = new Quota(options.limits ?? {}, ctx.runtime.clock);
  return requestHandler(router, { access, quota, emit: (event) => ctx.emit(event) }, host);
}
