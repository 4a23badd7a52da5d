/** Systems that run, and actors in those that run on: each begins by an announcement, and ends with its last actor. */
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
      this.#known.set(system, { site: new Site(announced), keys: new Map(), forget });
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
    for (const [system, { site, keys, forget }] of this.#known) {
      const processes = [...system.processes()];
      if (processes.length === 0) {
        forget();
        this.#known.delete(system);
        continue;
      }
      const what = `system with ${namesOf(processes)}`;
      left.push({ kind: 'actor', key: system, what, madeAt: site.place ?? site.nearest, free: () => end(system) });
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

/** Stops what nobody else would stop, in order; resolves at once: whoever waits looks again. */
function end(system: ActorSystem): void {
  for (const process of [...system.processes()]) {
    if (process.parent !== undefined && process.parent.status !== 'dead') continue;
    if (process.status === 'stopping') process.kill();
    else process.deliver({ kind: 'system', work: () => process.requestStop(exitReason.shutdown()) });
  }
}
