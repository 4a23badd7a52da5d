/** Turns the nodes of a scenario into logics and child specs of ours. */
import {
  type ActorContext,
  exitReason,
  type Ignore,
  ignore,
  type Logic,
  type StartedWith,
  type Stop,
  server,
  startedWith,
  stop,
} from '../../../actors/core/index.ts';
import { dynamicSupervisor, type ListedChild, supervisor } from '../../../supervisors/index.ts';
import type { Crash, Node, SupNode, WorkerNode } from './format.ts';
import type { Recorder } from './recorder.ts';
import { reasonTerm, toReason } from './terms.ts';

/** What an instance of a template is given. */
export interface InstanceInput {
  readonly name: string;
  readonly init: readonly string[] | undefined;
}

/** A spec that says exactly what the node says; what it leaves out is left to the defaults. */
export function specOf(recorder: Recorder, node: Node): ListedChild {
  const logic = node.kind === 'sup' ? supLogic(recorder, node) : workerLogic(recorder, node);
  return given({
    id: node.id,
    logic: node.no_start ? undefined : logic,
    restart: node.restart,
    shutdown: node.shutdown === 'infinity' ? Number.POSITIVE_INFINITY : node.shutdown,
    significant: node.significant,
    type: node.kind === 'sup' ? (node.type ?? 'supervisor') : node.type,
  }) as unknown as ListedChild;
}

/** Without the fields that are undefined: they are absent. */
const given = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export function supLogic(recorder: Recorder, node: SupNode): Logic<never> {
  const simple = node.strategy === 'simple_one_for_one';
  const init = (ctx: ActorContext<never>) => {
    const id = node.id as string;
    const { n, out } = recorder.attempt(id, node.init);
    if (out === 'ignore') return ignore();
    if (out === 'raise') throw new Error('init_boom');
    if (out === 'bad') return 'bad_value';
    if (out !== 'ok') throw exitReason.exit(out === 'error' ? 'init_error' : out);
    recorder.up(id, n, ctx, simple ? 'simple' : 'static');
    const children = node.children.map((child) => specOf(recorder, child));
    return given({
      strategy: simple ? undefined : node.strategy,
      // OTP's defaults, where ours are Elixir's.
      maxRestarts: node.intensity ?? 1,
      periodMs: typeof node.period === 'string' ? node.period : (node.period ?? 5) * 1000,
      autoShutdown: node.auto_shutdown,
      ...(simple ? { template: children[0] } : { children }),
    });
  };
  return simple ? dynamicSupervisor(init as never) : supervisor(init as never);
}

interface WorkerState {
  readonly id: string;
  readonly n: number;
  /** Whether it ends by itself: then its terminate does nothing special. */
  own: boolean;
}

function workerLogic(recorder: Recorder, node: WorkerNode): Logic<never> {
  const { clock } = recorder.system.runtime;
  return server({
    trapExit: node.trap ?? false,
    init: (
      ctx: ActorContext<InstanceInput | undefined>,
    ): WorkerState | StartedWith<WorkerState> | Ignore | Stop<never> => {
      const { input } = ctx;
      const id = input?.name ?? (node.id as string);
      const { n, out } = recorder.attempt(id, input?.init ?? node.init);
      switch (out) {
        case 'ok':
          break;
        case 'ignore':
          return ignore();
        case 'raise':
          throw new Error('init_boom');
        default:
          return stop(out === 'error' ? 'init_error' : out.replace('stop_', ''));
      }
      recorder.up(id, n, ctx as never);
      const state: WorkerState = { id, n, own: false };
      return node.extra ? startedWith(state, 'info') : state;
    },
    cast: {
      crash: (state: WorkerState, { how, reason }: Crash) => {
        state.own = true;
        if (how === 'raise') throw new Error('boom');
        if (how === 'exit') throw toReason(reason);
        return stop(toReason(reason), state);
      },
    },
    info: (state, message) => {
      const { id, n } = state;
      const { reason } = message as { reason: Parameters<typeof reasonTerm>[0] };
      recorder.event({ ev: 'exit_msg', id, n, reason: reasonTerm(reason) });
      return state;
    },
    terminate: ({ id, n, own }, reason) => {
      recorder.event({ ev: 'terminate', id, n, reason: reasonTerm(reason) });
      if (own) return;
      switch (node.on_shutdown) {
        case undefined:
          return;
        case 'slow':
          return new Promise<void>((resolve) => void clock.setTimer(8, resolve));
        case 'hang':
          return new Promise<void>(() => {});
        case 'crash':
          throw exitReason.exit('late_crash');
        case 'normal':
          throw exitReason.normal;
        case 'shutdown_tuple':
          throw exitReason.shutdown('bye');
        default: {
          const never: never = node.on_shutdown;
          throw new TypeError(String(never));
        }
      }
    },
  });
}
