/**
 * One program and one Python module, wherever state is: in this process, in a Session actor, in a file that survives the
 * host, on a Redis that hosts share. `one-option.ts [local | bridged | durable FOLDER | redis URL]` prints the same on all.
 */
import { fileURLToPath } from 'node:url';
import { redisState } from '../actors/state/redis/index.ts';
import {
  bridgedState,
  type Context,
  declare,
  float,
  json,
  localState,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  type StateOptions,
  startSupervisor,
  string,
  type Values,
} from '../index.ts';

const [place = 'local', where = ''] = process.argv.slice(2);

// #region places
const places = {
  local: () => ({ state: localState() }), // the default: it moves to a Session actor when Python is needed
  bridged: () => ({ state: bridgedState() }),
  durable: (path: string) => ({ state: bridgedState(), system: { vault: { path } } }),
  redis: (url: string) => ({ state: redisState({ url }) }),
};
// #endregion

interface Place {
  readonly state: ReturnType<typeof localState>;
  readonly system?: StateOptions;
}

const variables = declare({
  goal: string(),
  steps: json({ default: [] }),
  done: json({ default: [] }),
  spent: float({ min: 0 }),
});
const plan = pythonTool<{ goal: string }, string[]>('plan');
const work = pythonTool<{ step: string }, { done: number; spent: number }>('work');

// #region pursue
/** All of it: there is no word in it of where the variables are. */
async function pursue(context: Context<Values<typeof variables>>, goal: string): Promise<void> {
  await context.expose({ price: ({ step }: { step: string }) => step.length / 4 });
  const told: string[] = [];
  const { revision: from } = await context.variables.snapshot();
  const watched = (async () => {
    for await (const { values } of context.variables.watch({ from })) {
      told.push(Object.keys(values).sort().join('+'));
      if ((values.done as string[] | undefined)?.includes('rest')) return;
    }
  })();
  console.log('plan:', (await context.call(plan, { goal })).join(', '));
  const { revision } = await context.variables.set('spent', 1);
  for (const step of (await context.variables.get('steps')) as string[]) {
    const { done, spent } = await context.call(work, { step });
    console.log(`${done} done, ${spent} spent`);
  }
  await context.variables.update('done', (done) => [...(done as string[]), 'rest']);
  console.log('done:', ((await context.variables.get('done')) as string[]).join(', '));
  console.log('spent before the work:', (await context.variables.valuesAt(revision)).spent);
  const conflict = await context.variables.set('goal', 'another', { expect: 1 }).catch((error) => error.code);
  console.log('a writer who has read too early is told:', conflict);
  const { commits } = await context.variables.history();
  console.log('commits:', commits.map(({ writer }) => (writer === 'typescript' ? 'ts' : 'py')).join(' '));
  await watched;
  console.log('watched:', told.join(' '));
}
// #endregion

const chosen: Place | undefined = places[place as keyof typeof places]?.(where);
if (chosen === undefined) throw new Error(`there is no place '${place}': one of ${Object.keys(places).join(', ')}`);
await using app = await startSupervisor({
  runtime: nodeRuntime({ log: () => {} }),
  children: {
    ophion: ophion({
      state: chosen.system ?? {},
      pools: {
        default: python({
          module: 'one_option_tools',
          pythonPath: [fileURLToPath(new URL('python', import.meta.url))],
          size: 1,
        }),
      },
    }),
  },
});
const context = await openContext(app.children.ophion, { state: chosen.state, variables });
await pursue(context, 'snakes');
await context.close();
