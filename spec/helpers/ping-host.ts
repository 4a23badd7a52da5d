/**
 * A host of ping workers with all of layer 1 and nothing above it: links, one pool, and an actor that stands in for
 * the bridge. Calls have an outcome each, whatever crashes.
 */
import { join } from 'node:path';
import {
  type ActorContext,
  type ExitReason,
  nodeRuntime,
  type Runtime,
  server,
  stop,
} from '../../actors/core/index.ts';
import {
  type Granted,
  livingMembers,
  type PoolRef,
  type PythonOptions,
  poolManagerRef,
  python,
  type Refused,
  tellPool,
  type WorkerEvent,
} from '../../actors/worker/index.ts';
import {
  type Delivery,
  type LinksOptions,
  links,
  linksRef,
  openExchange,
  type TransportEvent,
} from '../../bridge/transport/index.ts';
import { startSupervisor, supervisor } from '../../supervisors/index.ts';
import { Signal } from './signal.ts';
import { bytes, text } from './wire-worker.ts';

export const checkout = join(import.meta.dirname, '..', '..');
const pool = 'app/pools/ping';
const manager = `${pool}/manager`;

/** How a call ended. */
export interface PingOutcome {
  readonly items: readonly string[];
  readonly answer: string | undefined;
  readonly lost: Extract<Delivery, { type: 'exchange.lost' }> | undefined;
  readonly refused: Refused['error'] | undefined;
  readonly worker: string | undefined;
}

interface Request {
  readonly id: string;
  readonly payload: string;
  readonly options: CallOptions;
}
interface CallOptions {
  readonly timeoutMs?: number;
  readonly exchangeTimeoutMs?: number;
  readonly affinityKey?: string;
  /** Keeps the worker when the call is over: nothing is checked in. */
  readonly keep?: boolean;
}

/** What is outside of the actors, so that it survives them. */
export class PingNotes {
  readonly outcomes = new Map<string, (outcome: PingOutcome) => void>();
  readonly deliveries: Delivery[] = [];
  readonly events: (WorkerEvent | TransportEvent)[] = [];
  readonly changed = new Signal();
  readonly items = new Map<string, string[]>();
  /** A throw is a crash of the stand-in, before it has acknowledged. */
  onDelivery: ((delivery: Delivery) => void) | undefined;
  starts = 0;
}

const bridge = (notes: PingNotes) => {
  const settle = (
    ctx: ActorContext<never>,
    { id, options }: Request,
    outcome: Partial<PingOutcome>,
    failed = false,
  ) => {
    if (options.keep !== true)
      tellPool(poolManagerRef(ctx as ActorContext<never>, manager), 'checkin', { lease: id, failed });
    const items = notes.items.get(id) ?? [];
    notes.outcomes.get(id)?.({
      items,
      answer: undefined,
      lost: undefined,
      refused: undefined,
      worker: undefined,
      ...outcome,
    });
    notes.outcomes.delete(id);
  };
  const happened = (delivery: Delivery, ctx: ActorContext<never>) => {
    switch (delivery.type) {
      case 'exchange.message': {
        if (delivery.opened) {
          // A worker asks: it is answered with what it said.
          const { stream, exchange, payload } = delivery;
          linksRef(ctx, 'app/links').cast('write', { stream, exchange, payload, end: true });
          return;
        }
        const request = delivery.context as Request;
        if (delivery.end) settle(ctx, request, { answer: text(delivery.payload), worker: delivery.stream });
        else notes.items.set(request.id, [...(notes.items.get(request.id) ?? []), text(delivery.payload)]);
        return;
      }
      case 'exchange.lost': {
        const late =
          delivery.reason.kind === 'error' && (delivery.reason.error as { code?: string }).code === 'call_timeout';
        settle(ctx, delivery.context as Request, { lost: delivery, worker: delivery.stream }, late);
        return;
      }
      default:
    }
  };
  return server({
    init: (ctx) => {
      notes.starts += 1;
      linksRef(ctx as never, 'app/links').cast('subscribe', { consumer: ctx.ref(ctx.path) });
      if (notes.starts > 1) tellPool(poolManagerRef(ctx as never, manager), 'resume', { consumer: ctx.ref(ctx.path) });
      return 0;
    },
    cast: {
      call: (state: number, request: Request, ctx) => {
        const { id: lease, options } = request;
        tellPool(poolManagerRef(ctx as ActorContext<never>, manager), 'checkout', {
          lease,
          request,
          consumer: ctx.ref(ctx.path),
          timeoutMs: options.timeoutMs ?? 60_000,
          ...(options.affinityKey === undefined ? {} : { affinityKey: options.affinityKey }),
        });
        return state;
      },
      granted: (state: number, { lease, request, stream }: Granted, ctx) => {
        const { payload, options } = request as Request;
        openExchange(ctx, ctx.ref('app/links'), {
          stream,
          payload: bytes(payload),
          context: request,
          key: lease,
          ...(options.exchangeTimeoutMs === undefined ? {} : { timeoutMs: options.exchangeTimeoutMs }),
        });
        tellPool(poolManagerRef(ctx as ActorContext<never>, manager), 'started', { lease });
        return state;
      },
      refused: (state: number, { request, error }: Refused, ctx) => {
        settle(ctx, request as Request, { refused: error });
        return state;
      },
      deliver: (state: number, delivery: Delivery, ctx) => {
        notes.deliveries.push(delivery);
        notes.onDelivery?.(delivery);
        happened(delivery, ctx);
        linksRef(ctx, 'app/links').cast('acknowledge', { delivery: delivery.delivery });
        notes.changed.fire();
        return state;
      },
      crash: () => stop(new Error('the stand-in of the bridge crashes')),
    },
  });
};

