/**
 * One simulated world: a Runtime whose time, chance, ids and order of turns are the simulation's own, the systems that
 * are started in it, and a trace of all that happens. `simulate` makes it and hands it to the scenario.
 */
import {
  ActorSystem,
  announce,
  type Letter,
  type Process,
  type Runtime,
  type Schedule,
} from '../../actors/core/index.ts';
import type { StateProvider } from '../../actors/state/index.ts';
import { type Listen, type MemoryCarrier, MemoryNetwork } from '../../bridge/transport/index.ts';
import { type Children, type StartOptions, type SystemRef, startSupervisor } from '../../supervisors/index.ts';
import type { ActivePlan, ArmOptions } from '../faults/active-plan.ts';
import { ActorFaults } from '../faults/actor-faults.ts';
import { FaultDoors } from '../faults/doors.ts';
import { FaultSet } from '../faults/fault-set.ts';
import type { Plan } from '../plan/plan.ts';
import type { TraceRecord } from '../trace/records.ts';
import { Choices, type Chooser } from './choices.ts';
import { SimulatedClock } from './clock.ts';
import { type DriveLimits, Driver } from './driver.ts';
import { SimulationLimit } from './errors.ts';
import { Priorities } from './priorities.ts';
import { type ProcessScript, SimulatedProcesses } from './processes.ts';
import { RandomStream, type Seed } from './random.ts';
import { Reached } from './reached.ts';
import { eventRecord, labelOf, type RecordBody } from './recording.ts';
import { type Asked, whatWaits } from './waiting.ts';

/**
 * How the next actor is chosen: any of those that wait; nearly always the oldest, with a delay here and there; or the
 * one with the highest priority, of random ones that change a few times.
 */
export type Strategy = 'random' | 'delays' | 'priorities';

/** How often `delays` lets another one go first. */
const delayProbability = 0.02;
/** How long a scenario waits for something at most, in simulated milliseconds. */
const defaultLimitMs = 60_000;

export interface WorldOptions {
  readonly seed: Seed;
  readonly chooser: Chooser;
  readonly strategy: Strategy;
  readonly limits: DriveLimits;
  readonly lettersPerTurn: number | undefined;
}

/** How many letters an actor may handle in one turn: as in production, or so few that others come in between. */
const lettersPerTurn = [200, 1, 2, 5] as const;

/** Chance for the scenario: each draw is a choice on the tape, 0 the plainest. */
export interface SimulatedRandom {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

export class Simulation {
  readonly seed: Seed;
  readonly runtime: Runtime;
  readonly random: SimulatedRandom;
  /** Faults of the doors to the outside: processes, connections, stores. */
  readonly doors: FaultDoors;
  /** What has happened so far. */
  readonly trace: readonly TraceRecord[];
  readonly #records: TraceRecord[] = [];
  readonly #clock = new SimulatedClock();
  readonly #driver: Driver;
  readonly #choices: Choices;
  readonly #faults: FaultSet;
  readonly #actorFaults: ActorFaults;
  readonly #roots: SystemRef<Children>[] = [];
  /** Calls from outside all actors that have no outcome yet. */
  readonly #asked: Asked = new Map();
  readonly #waits = new Set<string>();
  readonly #listeners = new Set<(record: TraceRecord) => void>();
  readonly #systems: ActorSystem[] = [];
  /** What this run has reached. */
  readonly reached = new Reached();

