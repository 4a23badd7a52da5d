/**
 * Who lives under whom, kept while somebody looks at the tree: made of what lives at that moment, and followed by the
 * events of starts and ends. Places of children that a supervisor has and nobody lives in come from the supervisor.
 */
import type { ActorSystem, AnyEvent, CoreEvent, Process } from '../../actors/core/index.ts';
import { type SupervisedChild, supervisionOf } from '../../supervisors/index.ts';
import { parentOf } from '../protocol/index.ts';
import type { Pace } from './pace.ts';

/** One line of the tree. */
export interface Spot {
  readonly path: string;
  readonly depth: number;
  /** Its children follow. */
  readonly open: boolean;
}

export class Population {
  /** How many live. */
  size = 0;
  readonly #system: ActorSystem;
  /** By the path of who they live under; roots under the empty path. */
  readonly #children = new Map<string, Set<string>>();
  /** The paths of those that may have places where nobody lives. */
  readonly #supervisors = new Set<string>();
  readonly #forget: () => void;

  private constructor(system: ActorSystem) {
    this.#system = system;
    this.#forget = system.events.onAll((event) => this.#heard(event));
  }

  /** Resolves when all that live are in. */
  static async of(system: ActorSystem, pace: Pace): Promise<Population> {
    const population = new Population(system);
    await pace.each([...system.processes()], (process) => {
      if (process.status !== 'dead') population.#add(process);
    });
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
      siblings = new Set();
      this.#children.set(above, siblings);
    }
    if (!siblings.has(path)) this.size += 1;
    siblings.add(path);
    if (process.kind === 'supervisor') this.#supervisors.add(path);
  }

  #remove(path: string): void {
    // A successor may live there already.
    if (this.#system.lookup(path) !== undefined) return;
    this.#supervisors.delete(path);
    const above = parentOf(path);
    const siblings = this.#children.get(above);
    if (siblings?.delete(path)) this.size -= 1;
    if (siblings?.size === 0) this.#children.delete(above);
  }

  /** How many places are right below one. Asked of every actor: only supervisors know of more than who lives. */
  count(path: string): number {
    const living = this.#children.get(path)?.size ?? 0;
    if (!this.#supervisors.has(path)) return living;
    return Math.max(living, supervisionOf(this.#system.lookup(path))?.count ?? 0);
  }

  /** The paths of the places right below one, in the order of their starts. */
  *below(path: string): Generator<string> {
    const living = this.#children.get(path);
    const supervision = supervisionOf(this.#system.lookup(path));
    if (supervision === undefined) {
      yield* living ?? [];
      return;
    }
    let told = 0;
    for (const id of supervision.ids) {
      const child = `${path}/${id}`;
      if (living?.has(child)) told += 1;
      yield child;
    }
    if (living === undefined || told === living.size) return;
    for (const child of living) if (supervision.child(child.slice(path.length + 1)) === undefined) yield child;
  }

  /** Depth first, from a place on, or from all roots: those whose ancestors are open. Cheap, whatever is not shown. */
  *tree(under: string | undefined, isOpen: (path: string) => boolean): Generator<Spot> {
    const waiting: Iterator<string>[] = [under === undefined ? this.below('') : [under].values()];
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const { done, value: path } = last.next();
      if (done) {
        waiting.pop();
        continue;
      }
      const open = this.count(path) > 0 && isOpen(path);
      yield { path, depth: waiting.length - 1, open };
      if (open) waiting.push(this.below(path));
    }
  }

  /** The paths of all places, parents before their children; where all children live, in the order of their starts. */
  *paths(): Generator<string> {
    const waiting: Iterator<string>[] = [this.#anyBelow('')];
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const { done, value: path } = last.next();
      if (done) {
        waiting.pop();
        continue;
      }
      yield path;
      if (this.count(path) > 0) waiting.push(this.#anyBelow(path));
    }
  }

  /** As `below`, and quicker where all of them live. */
  #anyBelow(path: string): Iterator<string> {
    const living = this.#children.get(path);
    return living !== undefined && living.size === this.count(path) ? living.values() : this.below(path);
  }

  supervised(path: string): SupervisedChild | undefined {
    const above = parentOf(path);
    return supervisionOf(this.#system.lookup(above))?.child(path.slice(above.length + 1));
  }
}