export interface PingHostOptions {
  readonly pool?: Partial<PythonOptions>;
  readonly links?: LinksOptions;
  readonly runtime?: Runtime;
  /** How the workers misbehave at their start. */
  readonly mode?: readonly string[];
}

export async function startPingHost({
  pool: more = {},
  links: linksInput = {},
  runtime,
  mode = [],
}: PingHostOptions = {}) {
  const notes = new PingNotes();
  const app = await startSupervisor({
    runtime: runtime ?? nodeRuntime({ log: () => {} }),
    maxRestarts: 100,
    children: {
      links: { logic: links, input: { limits: { livenessIntervalMs: 100 }, ...linksInput } },
      bridge: bridge(notes),
      pools: supervisor({
        children: {
          ping: python({
            module: 'ping_worker',
            args: [join(checkout, 'spec', 'fixtures', 'ping_worker.py'), ...mode],
            env: { PYTHONPATH: join(checkout, 'python', 'src') },
            dialTimeoutMs: 30_000,
            drainMs: 200,
            ...more,
          }),
        },
      }),
    },
  });
  app.system.events.onAll((event) => {
    notes.events.push(event as WorkerEvent);
    notes.changed.fire();
  });
  const { bridge: caller, pools } = app.children;
  let calls = 0;
  const call = (payload: string, options: CallOptions = {}): Promise<PingOutcome> =>
    new Promise((resolve) => {
      calls += 1;
      const id = `call-${calls}`;
      notes.outcomes.set(id, resolve);
      caller.cast('call', { id, payload, options });
    });
  const ping = pools.children.ping as PoolRef;
  return {
    app,
    notes,
    ping,
    bridge: caller,
    links: app.children.links,
    call,
    /** Resolves to the n-th event that fits, counted from 1. */
    event: async <T extends (WorkerEvent | TransportEvent)['type']>(
      type: T,
      fits: (event: never) => boolean = () => true,
      n = 1,
    ) => {
      const found = () => notes.events.filter((event) => event.type === type && fits(event as never));
      await notes.changed.until(() => found().length >= n);
      return found()[n - 1] as Extract<WorkerEvent | TransportEvent, { type: T }>;
    },
    reasonOf: async (pid: { toString(): string }): Promise<ExitReason> => {
      const own = (event: { type: string }) =>
        event.type === 'pool.worker_lost' && String((event as unknown as { worker: unknown }).worker) === String(pid);
      await notes.changed.until(() => notes.events.some(own));
      return (notes.events.find(own) as Extract<WorkerEvent, { type: 'pool.worker_lost' }>).reason;
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

/** True when nobody of a worker's process group lives. */
export const isGone = async (osPid: number): Promise<boolean> => (await livingMembers(osPid)).length === 0;
