/** The state layer alone, as a tree, with time that can be moved on for times to live. */
import { type Clock, nodeRuntime, type Runtime, ServerRef } from '../../actors/core/index.ts';
import {
  type StateHost,
  type StateNames,
  type StateOptions,
  stateChildren,
  stateNames,
} from '../../actors/state/index.ts';
import { type PublicServicesOptions, publicServices } from '../../bridge/protocol/index.ts';
import { publicListener } from '../../bridge/transport/index.ts';
import { type SystemRef, startSupervisor, supervisor } from '../../supervisors/index.ts';

export interface StateSystem {
  readonly app: SystemRef;
  readonly host: StateHost;
  readonly names: StateNames;
  /** Moves time on; timers stay on the real clock. */
  pass(ms: number): void;
  /** That of the public port. */
  port(): Promise<number>;
  /** Kills who lives at a place. */
  kill(path: string): void;
  /** Stops the tree; fails when an actor is left. */
  stop(): Promise<void>;
}

export async function startState(
  options: StateOptions = {},
  {
    clock,
    maxRestarts = 100_000,
    log = () => {},
    services,
  }: {
    readonly clock?: Clock;
    readonly maxRestarts?: number;
    readonly log?: Runtime['log'];
    /** Serves the public port, as the child `services`. */
    readonly services?: PublicServicesOptions;
  } = {},
): Promise<StateSystem> {
  const node = nodeRuntime();
  let skewMs = 0;
  const skewed: Clock = { ...node.clock, monotonicMs: () => node.clock.monotonicMs() + skewMs };
  const runtime: Runtime = { ...node, log, clock: clock ?? skewed };
  const port = (root: string) =>
    services === undefined ? {} : { services: publicServices({ ...services, root, pools: [] }) };
  const ophion = supervisor((ctx) => ({
    maxRestarts,
    children: { ...stateChildren(ctx.path, options), ...port(ctx.path) },
  }));
  const app = (await startSupervisor({ runtime, children: { ophion } })) as unknown as SystemRef;
  const host = { system: app.system, root: 'app/ophion' };
  return {
    app,
    host,
    names: stateNames(app.system, host.root),
    pass(ms) {
      skewMs += ms;
    },
    port: async () => (await new ServerRef(app.system, `${host.root}/services`, publicListener).call('address')).port,
    kill: (path) => app.system.lookup(path)?.kill(),
    async stop() {
      await app.stop();
      const left = [...app.system.processes()].map((process) => String(process.pid));
      if (left.length > 0) throw new Error(`the test left these actors: ${left.join(', ')}`);
    },
  };
}
