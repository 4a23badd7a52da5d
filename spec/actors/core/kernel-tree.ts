/** A tree on virtual time for the specs of the kernel, and probes in it. */
import {
  type ActorContext,
  type AnyEvent,
  type ExitReason,
  type Logic,
  nodeRuntime,
  type Pid,
  type Runtime,
  reply,
  server,
} from '../../../actors/core/index.ts';
import { type Children, type StartOptions, type SystemRef, startSupervisor } from '../../../supervisors/index.ts';
import { VirtualRuntime } from '../../conformance/virtual-runtime.ts';

export const quiet: Runtime = nodeRuntime({ log: () => {} });

/** Starts a tree whose crashes write nothing. */
export const start = <const C extends Children>(options: StartOptions<C>): Promise<SystemRef<C>> =>
  startSupervisor({ runtime: quiet, ...options });

/** A tree on virtual time: what it returns stands still until `advance`. */
export async function virtual<const C extends Children>(
  options: StartOptions<C>,
): Promise<{ app: SystemRef<C>; runtime: VirtualRuntime; advance(ms: number): Promise<void>; idle(): Promise<void> }> {
  const runtime = new VirtualRuntime();
  const starting = startSupervisor({ ...options, runtime });
  await runtime.idle();
  const app = await starting;
  return { app, runtime, advance: (ms) => runtime.advance(ms), idle: () => runtime.idle() };
}

/** A temporary child. */
export const temporary = <L extends Logic<never>>(logic: L) => ({ logic, restart: 'temporary' as const });

/** An actor whose info collects what it is told; `run` does something in its turn, and may wait. */
export function probe(options: { trapExit?: boolean } = {}) {
  return server({
    trapExit: options.trapExit ?? false,
    init: () => [] as unknown[],
    call: {
      run: async (state, work: (ctx: ActorContext<never>) => unknown, ctx: ActorContext<never>) =>
        reply(await work(ctx), state),
      seen: (state) => reply(state, state),
    },
    info: (state, message) => [...state, message],
  });
}

/** All events of a system, from now on. */
export function eventsOf(app: SystemRef<Children>): AnyEvent[] {
  const events: AnyEvent[] = [];
  app.system.events.onAll((event) => events.push(event));
  return events;
}

/** Resolves to why it ended. */
export const endOf = async (ref: {
  monitor(): Promise<{ pid: Pid | undefined; reason: ExitReason }>;
}): Promise<ExitReason> => (await ref.monitor()).reason;
