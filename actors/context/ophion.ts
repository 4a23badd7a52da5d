/**
 * `ophion()`: the whole system as one child of any supervisor. Everything in it finds everything else by name, so
 * each part restarts alone.
 */

import {
  type BridgeChildrenOptions,
  type BridgeNames,
  bridgeChildren,
  bridgeNames,
  type PublicServicesOptions,
  publicServices,
  signatureJudge,
} from '../../bridge/protocol/index.ts';
import { type LinksOptions, links, type PublicAddress, publicListener } from '../../bridge/transport/index.ts';
import {
  type ChildSpec,
  DynamicSupervisorRef,
  dynamicSupervisor,
  type LogicWithRef,
  SupervisorRef,
  supervisor,
} from '../../supervisors/index.ts';
import { type ActorRef, type ActorSystem, MachineRef, ServerRef } from '../core/index.ts';
import {
  checkFunctions,
  checkVaultOptions,
  type StateBackend,
  type StateHost,
  type StateNames,
  type StateOptions,
  stateChildren,
  stateNames,
} from '../state/index.ts';
import { type PoolLogic, PoolRef } from '../worker/index.ts';
import type { contextActor } from './context-actor.ts';
import type { AnyMiddleware } from './middleware/index.ts';
import type { PythonStream, PythonTool } from './remote-tool.ts';

/** Tokens by any names. */
export type PythonTools = Readonly<Record<string, PythonTool<unknown, unknown> | PythonStream<unknown, unknown>>>;

type Pools = Readonly<Record<string, PoolLogic>>;

export interface OphionOptions<P extends Pools> {
  /** Pools of Python workers, by name: `{ default: python({ module: 'my_tools', size: 2 }) }`. Default: none. */
  readonly pools?: P;
  /**
   * Tokens that `npx ophion types` made, such as a whole file of them: `import * as tools`. A worker whose tools are not
   * those that they were made of does not start (WorkerStartError, its cause a StaleTypesError). Default: none.
   */
  readonly tools?: PythonTools;
  /** Around the calls of tools on all contexts, the first outermost; that of a context stands inside. Default: none. */
  readonly middleware?: readonly AnyMiddleware[];
  /** Quotas and sweeps of session state, and where it is kept: `{ vault: { path } }`. */
  readonly state?: StateOptions;
  /**
   * Where sessions are looked for by their id, when no context of this system has said where it is: by clients of the public
   * port, who open theirs there, and by workers. Default `bridgedState()`; `redisState()` where hosts share sessions.
   */
  readonly provider?: StateBackend<StateHost>;
  /** Where workers dial in, and the limits of their streams. Default: gRPC on a socket file in a private folder. */
  readonly links?: LinksOptions;
  /** Limits of tool calls: how many, how long they may take to end, how their outcomes are kept. */
  readonly bridge?: Omit<BridgeChildrenOptions, 'root' | 'pools' | 'state'>;
  /** A loopback port for gRPC, gRPC-Web and Connect clients of any language, with a token each. Default: none. */
  readonly services?: PublicServicesOptions;
  /** How often the system's own parts may restart in `periodMs` before the whole system gives up. Default 10. */
  readonly maxRestarts?: number;
  /** Default 5,000 ms. */
  readonly periodMs?: number;
}

/** How often one context may crash in five seconds before it is given up alone. */
const contextRestarts = { maxRestarts: 3, periodMs: 5_000 } as const;

export interface OphionLogic<P extends Pools> extends LogicWithRef<OphionRef<P>> {
  readonly pools: P;
}

/** Defines the system. Starts nothing: give it to a supervisor. Wrong options are refused here (SpecError). */
export function ophion<const P extends Pools = Record<never, never>>(options: OphionOptions<P> = {}): OphionLogic<P> {
  const { pools = {} as P, services, state, provider, maxRestarts = 10, periodMs = 5_000 } = options;
  if (state?.vault !== undefined) checkVaultOptions(state.vault);
  if (state?.functions !== undefined) checkFunctions(state.functions);
  const logic = supervisor((ctx) => {
    const root = ctx.path;
    const place = provider === undefined ? {} : { state: provider };
    const { tasks, bridge } = bridgeChildren({ ...options.bridge, ...place, root, pools: Object.keys(pools) });
    return {
      strategy: 'one_for_one',
      maxRestarts,
      periodMs,
      children: {
        ...stateChildren(root, state),
        contexts: dynamicSupervisor({ perChildBudget: true, ...contextRestarts }),
        links: { logic: links, input: options.links },
        tasks,
        bridge,
        pools: supervisor({ strategy: 'one_for_one', maxRestarts, periodMs, children: judged(pools, options.tools) }),
        ...(services === undefined
          ? {}
          : { services: publicServices({ ...services, ...place, root, pools: Object.keys(pools) }) }),
      },
    };
  });
  return { ...logic, pools, refAt: (system, path) => new OphionRef(system, path, pools, options.middleware) };
}

/** The pools, each with what its workers must offer. */
function judged(pools: Pools, tools: PythonTools | undefined): Readonly<Record<string, ChildSpec<PoolLogic>>> {
  const known = Object.values(tools ?? {});
  const names = Object.keys(pools);
  return Object.fromEntries(
    Object.entries(pools).map(([name, logic]) => {
      const input = known.length === 0 ? undefined : { accept: signatureJudge(name, known, names.length === 1) };
      return [name, { logic, input }];
    }),
  );
}

/** A ref to a running system. */
export class OphionRef<P extends Pools = Pools> extends SupervisorRef<never> {
  readonly state: StateNames;
  readonly bridge: BridgeNames;
  /** By name. */
  readonly pools: { readonly [N in keyof P]: PoolRef };
  /** Of all contexts. */
  readonly middleware: readonly AnyMiddleware[];

  constructor(system: ActorSystem, path: string, pools: P, middleware: readonly AnyMiddleware[] = []) {
    super(system, path);
    this.middleware = middleware;
    this.state = stateNames(system, path);
    this.bridge = bridgeNames(system, path);
    this.pools = Object.fromEntries(
      Object.keys(pools).map((name) => [name, new PoolRef(system, `${path}/pools/${name}`)]),
    ) as { readonly [N in keyof P]: PoolRef };
  }

  /** The supervisor of the Context actors. */
  get contexts(): DynamicSupervisorRef {
    return new DynamicSupervisorRef(this.system, `${this.path}/contexts`);
  }

  /** Where the public services listen. Rejects with ActorDownError when there are none. */
  servicesAddress(): Promise<PublicAddress> {
    return new ServerRef(this.system, `${this.path}/services`, publicListener).call('address');
  }

  /** Where workers of other hosts join; undefined when there is no such listener, or it does not listen yet. */
  async joinAddress(): Promise<string | undefined> {
    const { joinAddress } = await new ServerRef(this.system, `${this.path}/links`, links).call('status');
    return joinAddress;
  }

  contextRef(id: string): MachineRef<NonNullable<(typeof contextActor)['xstate']>> {
    return new MachineRef(this.system, `${this.path}/contexts/${id}`);
  }

  /** The actors that a session's state goes through, for fault injection and inspection. */
  stateActors(
    sessionId: string,
  ): Readonly<Record<'Session' | 'SessionStore' | 'ObserverManager' | 'bridge', ActorRef>> {
    return {
      Session: this.state.session(sessionId),
      SessionStore: this.state.store,
      ObserverManager: this.state.observers,
      bridge: this.bridge.bridge,
    };
  }
}
