/** Runs a scenario of format 2 on our runtime, in virtual time, and answers what happened, step by step. */
import { client } from './clients.ts';
import type { Operation, Script, TraceStep } from './format.ts';
import { World } from './world.ts';

export async function replayProcesses({ actors, ops }: Script): Promise<TraceStep[]> {
  const world = new World(actors);
  const steps: TraceStep[] = [];
  for (const operation of ops) {
    await perform(world, operation);
    steps.push({ op: operation.op, alive: world.alive(), events: world.take() });
  }
  const alive = world.alive();
  const links = Object.fromEntries(alive.map((label) => [label, world.links(world.exactly(label))]));
  steps.push({ op: 'end', alive, events: world.take(), links });
  return steps;
}

async function perform(world: World, operation: Operation): Promise<void> {
  if (operation.op === 'advance') {
    await world.runtime.advance(operation.ms as number);
    return;
  }
  const { by = 'p', ...rest } = operation;
  client(world, by).order(rest);
  // Nothing takes time but what says so; a timer that is due already fires.
  await world.runtime.advance(0);
}
