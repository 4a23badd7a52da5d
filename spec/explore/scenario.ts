/**
 * The exploration of our own system: a random supervision tree, clients that ask, tasks, a registry, sessions with
 * commits and watches, all in one simulated world under faults; and what must be true of it whatever happens.
 */

import { ophion } from '../../actors/context/index.ts';
import {
  ActorRef,
  exitReason,
  type Logic,
  type Process,
  type RegistryRef,
  registry,
  server,
  sys,
} from '../../actors/core/index.ts';
import { bridgedState, localState } from '../../actors/state/index.ts';
import {
  type DynamicSupervisorRef,
  dynamicSupervisor,
  type SystemRef,
  type TaskSupervisorRef,
  taskSupervisor,
} from '../../supervisors/index.ts';
import { SupervisionCheck } from '../../testing/checks/supervision.ts';
import type { Simulation } from '../../testing/simulation/simulation.ts';
import { type Answered, client, logicOf, type Weather } from './actors.ts';
import type { Input, Op, TreeNode } from './input.ts';
import { SessionCheck } from './session-check.ts';

/** Something that must always be true was not. */
export class Violation extends Error {
  constructor(found: readonly string[]) {
    super(found.slice(0, 3).join('; '));
    this.name = new.target.name;
  }
}

/** Longer than any deadline, pause and retry of a run takes. */
const quietMs = 20_000;

export async function scenario(sim: Simulation, { tree, ops }: Input): Promise<void> {
  await new Run(sim).all(tree, ops);
}