  constructor({ seed, chooser, strategy, limits, lettersPerTurn: given }: WorldOptions) {
    this.seed = seed;
    this.trace = this.#records;
    const streams = new RandomStream(seed);
    this.#choices = new Choices(chooser, (number, choice) => this.#record({ kind: 'choice', number, ...choice }));
    this.#driver = new Driver(this.#clock, limits, this.#records, () => this.#waiting());
    this.#faults = new FaultSet(() => ({
      clock: this.#clock,
      chance: (what, probability) => this.#choices.choose(what, 2, probability) === 1,
      pick: (what, of) => this.#choices.choose(what, of),
      stall: (ms) => this.#clock.stall(ms),
      told: ({ rule, task, site }) => {
        if (task === undefined || site === undefined) {
          this.#record({ kind: 'heal', rule });
          return;
        }
        const { point, path } = site;
        this.reached.fault(point, task);
        this.#record({ kind: 'fault', rule, point, task, ...(path === undefined ? {} : { on: path }) });
      },
    }));
    this.#actorFaults = new ActorFaults(this.#faults, {
      sent: (process, letter) => this.#sent(process, letter),
      handles: ({ pid }, letter) => this.#record({ kind: 'handle', by: String(pid), what: labelOf(letter) }),
    });
    this.doors = new FaultDoors(this.#faults, this.#clock);
    const next = this.#nextBy(strategy, streams);
    const idStream = streams.split('ids');
    this.runtime = this.doors.runtime({
      clock: this.#clock,
      random: { next: () => this.#choices.choose('random', 0x1_0000_0000) / 0x1_0000_0000 },
      ids: { next: () => Array.from({ length: 4 }, () => idStream.u32().toString(16).padStart(8, '0')).join('') },
      turns: this.#driver.turns,
      // Less than one: a slice is one turn, and what promises do behind it is nobody's turn, as in production.
      schedule: {
        turnsPerSlice: 1,
        lettersPerTurn: given ?? (lettersPerTurn[this.#choices.choose('letters', lettersPerTurn.length)] as number),
        next,
      },
      log: (level, text) => this.#record({ kind: 'log', level, text: text.split('\n', 1)[0] ?? '' }),
      probe: null,
    });
    const draw = (of: number, likely?: number) => this.#choices.choose('user', of, likely);
    this.random = {
      next: () => draw(0x1_0000_0000) / 0x1_0000_0000,
      below: (limit) => draw(limit),
      pick: (items) => {
        if (items.length === 0) throw new RangeError('pick: there is nothing to pick from');
        return items[draw(items.length)] as (typeof items)[number];
      },
      chance: (probability) => draw(2, probability) === 1,
    };
  }

  /** Simulated milliseconds since the beginning. */
  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The tape so far. */
  get tape(): Choices['tape'] {
    return this.#choices.tape;
  }

  /**
   * Starts a tree, as `startSupervisor` does, in a new system or a given one of this world. It is stopped at the end of the
   * scenario, and nothing of it may be left.
   */
  async start<const C extends Children>(options: Omit<StartOptions<C>, 'runtime' | 'signal'>): Promise<SystemRef<C>> {
    const root = await startSupervisor({ ...options, system: options.system ?? this.system() });
    this.#roots.push(root as never);
    return root;
  }

  /**
   * An actor system in this world, empty; `make` makes one of another class. What is spawned in it directly is the
   * scenario's own to end.
   */
  system<S extends ActorSystem = ActorSystem>(make?: (runtime: Runtime) => S): S {
    const system = (make?.(this.runtime) ?? new ActorSystem(this.runtime)) as S;
    system.faults = this.#actorFaults;
    system.events.onAll((event) => {
      this.reached.event(event);
      this.#record(eventRecord(event));
    });
    this.#systems.push(system);
    announce(system);
    return system;
  }

  /** OS processes that a script plays; give their `launch` to a pool. Faults at `process.*` are in force. */
  processes(script: ProcessScript): SimulatedProcesses {
    return new SimulatedProcesses(this, script);
  }

  /** A network in memory: `listen` for links, `dial` for workers. Faults at `wire.*` are in force. */
  network(): { readonly listen: Listen; dial(): MemoryCarrier } {
    const network = new MemoryNetwork(this.runtime.turns);
    return { listen: this.doors.listen(network.listen), dial: () => network.dial() };
  }

  /** A state provider with faults at `store.*` in force. `client`: the `path` of rules that concern this one alone. */
  store(provider: StateProvider, client?: string): StateProvider {
    return this.doors.provider(provider, client);
  }

  /** Arms another plan. Throws PlanError. */
  arm(plan: Plan, options: ArmOptions = {}): ActivePlan {
    return this.#faults.arm(plan, options);
  }

  /** Ends all plans and heals everything that they did. */
  heal(): void {
    this.#faults.stopAll();
  }

  /** Calls a listener with each record of the trace as it is made, until what this returns is called. */
  onRecord(listener: (record: TraceRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Lets so many milliseconds pass, and everything happen that is due by then. */
  async advance(ms: number): Promise<void> {
    await this.#waitingFor(`advance(${ms})`, new Promise<void>((resolve) => void this.#clock.set(ms, 1, resolve)));
    await this.settle();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.#waitingFor('settle()', this.#driver.idle());
  }

  /** Resolves when the condition holds. Rejects with SimulationLimit when it does not within `limitMs` (default 60,000). */
  async runUntil(
    condition: () => boolean,
    { limitMs = defaultLimitMs }: { readonly limitMs?: number } = {},
  ): Promise<void> {
    const { met, giveUp } = this.#driver.until(condition);
    let timer: { cancel(): void } | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = this.#clock.set(limitMs, 1, () => resolve('late'));
    });
    const result = await this.#waitingFor(`runUntil(${condition})`, Promise.race([met, late]));
    timer?.cancel();
    giveUp();
    if (result === 'late') throw new SimulationLimit(`after ${limitMs} ms it is still not so: ${condition}`);
  }

  /**
   * Does something in the real world, such as loading a module or reading a file, while the simulated one stands still.
   * One at a time: of two at once nobody can say which is first.
   */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return this.#driver.outside(work);
  }

  /**
   * Says that this is to happen in some run of an exploration, `sim.sometimes('restart during stream')`; with a
   * condition: that it is to hold here in some run. The exploration tells what never did.
   */
  sometimes(name: string, condition = true): void {
    this.reached.hit(`sometimes/${name}`, condition ? 1 : 0);
  }

  /** Writes something into the trace. */
  log(text: string, details?: unknown): void {
    this.#record({ kind: 'note', text, ...(details === undefined ? {} : { details }) });
  }

  // For `simulate`

  /** Internal: drives the world until a promise has settled. */
  drive<T>(outcome: Promise<T>): Promise<T> {
    return this.#driver.run(outcome);
  }

  /** Internal: the scenario is over. */
  over(statement: string | undefined): void {
    this.#record(statement === undefined ? { kind: 'end' } : { kind: 'end', statement });
  }

  /** Internal: heals everything, stops all trees, and answers what is still there. */
  async end(): Promise<readonly string[]> {
    this.#faults.stopAll();
    for (const root of this.#roots.reverse())
      await this.drive(this.#waitingFor(`the stop of ${root.path}`, root.stop()));
    await this.drive(this.settle());
    const left: string[] = [];
    for (const system of this.#systems) {
      for (const { pid, status } of system.processes()) left.push(`${pid} (${status})`);
      if (system.deadlines.size > 0) left.push(`${system.deadlines.size} deadlines`);
    }
    if (this.#clock.size > 0) left.push(`${this.#clock.size} timers`);
    return left;
  }

  #nextBy(strategy: Strategy, streams: RandomStream): NonNullable<Schedule['next']> {
    if (strategy === 'priorities') {
      const priorities = new Priorities(streams.split('priorities'));
      return (waiting, at) => this.#choices.choose('schedule', waiting, () => priorities.next(waiting, at));
    }
    const likely = strategy === 'delays' ? delayProbability : undefined;
    return (waiting) => this.#choices.choose('schedule', waiting, likely);
  }

  async #waitingFor<T>(what: string, promise: Promise<T>): Promise<T> {
    this.#waits.add(what);
    try {
      return await promise;
    } finally {
      this.#waits.delete(what);
    }
  }

  #waiting(): string {
    return whatWaits({ nowMs: this.nowMs, waits: this.#waits, asked: this.#asked, systems: this.#systems });
  }

  #sent(process: Process, letter: Letter): void {
    const from = process.system.current?.pid;
    const to = String(process.pid);
    const what = labelOf(letter);
    this.#record(from === undefined ? { kind: 'send', to, what } : { kind: 'send', from: String(from), to, what });
    if (letter.kind !== 'call' || from !== undefined) return;
    for (const old of this.#asked.keys()) if (old.settled) this.#asked.delete(old);
    this.#asked.set(letter.from, { name: letter.name, to });
  }

  #record(record: RecordBody): void {
    const timed = { atMs: this.#clock.monotonicMs(), ...record } as TraceRecord;
    this.#records.push(timed);
    for (const listener of this.#listeners) listener(timed);
  }
}
