/**
 * Who lives under whom, kept while somebody looks at the tree: made of what lives at that moment, and followed by the
 * events of starts and ends. Places of children that a supervisor has and nobody lives in come from the supervisor.
 */
import type { ActorSystem, AnyEvent, CoreEvent, Process } from '../../actors/core/index.ts';
import { type SupervisedChild, supervisionOf } from '../../supervisors/index.ts';
import { parentOf } from '../protocol/index.ts';

/** One place in the tree. */
export interface Spot {
  readonly path: string;
  readonly depth: number;
  /** As its supervisor has it; undefined for one that is no supervisor's child. */
  readonly supervised: SupervisedChild | undefined;
}

/** How many are taken in before others have their turn. */
const perSlice = 5_000;

export class Population {
  /** How many live. */
  size = 0;
  readonly #system: ActorSystem;
  /** By the path of who they live under; roots under the empty path. */
  readonly #children = new Map<string, Map<string, Process>>();
  readonly #forget: () => void;

  private constructor(system: ActorSystem) {
    this.#system = system;
    this.#forget = system.events.onAll((event) => this.#heard(event));
  }

  /** Resolves when all that live are in. Does not hold the event loop however many there are. */
  static async of(system: ActorSystem): Promise<Population> {
    const population = new Population(system);
    const processes = [...system.processes()];
    for (let from = 0; from < processes.length; from += perSlice) {
      if (from > 0) await new Promise<void>((resolve) => system.runtime.turns.afterIo(resolve));
      for (const process of processes.slice(from, from + perSlice))
        if (process.status !== 'dead') population.#add(process);
    }
    return population;
  }

  /** Follows no more. What is in stays: who asked once still reads it. */
  stop(): void {
    this.#forget();
  }

  #heard(event: AnyEvent): void {
    const told = event as CoreEvent;
    if (told.type === 'actor.started') {
      const process = told.pid.find();
      if (process !== undefined) this.#add(process);
    } else if (told.type === 'actor.exited' || told.type === 'actor.not_started') {
      this.#remove(told.pid.path);
    }
  }

  #add(process: Process): void {
    const { path } = process.pid;
    const above = parentOf(path);
    let siblings = this.#children.get(above);
    if (siblings === undefined) {
      siblings = new Map();
      this.#children.set(above, siblings);
    }
    if (!siblings.has(path)) this.size += 1;
    siblings.set(path, process);
  }

  #remove(path: string): void {
    // A successor may live there already.
    if (this.#system.lookup(path) !== undefined) return;
    const above = parentOf(path);
    const siblings = this.#children.get(above);
    if (siblings?.delete(path)) this.size -= 1;
    if (siblings?.size === 0) this.#children.delete(above);
  }

  /** How many places are right below one. */
  count(path: string): number {
    const living = this.#children.get(path)?.size ?? 0;
    const process = this.#system.lookup(path);
    // Asked of every actor of the tree: only supervisors know of more than who lives.
    return process?.kind === 'supervisor' ? Math.max(living, supervisionOf(process)?.count ?? 0) : living;
  }

  /** The places right below one, in the order of their starts. */
  *below(path: string, depth: number): Generator<Spot> {
    const living = this.#children.get(path);
    const supervision = supervisionOf(this.#system.lookup(path));
    if (supervision === undefined) {
      for (const child of living?.keys() ?? []) yield { path: child, depth, supervised: undefined };
      return;
    }
    let told = 0;
    for (const supervised of supervision.children) {
      const child = `${path}/${supervised.id}`;
      if (living?.has(child)) told += 1;
      yield { path: child, depth, supervised };
    }
    if (living === undefined || told === living.size) return;
    for (const child of living.keys()) {
      if (supervision.child(child.slice(path.length + 1)) === undefined)
        yield { path: child, depth, supervised: undefined };
    }
  }

  /** Depth first, from a place on, or from all roots: those whose ancestors are open. */
  *tree(under: string | undefined, isOpen: (path: string) => boolean): Generator<Spot & { readonly open: boolean }> {
    const waiting: Iterator<Spot>[] = [
      under === undefined
        ? this.below('', 0)
        : [{ path: under, depth: 0, supervised: this.supervised(under) }].values(),
    ];
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const { done, value } = last.next();
      if (done) {
        waiting.pop();
        continue;
      }
      const open = isOpen(value.path) && this.count(value.path) > 0;
      yield { ...value, open };
      if (open) waiting.push(this.below(value.path, value.depth + 1));
    }
  }

  /** The paths of all places, parents before their children; cheap, also where there are 100,000. */
  *paths(): Generator<string> {
    const waiting: Iterator<string>[] = [this.#pathsBelow('')];
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const { done, value } = last.next();
      if (done) {
        waiting.pop();
        continue;
      }
      yield value;
      if (this.count(value) > 0) waiting.push(this.#pathsBelow(value));
    }
  }

  #pathsBelow(path: string): Iterator<string> {
    const living = this.#children.get(path);
    if (living !== undefined && living.size === this.count(path)) return living.keys();
    return this.#everyPath(path);
  }

  *#everyPath(path: string): Generator<string> {
    for (const spot of this.below(path, 0)) yield spot.path;
  }

  supervised(path: string): SupervisedChild | undefined {
    const above = parentOf(path);
    return supervisionOf(this.#system.lookup(above))?.child(path.slice(above.length + 1));
  }
}
