/**
 * The exploration of our own system: a random supervision tree, clients that ask, tasks, registries, a dynamic
 * supervisor, sessions with commits, reads and watches, all in one simulated world under faults; and what must be true
 * of it whatever happens, judged by the checkers of `ophion/testing`.
 */
import { ophion } from '../../actors/context/index.ts';
import { type ActorSystem, type Logic, registry } from '../../actors/core/index.ts';
import { bridgedState, localState, type StateBackend, type StateHost } from '../../actors/state/index.ts';
import { redisStateOver } from '../../actors/state/redis/redis-state.ts';
import { PoolRef } from '../../actors/worker/index.ts';
import { DynamicSupervisorRef, dynamicSupervisor, type SystemRef, taskSupervisor } from '../../supervisors/index.ts';
import { OutcomeCheck } from '../../testing/checks/outcomes.ts';
import { SupervisionCheck } from '../../testing/checks/supervision.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';
import { ModelLink } from '../helpers/redis-model/link.ts';
import { Lua } from '../helpers/redis-model/lua.ts';
import { RedisModel } from '../helpers/redis-model/server.ts';
import { client, keyOwner } from './actors.ts';
import type { Config, Input } from './input.ts';
import { logicOf, Weather } from './leaves.ts';
import { endedByHand, leafOfMany, perform, poolPath, quietMs, resume, type World } from './operations.ts';
import { Requests } from './requests.ts';
import { SessionCheck } from './session-check.ts';
import { Workers } from './workers.ts';

/** Something that must always be true was not. */
export class Violation extends Error {
  constructor(found: readonly string[]) {
    const lines = found.map((text) => text.split('\n'));
    const details = lines.map(([, ...more]) => more.map((line) => `\n${line}`).join(''));
    super(
      `${lines
        .slice(0, 3)
        .map(([first]) => first)
        .join('; ')}${details.join('')}`,
    );
    this.name = new.target.name;
  }
}

/** What is to happen in some run. */
export const sometimes = ['an answer of a worker', 'a worker lost during a call', 'a restart during a stream'] as const;

/** When the server of the model was started. */
const serverStartMs = 1_700_000_000_000;
/** So often that nobody gives up for what the exploration does to it. */
const often = 1_000_000;

let lua: Promise<Lua> | undefined;

export async function scenario(sim: Simulation, { config, tree, ops }: Input): Promise<void> {
  // Before anything happens in this world: the first one waits longer than the others.
  const world = await start(sim, config, await sim.outside(() => (lua ??= Lua.load())));
  const { app, weather, found } = world;
  await app.startChild({ id: 'tree', logic: logicOf(weather, tree) }).catch(() => {});
  for (const op of ops) {
    await perform(world, op);
    judgeAlways(world);
  }
  // Everything heals, and goes on for as long as anything may take.
  weather.failing = 0;
  sim.heal();
  resume(world);
  await sim.advance(quietMs);
  await Promise.all(world.pending);
  for (const session of world.sessions) found.push(...(await session.judge()));
  const { workers } = world;
  if (workers !== undefined) found.push(...(await workers.judge(new PoolRef(app.system, poolPath))));
  judgeQuiet(world);
  await app.stop();
  found.push(...(workers?.orphans ?? []));
  judge(world);
}

async function start(sim: Simulation, config: Config, scripts: Lua): Promise<World> {
  const found: string[] = [];
  const outcomes = new OutcomeCheck();
  const requests = new Requests(outcomes, found);
  const network = sim.network();
  const workers = config.pool === undefined ? undefined : new Workers(sim, config.pool, network);
  const asks = client((answer) => requests.answered(answer));
  const app = await sim.start({
    maxRestarts: often,
    children: {
      names: registry({ keys: 'unique' }),
      topics: registry({ keys: 'duplicate' }),
      tasks: taskSupervisor({ maxChildren: config.tasksMax }),
      ophion: ophion({
        maxRestarts: often,
        state: { maxRestarts: config.sessions.maxRestarts, limits: { historyMax: config.sessions.historyMax } },
        links: { listen: network.listen },
        ...(workers === undefined ? {} : { pools: { p: workers.pool } }),
      }),
      c0: asks,
      c1: asks,
      c2: asks,
    },
  });
  const { system } = app;
  const check = new SupervisionCheck(system, { nobodyTerminates: true });
  // What a fault ends, and with it those that are linked, was not ended by its supervisor.
  sim.onRecord((record) => {
    if (record.kind !== 'fault' || record.on === undefined) return;
    const { current } = system;
    // What a dead supervisor has left behind may still run where its successor lives already.
    const process = current?.pid.path === record.on ? current : system.lookup(record.on);
    if (process !== undefined) endedByHand(check, process);
  });
  const { names, topics, tasks } = app.children;
  const weather = new Weather(topics);
  const { template, ...many } = config.many;
  await app.startChild({ id: 'many', logic: manyOf(weather, template, many) });
  await app.startChild({ id: 'owner', logic: keyOwner(names) as Logic<never> });
  const host = { system, root: 'app/ophion' };
  const sessions = [
    await SessionCheck.open(sim, 's0', localState().connect(host)),
    await SessionCheck.open(sim, 's1', bridgedState().connect(host)),
    await SessionCheck.open(sim, 's2', onRedis(sim, scripts, config.sessions).connect(host)),
  ];
  return {
    ...{ sim, app: app as unknown as SystemRef, names, topics, tasks, weather, config, check, outcomes, requests },
    ...{ many: new DynamicSupervisorRef(system, 'app/many'), sessions, workers, found, pending: [], suspended: [] },
  };
}

/** Sessions on the model of a server, whose scripts are the real ones. */
function onRedis(sim: Simulation, scripts: Lua, { historyMax }: Config['sessions']): StateBackend<StateHost> {
  const { clock } = sim.runtime;
  // A machine of its own: its clock is not the one that faults turn.
  const server = new RedisModel(scripts, () => serverStartMs + clock.monotonicMs());
  const makeLink = (system: ActorSystem) => new ModelLink(system, server);
  return redisStateOver(makeLink, { url: 'redis://model', limits: { historyMax } });
}

function manyOf(weather: Weather, template: boolean, { restart, ...limits }: Omit<Config['many'], 'template'>) {
  if (!template) return dynamicSupervisor(limits);
  return dynamicSupervisor({ ...limits, template: { id: 'leaf', logic: logicOf(weather, leafOfMany), restart } });
}

/** What is true at any moment. */
function judgeAlways({ app, names, config, found }: World): void {
  const { system } = app;
  if (system.lookup('app/names')?.status === 'running' && names.lookup('key').length > 1) {
    found.push('the key has two owners');
  }
  const many = system.lookup('app/many');
  const children = [...system.processes()].filter(({ parent }) => many !== undefined && parent === many).length;
  if (children > config.many.maxChildren) found.push(`${children} children, where ${config.many.maxChildren} may be`);
}

/** What is true when all that was to happen has happened. */
function judgeQuiet(world: World): void {
  const { names, topics, weather, found } = world;
  const owners = names.lookup('key').length;
  if (owners !== 1) found.push(`the key has ${owners} owners`);
  const entered = [...weather.entered].filter(({ alive }) => alive).map(String);
  const listed = topics.lookup('leaf').map(({ pid }) => String(pid));
  if (entered.sort().join() !== listed.sort().join()) found.push(`${entered} live, and the registry has ${listed}`);
  judge(world);
}

function judge({ check, outcomes, found }: World): void {
  found.push(...check.violations, ...outcomes.finish());
  if (found.length > 0) throw new Violation([...new Set(found)]);
}
