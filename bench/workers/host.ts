/** Our side: links, one real Python worker, and a consumer that stands where the bridge is. Nothing of layer 2. */
import { type ActorContext, nodeRuntime, server } from '../../actors/core/index.ts';
import { python } from '../../actors/worker/index.ts';
import { type Delivery, type LinksOptions, links, linksRef, openExchange } from '../../bridge/transport/index.ts';
import { startSupervisor, supervisor } from '../../supervisors/index.ts';
import { ending } from '../contest.ts';
import { interpreter, program, pythonPath } from './files.ts';

/** What an exchange carries while it is open: who waits for it. */
interface Waiting {
  readonly answered: (payload: Uint8Array) => void;
  readonly lost: (error: Error) => void;
}

/** As the bridge does it: one acknowledgement for all that the mailbox held. */
const consumer = (started: (ctx: ActorContext<never>) => void, up: (stream: string) => void) =>
  server({
    init: (ctx) => {
      started(ctx as never);
      linksRef(ctx as never, 'app/links').cast('subscribe', { consumer: ctx.ref(ctx.path) });
      return { handled: 0, acknowledging: false };
    },
    cast: {
      deliver: (state: { handled: number; acknowledging: boolean }, delivery: Delivery, ctx) => {
        state.handled = delivery.delivery;
        if (!state.acknowledging) ctx.send(ctx.self, 'acknowledge');
        state.acknowledging = true;
        if (delivery.type === 'exchange.message') (delivery.context as Waiting).answered(delivery.payload);
        else if (delivery.type === 'exchange.lost') (delivery.context as Waiting).lost(new Error('lost'));
        else if (delivery.type === 'stream.up') up(delivery.stream);
        return state;
      },
    },
    info: (state, _message, ctx) => {
      state.acknowledging = false;
      linksRef(ctx as never, 'app/links').cast('acknowledge', { delivery: state.handled });
      return state;
    },
  });

export interface EchoHost extends AsyncDisposable {
  /** One round trip of an opaque envelope. */
  echo(payload: Uint8Array): Promise<Uint8Array>;
}

/** Starts a host with production defaults, and resolves when its worker is up. */
export async function startEchoHost(options: LinksOptions = {}, mode: readonly string[] = []): Promise<EchoHost> {
  const up = ending();
  let stream = '';
  let ctx: ActorContext<never> | undefined;
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      links: { logic: links, input: options },
      consumer: consumer(
        (own) => {
          ctx = own;
        },
        (id) => {
          stream = id;
          up.reach();
        },
      ),
      pools: supervisor({
        children: {
          echo: python({
            module: 'echo_worker',
            executable: interpreter,
            args: [program('echo_worker.py'), ...mode],
            env: { PYTHONPATH: pythonPath },
            capacity: 1_024,
          }),
        },
      }),
    },
  });
  await up.reached;
  const own = ctx as unknown as ActorContext<never>;
  const to = own.ref('app/links');
  return {
    echo: (payload) =>
      new Promise((answered, lost) => {
        openExchange(own, to, { stream, payload, context: { answered, lost } satisfies Waiting });
      }),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
