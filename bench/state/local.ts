/** One context on local state: reading and writing one variable, one caller that awaits each answer. */
import { type Context, reply, server, startSupervisor } from '../../index.ts';
import { type Contest, nowMs, perSecond } from '../contest.ts';
import { type Known, startStateHost, temperatureOf } from './host.ts';

async function get(size: number): Promise<number> {
  await using host = await startStateHost();
  const { variables } = await host.open();
  const startMs = nowMs();
  let sum = 0;
  for (let i = 0; i < size; i += 1) sum += await variables.get('temperature');
  const figure = perSecond(size, startMs);
  if (!(sum > 0)) throw new Error('nothing was read');
  return figure;
}

function mapGet(size: number): number {
  const map = new Map<string, number>([
    ['temperature', 0.7],
    ['model', 1],
  ]);
  const startMs = nowMs();
  let sum = 0;
  for (let i = 0; i < size; i += 1) sum += map.get('temperature') as number;
  const figure = perSecond(size, startMs);
  if (!(sum > 0)) throw new Error('nothing was read');
  return figure;
}

/** The same behind a promise, as whatever may lie elsewhere has to be read. */
async function awaitedMapGet(size: number): Promise<number> {
  const map = new Map<string, number>([['temperature', 0.7]]);
  const read = (name: string): Promise<number | undefined> => Promise.resolve(map.get(name));
  const startMs = nowMs();
  let sum = 0;
  for (let i = 0; i < size; i += 1) sum += (await read('temperature')) as number;
  const figure = perSecond(size, startMs);
  if (!(sum > 0)) throw new Error('nothing was read');
  return figure;
}

export const reads: Contest = {
  unit: 'ops/s',
  size: 1_000_000,
  ours: get,
  lines: [
    {
      name: 'local get vs Map.get of the same key, ops/s',
      baseline: 'Map.get',
      theirs: mapGet,
      target: { atLeast: 0.1 },
      // As long as ours takes, or nearly nothing would be measured.
      size: 20_000_000,
    },
    { name: 'local get vs Map.get behind a promise, ops/s', baseline: 'Map.get, awaited', theirs: awaitedMapGet },
  ],
};

/** Each commit is validated, kept in the history, and seen by one watch. */
async function commit(size: number): Promise<number> {
  await using host = await startStateHost();
  const context: Context<Known> = await host.open();
  const { variables } = context;
  let [last, seen] = [Number.NaN, 0];
  await using _watch = variables.onChange(({ values, revision }) => {
    last = values.temperature ?? last;
    seen = revision;
  });
  const startMs = nowMs();
  for (let i = 0; i < size; i += 1) await variables.set('temperature', temperatureOf(i));
  const figure = perSecond(size, startMs);
  const { revision } = await variables.snapshot();
  while (seen < revision) await new Promise(setImmediate);
  if (last !== temperatureOf(size - 1)) throw new Error(`the watch saw ${last} last`);
  return figure;
}

const counter = server({
  init: () => 0,
  call: { set: (_, value: number) => reply(value, value) },
});

async function calls(size: number): Promise<number> {
  await using app = await startSupervisor({ children: { counter } });
  const ref = app.children.counter;
  const startMs = nowMs();
  for (let i = 0; i < size; i += 1) await ref.call('set', temperatureOf(i));
  return perSecond(size, startMs);
}

export const commits: Contest = {
  unit: 'ops/s',
  size: 200_000,
  ours: commit,
  lines: [
    {
      name: 'local commit of one variable (validated, history, watch) vs our own server call, ops/s',
      baseline: 'a call of server()',
      theirs: calls,
      target: { atLeast: 0.4 },
    },
  ],
};
