/**
 * Boundedness: no mailbox and no queue is ever longer than it may be. Each actor knows the most letters that have ever
 * waited for it; other queues are looked at after each record of a simulation.
 */
import type { ActorSystem } from '../../actors/core/index.ts';
import type { Simulation } from '../simulation/simulation.ts';

export interface BoundsOptions {
  /** How many letters may wait for the actor at a path; undefined: any number. */
  readonly mailbox?: (path: string) => number | undefined;
  /** Queues besides mailboxes. */
  readonly queues?: Readonly<Record<string, { readonly length: () => number; readonly max: number }>>;
}

export class BoundsCheck {
  readonly #options: BoundsOptions;
  readonly #system: ActorSystem;
  /** The longest that each was, of those that were too long. */
  readonly #tooLong = new Map<string, { readonly length: number; readonly max: number }>();

  constructor(system: ActorSystem, options: BoundsOptions) {
    this.#system = system;
    this.#options = options;
  }

  /** Looks after each record of a simulation, until what this returns is called. */
  watch(sim: Simulation): () => void {
    return sim.onRecord((record) => {
      // Before it ends, which ends what it knows.
      if (record.kind === 'handle') this.#look(record.by.replace(/#\d+$/, ''));
      this.#queues();
    });
  }

  /** Looks at all of them now. */
  look(): void {
    for (const { pid } of this.#system.processes()) this.#look(pid.path);
    this.#queues();
  }

  /** What was too long at any time. */
  get violations(): readonly string[] {
    this.look();
    return [...this.#tooLong].map(([name, { length, max }]) => `${name} had ${length} waiting, where ${max} may`);
  }

  #look(path: string): void {
    const max = this.#options.mailbox?.(path);
    if (max !== undefined) this.#note(`the mailbox of ${path}`, this.#system.lookup(path)?.mailboxPeak ?? 0, max);
  }

  #queues(): void {
    for (const [name, { length, max }] of Object.entries(this.#options.queues ?? {})) this.#note(name, length(), max);
  }

  #note(name: string, length: number, max: number): void {
    if (length > max && length > (this.#tooLong.get(name)?.length ?? 0)) this.#tooLong.set(name, { length, max });
  }
}
