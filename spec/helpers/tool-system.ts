import { fileURLToPath } from 'node:url';
import { onSystem } from '../../actors/core/index.ts';
import { bridgeNames, callTool, type ToolRequest } from '../../bridge/protocol/index.ts';
import { nodeRuntime, ophion, type PythonOptions, python, startSupervisor } from '../../index.ts';
import { Signal } from './signal.ts';

/** Where the modules with tools for specs are. */
export const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

/** A whole system around one pool of real workers, which serve `pool_tools` unless told otherwise. */
export async function startTools(options: Partial<PythonOptions> = {}) {
  const events: { readonly type: string }[] = [];
  const changed = new Signal();
  // From the beginning: some of it is told before the start is over.
  const heard = onSystem((system) => {
    heard();
    system.events.onAll((event) => {
      events.push(event as { readonly type: string });
      changed.fire();
    });
  });
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    maxRestarts: 100,
    children: {
      ophion: ophion({ pools: { p: python({ module: 'pool_tools', pythonPath: [fixtures], ...options }) } }),
    },
  });
  const names = bridgeNames(app.system, 'app/ophion');
  const pool = app.children.ophion.pools.p;
  const call = (tool: string, args: ToolRequest['arguments'] = {}, more: Partial<ToolRequest> = {}) =>
    callTool(names, { tool, arguments: args, ...more }).outcome;
  return {
    ophion: app.children.ophion,
    pool,
    call,
    value: async (...given: Parameters<typeof call>) => (await call(...given)).value,
    failure: (...given: Parameters<typeof call>): Promise<{ readonly code: string; readonly message: string }> =>
      call(...given).then(
        () => Promise.reject(new Error('it did not fail')),
        (error) => error,
      ),
    events,
    until: (type: string, n = 1) => changed.until(() => events.filter((event) => event.type === type).length >= n),
    /** A worker's line has come: it may come after the answer of the tool that printed it. */
    printed: (text: string) =>
      changed.until(() =>
        events.some((event) => event.type === 'worker.output' && (event as unknown as { text: string }).text === text),
      ),
    /** So many times a worker has become ready. */
    idle: (n: number) =>
      changed.until(() => {
        const ready = events.flatMap((event) =>
          event.type === 'worker.state' && (event as unknown as { state: string }).state === 'idle'
            ? [String((event as unknown as { worker: unknown }).worker)]
            : [],
        );
        return new Set(ready).size >= n;
      }),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
