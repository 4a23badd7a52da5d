/** Our side, through the public API: an ophion tree, and contexts or sessions in it. */
import {
  type Context,
  declare,
  float,
  nodeRuntime,
  type OphionOptions,
  type OphionRef,
  openContext,
  ophion,
  python,
  type StateOptions,
  startSupervisor,
  type Values,
} from '../../index.ts';
import { interpreter, pythonPath } from '../workers/files.ts';
import { folder } from './files.ts';

/** What is written and read: a number with a range, as the parameter of a model is. */
export const variables = declare({ temperature: float({ min: 0, max: 2, default: 0.7 }) });
export type Known = Values<typeof variables>;

type Pools = Readonly<Record<string, ReturnType<typeof python>>>;

export interface StateHost<P extends Pools> extends AsyncDisposable {
  readonly ref: OphionRef<P>;
  open(): Promise<Context<Known>>;
}

async function start<P extends Pools>(options: OphionOptions<P>): Promise<StateHost<P>> {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: { ophion: ophion(options) },
  });
  const ref = app.children.ophion as OphionRef<P>;
  return {
    ref,
    open: () => openContext(ref, { variables }),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

/** No Python. */
export const startStateHost = (state: StateOptions = {}) => start({ state });

/** With one worker, and the tools of state_tools.py. */
export async function startPythonHost() {
  const pools = {
    default: python({
      module: 'state_tools',
      executable: interpreter,
      pythonPath: [folder],
      env: { PYTHONPATH: pythonPath },
    }),
  };
  const host = await start({ pools });
  await host.ref.pools.default.ready();
  return host;
}

/** A value that differs from the one before and fits. */
export const temperatureOf = (count: number): number => (count % 2_000) / 1_000;