class Run {
  readonly #sim: Simulation;
  readonly #weather: Weather = { failing: 0 };
  readonly #found: string[] = [];
  /** How often each request was answered. */
  readonly #answers = new Map<number, number>();
  readonly #tasks: Promise<unknown>[] = [];
  readonly #sessions: SessionCheck[] = [];
  readonly #suspended: ActorRef[] = [];
  #tags = 0;
  /**
   * Whether some actor was slow: a restart then takes time between its decision, which counts for the budget, and the
   * start that can be seen.
   */
  #slow = false;
  #names: RegistryRef<string, unknown> | undefined;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  async all(tree: Input['tree'], ops: readonly Op[]): Promise<void> {
    const sim = this.#sim;
    const asks = client((answer) => this.#answered(answer));
    const app = await sim.start({
      maxRestarts: 1_000_000,
      children: {
        names: registry({ keys: 'unique' }),
        tasks: taskSupervisor(),
        many: dynamicSupervisor({ maxRestarts: 1_000_000 }),
        ophion: ophion({
          maxRestarts: 1_000_000,
          state: { maxRestarts: 1_000 },
          links: { listen: sim.network().listen },
        }),
        c0: asks,
        c1: asks,
        c2: asks,
      },
    });
    const { system } = app;
    const check = new SupervisionCheck(system, { nobodyTerminates: true });
    // What a fault ends was not ended by its supervisor.
    sim.onRecord((record) => {
      if (record.kind !== 'fault' || record.on === undefined) return;
      if (/^(sleep|hang)/.test(record.task)) this.#slow = true;
      const process = system.lookup(record.on);
      if (process !== undefined) check.endedByHand(process.pid);
    });
    const host = { system, root: 'app/ophion' };
    for (const [index, backend] of [localState(), bridgedState()].entries()) {
      const session = await backend.connect(host).open(`s${index}`);
      this.#sessions.push(new SessionCheck(sim, session, sim.store(backend.connect(host))));
    }
    await app.startChild({ id: 'tree', logic: logicOf(this.#weather, tree), restart: 'permanent' }).catch(() => {});
    this.#names = app.children.names;
    await app.startChild({ id: 'owner', logic: keyOwner(app.children.names) as Logic<never>, restart: 'permanent' });

    for (const op of ops) await this.#perform(op, app as unknown as SystemRef, check);

    // Everything heals, and goes on for as long as anything may take.
    this.#weather.failing = 0;
    sim.heal();
    this.#resume();
    await sim.advance(quietMs);
    await Promise.all(this.#tasks);
    for (const session of this.#sessions) this.#found.push(...(await session.judge()));
    const owners = this.#names?.lookup('key') ?? [];
    if (owners.length !== 1) this.#found.push(`the key has ${owners.length} owners`);
    this.#judge(check);
    await app.stop();
    this.#judge(check);
  }

  async #perform(op: Op, app: SystemRef, check: SupervisionCheck): Promise<void> {
    const sim = this.#sim;
    const { system } = app;
    const inTree = () => [...system.processes()].filter(({ pid }) => pid.path.startsWith('app/tree/'));
    const nth = (n: number): Process | undefined => {
      const living = inTree();
      return living[n % Math.max(1, living.length)];
    };
    switch (op.op) {
      case 'settle':
        return sim.settle();
      case 'advance':
        return sim.advance(op.ms);
      case 'fail':
        this.#weather.failing = op.times;
        return;
      case 'end': {
        const process = nth(op.n);
        if (process === undefined) return;
        check.endedByHand(process.pid);
        end(process, op.how);
        return;
      }
      case 'ask': {
        const process = nth(op.n);
        const tag = this.#tags;
        this.#tags += 1;
        this.#answers.set(tag, 0);
        const path = process?.kind === 'supervisor' ? 'app/tree/nobody' : (process?.pid.path ?? 'app/tree/nobody');
        system.lookup(`app/c${op.client}`)?.deliver({
          kind: 'cast',
          name: 'ask',
          arg: { path, tag, slowMs: op.slowMs, timeoutMs: op.timeoutMs },
        });
        return;
      }
      case 'task':
        this.#tasks.push(this.#task(app, op));
        return;
      case 'commit':
        this.#sessions[op.session]?.commit(op.writer, op.timeoutMs);
        return;
      case 'watch':
        this.#sessions[op.session]?.watch();
        return;
      case 'burst': {
        const path = nth(op.n)?.pid.path ?? 'app/tree/nobody';
        const arg = { path, messages: op.count };
        system.lookup(`app/c${op.client}`)?.deliver({ kind: 'cast', name: 'burst', arg });
        return;
      }
      case 'suspend': {
        const process = nth(op.n);
        if (process === undefined || process.kind === 'supervisor') return;
        const ref = new ActorRef(system, process.pid);
        this.#tasks.push(sys.suspend(ref).catch(() => {}));
        this.#suspended.push(ref);
        return;
      }
      case 'resume':
        this.#resume();
        return;
      case 'dynamic': {
        const { many } = app.children as unknown as Record<'many', DynamicSupervisorRef>;
        if (op.start) this.#tasks.push(many.startChild({ logic: logicOf(this.#weather, leafNode) }).catch(() => {}));
        else {
          const children = [...system.processes()].filter(({ pid }) => pid.path.startsWith('app/many/'));
          const process = children[op.n % Math.max(1, children.length)];
          if (process === undefined) return;
          check.endedByHand(process.pid);
          this.#tasks.push(many.terminateChild(process.pid).catch(() => {}));
        }
        return;
      }
      case 'killPart': {
        const process = system.lookup(`app/${op.part}`);
        if (process === undefined) return;
        check.endedByHand(process.pid);
        process.kill();
        return;
      }
      default: {
        const never: never = op;
        throw new TypeError(String(never));
      }
    }
  }

  #resume(): void {
    for (const ref of this.#suspended.splice(0)) this.#tasks.push(sys.resume(ref).catch(() => {}));
  }

  async #task(app: SystemRef, { ms, crash }: Extract<Op, { op: 'task' }>): Promise<void> {
    const { tasks } = app.children as unknown as Record<'tasks', TaskSupervisorRef>;
    const number = this.#tags;
    this.#tags += 1;
    const task = await tasks.asyncNolink(async (ctx) => {
      await ctx.sleep(ms);
      if (crash) throw new Error('crashed');
      return number;
    });
    const outcome = await task.yield({ timeoutMs: quietMs });
    if (outcome === undefined) this.#found.push(`task ${number} has no outcome`);
    else if ((outcome.type === 'ok') === crash) this.#found.push(`task ${number} ended with ${outcome.type}`);
    else if (outcome.type === 'ok' && outcome.value !== number)
      this.#found.push(`task ${number} answered ${outcome.value}`);
  }

  #answered({ tag, ok, value }: Answered): void {
    const times = (this.#answers.get(tag) ?? 0) + 1;
    this.#answers.set(tag, times);
    if (times > 1) this.#found.push(`request ${tag} was answered ${times} times`);
    if (ok && value !== tag) this.#found.push(`request ${tag} was answered ${String(value)}`);
  }

  #judge(check: SupervisionCheck): void {
    const exact = check.violations.filter((what) => !(this.#slow && /restarted once more|gave up before/.test(what)));
    this.#found.push(...exact);
    for (const [tag, times] of this.#answers) if (times === 0) this.#found.push(`request ${tag} was never answered`);
    if (this.#found.length > 0) throw new Violation([...new Set(this.#found)]);
  }
}

const leafNode: TreeNode = {
  restart: 'permanent',
  kind: 'server',
  trapExit: false,
  shutdown: 5_000,
  full: undefined,
  strategy: 'one_for_one',
  maxRestarts: 0,
  periodMs: 1,
  children: [],
};

/** Has a key in the registry as long as it lives: its successor can have it at once. */
const keyOwner = (names: RegistryRef<string, unknown>) =>
  server({
    init: (ctx) => {
      names.register(ctx, 'key');
      return 0;
    },
  });

function end(process: Process, how: Extract<Op, { op: 'end' }>['how']): void {
  if (how === 'kill') process.kill();
  else if (how === 'crash' && process.kind !== 'supervisor') process.deliver({ kind: 'info', message: 'crash' });
  else {
    const reason = { crash: exitReason.exit('crash'), normal: exitReason.normal, shutdown: exitReason.shutdown() }[how];
    process.deliver({ kind: 'system', work: () => process.requestStop(reason) });
  }
}
