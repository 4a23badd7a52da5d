/** A small application with all that the page shows, observed by the dev tools. */
import { fileURLToPath } from 'node:url';
import { setup } from 'xstate';
import { startDevtools } from '../../devtools/index.ts';
import {
  declare,
  dynamicSupervisor,
  float,
  keepAll,
  nextState,
  nodeRuntime,
  openContext,
  ophion,
  python,
  reply,
  server,
  startSupervisor,
  statem,
  string,
  supervisor,
  worker,
} from '../../index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

const counter = server({
  init: () => ({ count: 0, by: 'nobody', password: 'hunter2' }),
  call: { add: (state, by: number) => reply(state.count + by, { ...state, count: state.count + by, by: 'add' }) },
  cast: {
    boom: () => {
      throw new Error('boom', { cause: new TypeError('the cause below') });
    },
  },
});

/** Passes on to the counter, so that messages have causes. */
const front = server({
  init: () => 0,
  cast: {
    visit: (visits, whom: { cast(name: 'boom'): void }) => {
      whom.cast('boom');
      return visits + 1;
    },
  },
});

const light = setup({ types: { events: {} as { type: 'go' | 'stop' } } }).createMachine({
  id: 'light',
  initial: 'red',
  states: {
    red: { on: { go: 'green' } },
    green: {
      initial: 'steady',
      on: { stop: 'red' },
      states: { steady: { after: { 600000: 'blinking' } }, blinking: {} },
    },
  },
});

const till = statem({
  types: {} as { cast: { open(): void } },
  init: () => nextState('shut', null),
  states: { shut: () => nextState('open', null), open: () => keepAll() },
});

/** Ends with what a Python tool raises. */
const clerk = server({
  init: () => 0,
  cast: {
    work: async (done, run: () => Promise<unknown>) => {
      await run();
      return done + 1;
    },
  },
});

/** Comes and goes. */
export const passer = server({ init: () => 0 });

export type PageSystem = Awaited<ReturnType<typeof startPageSystem>>;

export async function startPageSystem() {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    maxRestarts: 3,
    periodMs: 60_000,
    children: {
      shop: supervisor({
        maxRestarts: 5,
        periodMs: 60_000,
        children: { counter, front, clerk, light: worker(light), till },
      }),
      crowd: dynamicSupervisor(),
      ophion: ophion({ pools: { default: python({ module: 'e2e_tools', pythonPath: [fixtures], size: 1 }) } }),
    },
  });
  const tools = await startDevtools(app, { name: 'shop', actions: true, printCrashes: false });
  await app.children.ophion.pools.default.ready();
  const context = await openContext(app.children.ophion, {
    id: 'demo',
    variables: declare({ temperature: float({ min: 0, max: 2, default: 0.7 }), model: string({ default: 'small' }) }),
  });
  await context.expose({ lookup: ({ id }: { id: string }) => `about ${id}` });
  const stop = async () => {
    await context.close();
    await tools.stop();
    await app.stop();
  };
  return { app, tools, context, stop };
}
