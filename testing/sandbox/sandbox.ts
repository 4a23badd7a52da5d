/**
 * "What if": the tree of a live system goes on in a simulated world, from the states that it has now, under a fault plan
 * or with messages that nobody has sent. The live system is not touched, and what happens in the sandbox stays there.
 */
import {
  ActorRef,
  type ActorSystem,
  type AnyEvent,
  call,
  type ExitReason,
  formatExitReason,
  type Pid,
  type Process,
} from '../../actors/core/index.ts';
import { DynamicSupervisorRef, type SupervisedChild, SupervisorRef } from '../../supervisors/index.ts';
import { type FaultTarget, systemOf } from '../faults/target.ts';
import { checkPlan } from '../plan/check.ts';
import type { Plan } from '../plan/plan.ts';
import { runOnce } from '../simulation/simulate.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { Trace } from '../trace/records.ts';
import { type AddedChildren, type Captured, capture, type SandboxNote } from './capture.ts';
import { NotCopied } from './copy-state.ts';
import { SandboxSystem } from './sandbox-system.ts';

/** A message to somebody in the sandbox. */
export interface SandboxMessage {
  /** Whose path. */
  readonly to: string;
  readonly message: unknown;
  /** A cast or call of this name, whose argument is `message`. Default: an info. */
  readonly as?: { readonly kind: 'cast' | 'call'; readonly name: string };
  /** When, in simulated milliseconds from the beginning. Default 0. */
  readonly atMs?: number;
}

export interface SandboxOptions {
  /** The root of the tree that goes on. Default: the only root of the system that is a supervisor. */
  readonly path?: string;
  /** Default 1. */
  readonly seed?: number | string;
  /** Faults from the beginning on. Default: none. */
  readonly plan?: Plan;
  readonly send?: readonly SandboxMessage[];
  /** How much simulated time passes. Default 10,000 ms, at most 24 hours. */
  readonly forMs?: number;
  /** Paths of children that are not started, besides `ophion()` and all that is in it. */
  readonly leaveOut?: readonly string[];
}

/** What became of one place. */
export interface SandboxActor {
  readonly path: string;
  /** As dev tools show it; undefined for one that did not live then. */
  readonly before: unknown;
  readonly after: unknown;
  readonly restarts: number;
  /** Why who lived there last has ended; undefined while somebody lives. */
  readonly ended: string | undefined;
}

export interface SandboxResult {
  readonly actors: readonly SandboxActor[];
  /** Outcomes of the calls in `send`, by its index. */
  readonly replies: readonly (SandboxReply | undefined)[];
  /** What is other in the sandbox than it was in the live system. */
  readonly notes: readonly SandboxNote[];
  /** What ended the run before its time; undefined when nothing did. */
  readonly failed: Error | undefined;
  readonly trace: Trace;
}

export type SandboxReply = { readonly value: unknown } | { readonly error: string };

const defaultForMs = 10_000;
/** No sandbox holds the live system's event loop, nor its memory, for long. */
const limits = { turns: 500_000, records: 100_000, ms: 24 * 60 * 60_000, realTurnEvery: 200 };

/**
 * Lets a live tree go on in a simulated world. Its code runs in this process, with time, chance, timers and faults of the
 * simulation; what it does to the outside by other ways than the runtime's doors it really does. Never rejects for what
 * happens in the sandbox. Rejects with PlanError, and TypeError when there is no such tree.
 */
export async function sandbox(target: FaultTarget, options: SandboxOptions = {}): Promise<SandboxResult> {
  const system = systemOf(target);
  const { plan, seed = 1, send = [], forMs = defaultForMs, leaveOut = [] } = options;
  if (plan !== undefined) checkPlan(plan);
  const captured = capture(system, rootOf(system, options.path), leaveOut);
  const running = new Running(captured, send, forMs);
  const { outcome, trace } = await runOnce(
    { seed, strategy: 'delays', lettersPerTurn: 200, limits, alone: false },
    (sim) => running.run(sim, plan),
  );
  return {
    actors: running.actors,
    replies: running.replies,
    notes: [...captured.notes, ...running.notes],
    failed: outcome.ok ? undefined : toError(outcome.error),
    trace,
  };
}

