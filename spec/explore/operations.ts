/** What is done in the world of the exploration, one operation at a time. */
import {
  ActorRef,
  call,
  exitReason,
  isActorError,
  type Process,
  type RegistryRef,
  sys,
  type TaskOutcome,
} from '../../actors/core/index.ts';
import { PoolRef } from '../../actors/worker/index.ts';
import type { DynamicSupervisorRef, SystemRef, TaskSupervisorRef } from '../../supervisors/index.ts';
import type { OutcomeCheck } from '../../testing/checks/outcomes.ts';
import type { SupervisionCheck } from '../../testing/checks/supervision.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';
import type { Config, Op } from './input.ts';
import { logicOf, type Weather } from './leaves.ts';
import type { Requests } from './requests.ts';
import type { SessionCheck } from './session-check.ts';
import type { Leaf } from './tree.ts';
import type { Workers } from './workers.ts';

export interface World {
  readonly sim: Simulation;
  readonly app: SystemRef;
  readonly names: RegistryRef<string, unknown>;
  readonly topics: RegistryRef<string, unknown>;
  readonly many: DynamicSupervisorRef;
  readonly tasks: TaskSupervisorRef;
  readonly config: Config;
  readonly weather: Weather;
  readonly check: SupervisionCheck;
  readonly outcomes: OutcomeCheck;
  readonly requests: Requests;
  readonly sessions: readonly SessionCheck[];
  /** Those of Python, if there are any. */
  readonly workers: Workers | undefined;
  /** What was wrong so far. */
  readonly found: string[];
  /** What must be over before all is judged. */
  readonly pending: Promise<unknown>[];
  readonly suspended: ActorRef[];
}

/** Longer than any deadline, pause and retry of a run takes. */
export const quietMs = 20_000;

export async function perform(world: World, op: Op): Promise<void> {
  const { sim, app, check, sessions, pending } = world;
  const { system } = app;
  switch (op.op) {
    case 'settle':
      return sim.settle();
    case 'advance':
      return sim.advance(op.ms);
    case 'fail':
      world.weather.failing = op.times;
      return;
    case 'end': {
      const process = nthOf(world, 'app/tree/', op.n);
      if (process !== undefined) end(check, process, op.how);
      return;
    }
    case 'ask':
      return ask(world, op);
    case 'task':
      pending.push(task(world, op));
      return;
    case 'stream':
      pending.push(stream(world, op));
      return;
    case 'commit':
      return sessions[op.session]?.commit(op);
    case 'read':
      return sessions[op.session]?.read(op);
    case 'watch':
      return sessions[op.session]?.watch(op);
    case 'tool': {
      const { workers, outcomes, found, requests } = world;
      if (workers !== undefined) pending.push(workers.call(system, outcomes, { tag: requests.next(), op, found }));
      return;
    }
    case 'recycle': {
      if (world.workers !== undefined) pending.push(new PoolRef(system, poolPath).recycle().catch(ours));
      return sim.advance(op.ms);
    }
    case 'burst': {
      const arg = { path: nthOf(world, 'app/tree/', op.n)?.pid.path ?? nobody, messages: op.count };
      system.lookup(`app/c${op.client}`)?.deliver({ kind: 'cast', name: 'burst', arg });
      return;
    }
    case 'suspend': {
      const process = nthOf(world, 'app/tree/', op.n);
      if (process === undefined || process.kind === 'supervisor') return;
      const ref = new ActorRef(system, process.pid);
      pending.push(sys.suspend(ref).catch(ours));
      world.suspended.push(ref);
      return;
    }
    case 'resume':
      return resume(world);
    case 'dynamic':
      pending.push(dynamic(world, op).catch(ours));
      return;
    case 'killPart': {
      const process = system.lookup(`app/${op.part}`);
      if (process === undefined) return;
      endedByHand(check, process);
      process.kill();
      return;
    }
    default: {
      const never: never = op;
      throw new TypeError(String(never));
    }
  }
}

/** All go on that are suspended. */
export function resume({ suspended, pending }: World): void {
  for (const ref of suspended.splice(0)) pending.push(sys.resume(ref).catch(ours));
}

const nobody = 'app/tree/nobody';
/** Of the Python workers. */
export const poolPath = 'app/ophion/pools/p';

/** Whatever rejects does so with an error of ours. */
function ours(error: unknown): undefined {
  if (!isActorError(error)) throw error;
  return undefined;
}

/** The n-th of those that live there. */
function nthOf({ app }: World, path: string, n: number): Process | undefined {
  const living = [...app.system.processes()].filter(({ pid }) => pid.path.startsWith(path));
  return living[n % Math.max(1, living.length)];
}

/** It is about to end, by no supervisor; and with it those that are linked, as who has an entry is with a registry. */
export function endedByHand(check: SupervisionCheck, process: Process): void {
  check.endedByHand(process.pid);
  for (const other of process.linkedWith) if (other !== process.parent) check.endedByHand(other.pid);
}

