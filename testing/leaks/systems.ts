/**
 * Systems that run, and actors in those that run on: each begins by an announcement, and ends with its last actor.
 * One that is left in virtual time holds nothing: `simulate` sees to those.
 */
import {
  type ActorSystem,
  type AnyEvent,
  exitReason,
  onSystem,
  type Pid,
  type Process,
} from '../../actors/core/index.ts';
import type { LeakSource, Left } from './left.ts';
import { Site } from './site.ts';

interface Known {
  readonly site: Site;
  /** By path, so that an actor that was started again is the same. */
  readonly keys: Map<string, object>;
  readonly forget: () => void;
  /** Whether real time moves it; undefined until it has shown so. */
  isReal: boolean | undefined;
  /** How often it was looked at since it was asked. */
  looks: number;
  /** Whether it was asked to end. */
  isAsked: boolean;
}

/** One that has not shown within so many looks that it runs, runs in virtual time, or not at all: it holds nothing. */
const looksMax = 4;

/** Asks a system for a turn, the first time. Not before it is looked at: it may be somebody's simulation. */
function runs(system: ActorSystem, known: Known): boolean {
  if (known.looks === 0) {
    system.runtime.turns.afterIo(() => {
      known.isReal = true;
    });
  }
  known.looks += 1;
  return known.isReal === true || known.looks <= looksMax;
}

/** The run id of a system, if it has ever started a worker (actors/worker). */
export function runIdOf(system: ActorSystem): string | undefined {
  const id = system.tables.get('ophion.run_id');
  return typeof id === 'string' ? id : undefined;
}

/** How many actors of a system are named. */
const namedMax = 5;

export class Systems implements LeakSource {
  readonly #known = new Map<ActorSystem, Known>();
  readonly #actorSites = new WeakMap<Pid, Site>();
  readonly #runIds = new Set<string>();
  #stop: () => void = () => {};

  start(): void {
    const announced = (system: ActorSystem) => {
      // Only this one type: to hear of crashes would keep them out of the log.
      const started = (event: AnyEvent) =>
        void this.#actorSites.set((event as AnyEvent & { pid: Pid }).pid, new Site(started));
      system.events.emitter.on('actor.started', started);
      const forget = () => void system.events.emitter.off('actor.started', started);
      this.#known.set(system, {
        site: new Site(announced),
        keys: new Map(),
        forget,
        isReal: undefined,
        looks: 0,
        isAsked: false,
      });
    };
    this.#stop = onSystem(announced);
  }

  stop(): void {
    this.#stop();
    for (const { forget } of this.#known.values()) forget();
    this.#known.clear();
  }

  /** The systems that run. */
  get all(): readonly ActorSystem[] {
    return [...this.#known.keys()].filter((system) => !system.processes().next().done);
  }

  /** The run ids of all systems so far: what a worker has in its environment. */
  get runIds(): ReadonlySet<string> {
    for (const system of this.#known.keys()) {
      const id = runIdOf(system);
      if (id !== undefined) this.#runIds.add(id);
    }
    return this.#runIds;
  }

  look(): readonly Left[] {
    const left: Left[] = [];
    void this.runIds;
    for (const [system, known] of this.#known) {
      const { site, keys, forget } = known;
      const processes = [...system.processes()];
      if (processes.length === 0 || !runs(system, known)) {
        forget();
        this.#known.delete(system);
        continue;
      }
      const what = `system with ${namesOf(processes)}`;
      left.push({
        kind: 'actor',
        key: system,
        what,
        madeAt: site.place ?? site.nearest,
        free: () => end(system, known),
      });
      const paths = new Set(processes.map(({ pid }) => pid.path));
      for (const path of keys.keys()) if (!paths.has(path)) keys.delete(path);
      for (const process of processes) {
        const { pid } = process;
        const key = keys.get(pid.path) ?? {};
        keys.set(pid.path, key);
        const started = this.#actorSites.get(pid);
        const madeAt = started?.place ?? site.place ?? site.nearest;
        left.push({ kind: 'actor', key, within: system, what: `actor ${pid}`, madeAt, free: () => process.kill() });
      }
    }
    return left;
  }
}

function namesOf(processes: readonly Process[]): string {
  const names = processes.slice(0, namedMax).map(({ pid }) => String(pid));
  const more = processes.length - names.length;
  return `${processes.length} actors: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Stops what nobody else would stop, in order; asked again, kills it. Whoever waits looks again. */
function end(system: ActorSystem, known: Known): void {
  for (const process of [...system.processes()]) {
    if (process.parent !== undefined && process.parent.status !== 'dead') continue;
    if (known.isAsked) process.kill();
    else process.deliver({ kind: 'system', work: () => process.requestStop(exitReason.shutdown()) });
  }
  known.isAsked = true;
}