function rootOf(system: ActorSystem, path: string | undefined): Process {
  const found =
    path === undefined
      ? [...system.processes()].find(({ parent, kind }) => parent === undefined && kind === 'supervisor')
      : system.lookup(path);
  if (found === undefined) throw new TypeError(`sandbox: nobody lives at ${path ?? 'the root'}`);
  return found;
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

class Running {
  actors: SandboxActor[] = [];
  readonly replies: (SandboxReply | undefined)[];
  readonly notes: SandboxNote[] = [];
  readonly #captured: Captured;
  readonly #send: readonly SandboxMessage[];
  readonly #forMs: number;
  readonly #before = new Map<string, unknown>();
  readonly #restarts = new Map<string, number>();
  readonly #ended = new Map<string, ExitReason>();

  constructor(captured: Captured, send: readonly SandboxMessage[], forMs: number) {
    this.#captured = captured;
    this.#send = send;
    this.#forMs = forMs;
    this.replies = send.map(() => undefined);
  }

  async run(sim: Simulation, plan: Plan | undefined): Promise<void> {
    const { name, shape, added } = this.#captured;
    const system = sim.system((runtime) => new SandboxSystem(runtime, this.#captured));
    const { strategy, autoShutdown, maxRestarts, periodMs, backoff, reportDegraded, children } = shape;
    const more = backoff === undefined ? {} : { backoff };
    const flags = { strategy, autoShutdown, maxRestarts, periodMs, reportDegraded, ...more };
    await sim.start({ name, ...flags, children: [...children], system });
    for (const one of added) await this.#addTo(system, one);
    system.restore();
    for (const process of system.processes()) {
      if (process.kind !== 'supervisor') this.#before.set(process.pid.path, stateOf(system, process));
    }
    this.#listen(system);
    // Also when it is ended because it goes on and on; after that the tree is stopped.
    sim.onRecord(({ kind }) => {
      if (kind === 'end') this.#look(system);
    });
    if (plan !== undefined) sim.arm(plan);
    await this.#pass(sim, system);
  }

  async #addTo(system: SandboxSystem, { path, dynamic, children }: AddedChildren): Promise<void> {
    for (const child of children) {
      await this.#add(system, path, dynamic, child).catch((error: unknown) => {
        this.notes.push({ path: `${path}/${child.id}`, note: `was not started: ${toError(error).message}` });
      });
    }
  }

  async #add(system: SandboxSystem, path: string, dynamic: boolean, child: SupervisedChild): Promise<void> {
    const { id, input, spec } = child;
    if (!dynamic) await new SupervisorRef(system, path).startChild({ ...spec, id, input });
    else if (child.ofTemplate) await new DynamicSupervisorRef(system, path).startInstance({ id, input });
    else await new DynamicSupervisorRef(system, path).startChild({ ...spec, id, input });
  }

  #listen(system: SandboxSystem): void {
    system.events.onAll((event) => {
      const { type, pid, reason } = event as AnyEvent & { readonly pid: Pid; readonly reason: ExitReason };
      if (type === 'child.restarted') this.#restarts.set(pid.path, (this.#restarts.get(pid.path) ?? 0) + 1);
      else if (type === 'actor.exited') this.#ended.set(pid.path, reason);
    });
  }

  async #pass(sim: Simulation, system: SandboxSystem): Promise<void> {
    let nowMs = 0;
    const due = this.#send.map((one, index) => ({ one, index, atMs: one.atMs ?? 0 }));
    for (const { one, index, atMs } of due.sort((a, b) => a.atMs - b.atMs)) {
      if (atMs > nowMs) await sim.advance(atMs - nowMs);
      nowMs = Math.max(nowMs, atMs);
      this.#give(system, one, index);
    }
    await sim.advance(Math.max(0, this.#forMs - nowMs));
  }

  #give(system: SandboxSystem, { to, message, as }: SandboxMessage, index: number): void {
    const ref = new ActorRef(system, to);
    if (as === undefined) ref.send(message);
    else if (as.kind === 'call') {
      call(ref, as.name, message).then(
        (value) => this.#replied(index, { value: system.here(value) }),
        (error: unknown) => this.#replied(index, { error: toError(error).message }),
      );
    } else if (!(ref.process?.accept({ kind: 'cast', name: as.name, arg: message }) ?? false)) {
      system.deadLetter(to, message);
    }
  }

  #replied(index: number, reply: SandboxReply): void {
    this.replies[index] = reply;
  }

  /** What became of everybody. */
  #look(system: SandboxSystem): void {
    const paths = new Set(this.#before.keys());
    for (const { pid, kind } of system.processes()) if (kind !== 'supervisor') paths.add(pid.path);
    this.actors = [...paths].map((path) => {
      const process = system.lookup(path);
      const ended = process === undefined ? this.#ended.get(path) : undefined;
      return {
        path,
        before: this.#before.get(path),
        after: process === undefined ? undefined : stateOf(system, process),
        restarts: this.#restarts.get(path) ?? 0,
        ended: ended === undefined ? undefined : formatExitReason(ended),
      };
    });
  }
}

/** As dev tools show it, and as it was then: what cannot be copied, such as a snapshot of xstate, does not change either. */
function stateOf(system: SandboxSystem, { behavior }: Process): unknown {
  const shown = behavior.inspect();
  try {
    return system.here(shown);
  } catch (error) {
    if (error instanceof NotCopied) return shown;
    throw error;
  }
}