function end(check: SupervisionCheck, process: Process, how: Extract<Op, { op: 'end' }>['how']): void {
  check.endedByHand(process.pid);
  if (how === 'kill') process.kill();
  else if (how === 'crash' && process.kind !== 'supervisor') process.deliver({ kind: 'info', message: 'crash' });
  else {
    const reason = { crash: exitReason.exit('crash'), normal: exitReason.normal, shutdown: exitReason.shutdown() }[how];
    process.deliver({ kind: 'system', work: () => process.requestStop(reason) });
  }
}

function ask(world: World, { client, n, slowMs, timeoutMs }: Extract<Op, { op: 'ask' }>): void {
  const { app, requests, outcomes, pending, found } = world;
  const process = nthOf(world, 'app/tree/', n);
  const path = process?.kind === 'supervisor' ? nobody : (process?.pid.path ?? nobody);
  const tag = requests.next();
  if (client !== 'outside') {
    requests.begin(tag);
    const arg = { path, tag, slowMs, timeoutMs };
    app.system.lookup(`app/c${client}`)?.deliver({ kind: 'cast', name: 'ask', arg });
    return;
  }
  const asked = outcomes.call(`call ${tag}`, () =>
    call(new ActorRef(app.system, path), 'echo', { slowMs, value: tag }, { timeoutMs }),
  );
  const right = (value: unknown) => {
    if (value !== tag) found.push(`call ${tag} was answered ${String(value)}`);
  };
  pending.push(asked.then(right, ours));
}

async function task(world: World, { ms, crash }: Extract<Op, { op: 'task' }>) {
  const { tasks, outcomes, requests, found } = world;
  const number = requests.next();
  const restarted = restartOfTasks(world);
  const started = await tasks
    .asyncNolink(async (ctx) => {
      await ctx.sleep(ms);
      if (crash) throw new Error('crashed');
      return number;
    })
    // There may be too many already.
    .catch(ours);
  const outcome = await outcomes.call(`task ${number}`, async () => started?.yield({ timeoutMs: quietMs }));
  if (started === undefined) return;
  // With its supervisor ends whatever it has started.
  if (restarted() && outcome?.type === 'exit') return;
  judgeTask(`task ${number}`, outcome, crash ? undefined : number, found);
}

/** Whether the supervisor of tasks has ended since. */
function restartOfTasks({ app }: World): () => boolean {
  const { incarnation } = app.system.lookup('app/tasks')?.pid ?? {};
  return () => app.system.lookup('app/tasks')?.pid.incarnation !== incarnation;
}

function judgeTask(name: string, outcome: TaskOutcome<number> | undefined, due: number | undefined, found: string[]) {
  if (outcome === undefined) found.push(`${name} has no outcome`);
  else if ((outcome.type === 'ok') !== (due !== undefined)) found.push(`${name} ended with ${outcome.type}`);
  else if (outcome.type === 'ok' && outcome.value !== due) found.push(`${name} answered ${outcome.value}`);
}

async function stream(world: World, { items, crash, leave }: Extract<Op, { op: 'stream' }>): Promise<void> {
  const { sim, tasks, outcomes, requests } = world;
  const restarted = restartOfTasks(world);
  const numbers = Array.from({ length: items }, (_, index) => index);
  const work = async (item: number, ctx: { sleep(ms: number): Promise<void> }) => {
    // The first takes longest, so that order is work.
    await ctx.sleep((items - item) * 3);
    if (item === crash) throw new Error('crashed');
    return item;
  };
  const full = numbers.map((item) => (item === crash ? 'crashed' : item));
  const shown = async function* () {
    let item = 0;
    for await (const outcome of tasks.streamNolink(numbers, work, { maxConcurrency: 3 })) {
      // What ended with its supervisor has its outcome, too: that.
      const ended = restarted() ? full[item] : 'crashed';
      yield outcome.type === 'ok' ? outcome.value : ended;
      item += 1;
    }
  };
  let taken = 0;
  try {
    for await (const _ of outcomes.stream(`stream ${requests.next()}`, shown(), full)) {
      taken += 1;
      if (taken === leave) break;
    }
  } catch (error) {
    ours(error);
  }
  sim.sometimes('a restart during a stream', restarted());
}

/** What the dynamic supervisor starts, with a template or without. */
export const leafOfMany: Leaf = {
  kind: 'server',
  restart: 'permanent',
  trapExit: false,
  shutdown: 5_000,
  mailbox: undefined,
};

async function dynamic(world: World, { n, start }: Extract<Op, { op: 'dynamic' }>): Promise<void> {
  const { many, config, weather, check } = world;
  const { restart, template } = config.many;
  if (start && template) await many.startInstance();
  else if (start) await many.startChild({ logic: logicOf(weather, leafOfMany), restart });
  else {
    const process = nthOf(world, 'app/many/', n);
    if (process === undefined) return;
    check.endedByHand(process.pid);
    await many.terminateChild(process.pid);
  }
}
