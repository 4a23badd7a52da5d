/**
 * The doors of a runtime to the outside, with faults behind each: clock, OS processes, connections, state providers.
 * The same plan then works in a simulation and on a live system.
 */
import { type Clock, nodeRuntime, type Runtime } from '../../actors/core/index.ts';
import type { StateProvider } from '../../actors/state/index.ts';
import { type Launch, signalGroup } from '../../actors/worker/index.ts';
import type { Listen } from '../../bridge/transport/index.ts';
import type { Plan } from '../plan/plan.ts';
import { RandomStream } from '../simulation/random.ts';
import type { Surroundings } from './active-rule.ts';
import { faultyClock } from './clock.ts';
import { FaultSet } from './fault-set.ts';
import { faultyLaunch, type InwardDoor, type SendSignal } from './process.ts';
import { pythonDoor } from './python-door.ts';
import { FaultyProvider } from './store.ts';
import { faultyListen } from './wire.ts';

/** The same for all copies of this library in a process. */
const doorsKey: unique symbol = Symbol.for('ophion.faultDoors');

/** The doors that plans can get into, by the beginnings of their points. */
export const doorNames = ['clock', 'process', 'wire', 'store'] as const;
export type DoorName = (typeof doorNames)[number];

export class FaultDoors {
  readonly set: FaultSet;
  /** Those that stand around something. */
  readonly used = new Set<DoorName>();
  readonly #clock: Clock;
  readonly #inward: ((path: string) => InwardDoor) | undefined;

  /**
   * Internal: `faultDoors` makes them; a simulation has its own. `clock` is never one under faults. `inward` makes a door
   * into each process.
   */
  constructor(set: FaultSet, clock: Clock, inward?: (path: string) => InwardDoor) {
    this.set = set;
    this.#clock = clock;
    this.#inward = inward;
  }

  /** A runtime with these doors: its clock is under faults, and `withFaults` on a system with it reaches all of them. */
  runtime(runtime: Runtime): Runtime {
    this.used.add('clock');
    const faulty: Runtime & { readonly [doorsKey]: FaultDoors } = {
      ...runtime,
      clock: faultyClock(this.#clock, this.set),
      [doorsKey]: this,
    };
    return faulty;
  }

  /** OS processes under faults, those inside of them too (`python:` points). `signal` sends a signal to a process group; default: the real one. */
  launch(inner: Launch, signal: SendSignal = signalGroup): Launch {
    this.used.add('process');
    return faultyLaunch(inner, signal, this.set, this.#clock, this.#inward);
  }

  /** Connections under faults: the option `listen` of links. */
  listen(inner: Listen): Listen {
    this.used.add('wire');
    return faultyListen(inner, this.set);
  }

  /** A state provider under faults. `client` names whose it is: the `path` of rules that concern this one alone. */
  provider(inner: StateProvider, client?: string): StateProvider {
    this.used.add('store');
    return new FaultyProvider(inner, this.set, client);
  }
}

/** The doors that a runtime was made with. */
export function doorsOf(runtime: Runtime): FaultDoors | undefined {
  return (runtime as Partial<Record<typeof doorsKey, FaultDoors>>)[doorsKey];
}

/** What a plan on a live system decides with: its own seed, and the real clock. */
export function liveSurroundings(clock: Clock, { seed = 1 }: Plan): Surroundings {
  const streams = new Map<string, RandomStream>();
  const stream = (what: string) => {
    let own = streams.get(what);
    if (own === undefined) {
      own = new RandomStream(seed).split(what);
      streams.set(what, own);
    }
    return own;
  };
  return {
    clock,
    chance: (what, probability) => stream(what).next() < probability,
    pick: (what, of) => stream(what).below(of),
    stall(ms) {
      const endMs = clock.monotonicMs() + ms;
      while (clock.monotonicMs() < endMs);
    },
  };
}

/** Doors for a live system: start it with `runtime`, and put the others around what it uses. */
export function faultDoors(inner: Runtime = nodeRuntime()): { readonly runtime: Runtime; readonly doors: FaultDoors } {
  const { clock } = inner;
  const set = new FaultSet((plan) => liveSurroundings(clock, plan));
  const doors = new FaultDoors(set, clock, (path) => pythonDoor(set, path));
  return { runtime: doors.runtime(inner), doors };
}
