/**
 * The root of a tree, started from application code: everything it starts ends with it.
 */
import {
  ActorSystem,
  type AnyEvent,
  announce,
  type CoreEvent,
  type EventMap,
  type ExitReason,
  errorOf,
  exitReason,
  nodeRuntime,
  type Runtime,
  SpecError,
  StartError,
} from '../actors/core/index.ts';
import type { Children } from './child-spec.ts';
import type { SupervisorEvent } from './events.ts';
import { SupervisorRef } from './refs.ts';
import { type SupervisorOptions, supervisor } from './supervisor.ts';

export interface StartOptions<C extends Children> extends SupervisorOptions<C> {
  /** The root's name, the first part of every path. Default `app`. */
  readonly name?: string;
  /** Stops the tree when it aborts. */
  readonly signal?: AbortSignal;
  /** Where chance comes from. Default: Node's own clock, timers and randomness. */
  readonly runtime?: Runtime;
  /** An empty system to start in, prepared by a test. Default: a new one on `runtime`. */
  readonly system?: ActorSystem;
}

/** Typed listening to events of some closed union. */
export interface Events<E extends AnyEvent> {
  on<T extends E['type']>(type: T, listener: EventMap<E>[T]): unknown;
  once<T extends E['type']>(type: T, listener: EventMap<E>[T]): unknown;
  off<T extends E['type']>(type: T, listener: EventMap<E>[T]): unknown;
}

export class SystemRef<C extends Children = Children> extends SupervisorRef<C> {
  /** Resolves, with the reason, when the root has ended: stopped, or given up. */
  readonly exited: Promise<ExitReason>;

  constructor(system: ActorSystem, path: string, defined?: Children) {
    super(system, path, defined);
    this.exited = this.monitor().then((down) => down.reason);
  }

  /** System events, such as `child.restarted`. */
  get events(): Events<CoreEvent | SupervisorEvent> {
    return this.system.events.emitter as never;
  }

  /** Stops all children in reverse order and resolves when everything has ended. Safe to call twice. */
  override async stop(reason: ExitReason = exitReason.shutdown()): Promise<void> {
    const { process } = this;
    process?.deliver({ kind: 'system', work: () => process.requestStop(reason) });
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function newSystem(runtime: Runtime = nodeRuntime()): ActorSystem {
  const system = new ActorSystem(runtime);
  announce(system);
  return system;
}

/**
 * Starts a tree and resolves when all its children are up, in order. Rejects with StartError, everything stopped
 * again, when one of them does not start, and with SpecError, nothing started, when a spec is wrong. A
 * signal that aborts meanwhile stops what has been started, and then this rejects with its reason.
 */
export async function startSupervisor<const C extends Children>(options: StartOptions<C>): Promise<SystemRef<C>> {
  const { name = 'app', signal } = options;
  if (!/^[^/#~]+$/.test(name))
    throw new SpecError('startSupervisor', 'invalid_name: it must not contain / # or ~', name);
  signal?.throwIfAborted();
  const system = options.system ?? newSystem(options.runtime);
  const result = await system.spawn({ path: name, logic: supervisor(options) });
  if (result.type !== 'started') {
    const reason = result.type === 'failed' ? result.reason : exitReason.normal;
    const error = errorOf(reason);
    throw error instanceof SpecError ? error : new StartError(name, reason);
  }
  const root = new SystemRef<C>(system, name, options.children);
  if (signal?.aborted) {
    await root.stop();
    signal.throwIfAborted();
  }
  const onAbort = () => void root.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  void root.exited.then(() => signal?.removeEventListener('abort', onAbort));
  return root;
}
