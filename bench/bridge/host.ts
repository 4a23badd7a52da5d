/** Our side, through the public API: an ophion tree with one Python worker, and a session for each caller. */
import { type Context, nodeRuntime, openContext, ophion, python, startSupervisor } from '../../index.ts';
import { interpreter, pythonPath } from '../workers/files.ts';
import { folder } from './files.ts';

export type Carrier = 'grpc' | 'unix';

export interface BridgeHost extends AsyncDisposable {
  readonly contexts: readonly Context[];
}

/** `capacity`: how many calls the worker runs at a time. Default: as many as a stream may carry. */
export async function startBridgeHost(carrier: Carrier, callers: number, capacity = 1_024): Promise<BridgeHost> {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        links: { carrier },
        pools: {
          default: python({
            module: 'bridge_tools',
            executable: interpreter,
            pythonPath: [folder],
            env: { PYTHONPATH: pythonPath },
            capacity,
          }),
        },
      }),
    },
  });
  const { ophion: ref } = app.children;
  await ref.pools.default.ready();
  const contexts = await Promise.all(Array.from({ length: callers }, () => openContext(ref, { variables: {} })));
  return { contexts, [Symbol.asyncDispose]: () => app.stop() };
}
