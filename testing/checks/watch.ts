/**
 * Judges what a watch of a session delivers (law 7 of StateProvider): every commit after its beginning, in order,
 * without gap or double; a snapshot first, or in place of commits that are no longer kept, marked with what it stands
 * for. Keeps what the variables must be after it, to compare with a reading.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Commit, Folded, Snapshot, Variable, WatchEvent, WatchOptions } from '../../actors/state/index.ts';

export interface WatchCheckOptions extends Pick<WatchOptions, 'from' | 'epoch' | 'names'> {
  /**
   * Whether a commit may come again, as on the wire, where its receiver tells it by its revision and drops it.
   * Default false.
   */
  readonly doubles?: boolean;
}

/** Fed with the events of one watch, from its first. */
export class WatchCheck {
  readonly #violations: string[] = [];
  readonly #names: ReadonlySet<string> | undefined;
  readonly #doubles: boolean;
  readonly #variables = new Map<string, Variable>();
  #epoch: number | undefined;
  /** The last revision that was delivered; undefined before the first snapshot. */
  #revision: number | undefined;
  /** Told a revision, nobody knows what was there before it. */
  #knowsAll: boolean;

  constructor({ from, epoch, names, doubles = false }: WatchCheckOptions = {}) {
    this.#revision = from;
    this.#epoch = epoch;
    this.#names = names === undefined ? undefined : new Set(names);
    this.#doubles = doubles;
    this.#knowsAll = from === undefined;
  }

  /** What was wrong so far, in words. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** The last revision that was delivered. */
  get revision(): number | undefined {
    return this.#revision;
  }

  /** Feeds one event. */
  see(event: WatchEvent): void {
    if (event.type === 'snapshot') this.#seeSnapshot(event.snapshot, event.folded);
    else this.#seeCommit(event.commit, event.folded);
  }

  /** Feeds all events of a watch as they are read, and passes them on. */
  async *through(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    for await (const event of events) {
      this.see(event);
      yield event;
    }
  }

  /** The session was read, after which the watch has delivered all that there was: the two must agree. */
  compare(reading: Snapshot): readonly string[] {
    const { revision, epoch } = reading;
    if (this.#epoch !== undefined && epoch !== this.#epoch) {
      this.#violations.push(`the session is of epoch ${epoch}, the watch of epoch ${this.#epoch}`);
    }
    // Commits that touch none of the names do not show.
    if (this.#names === undefined ? this.#revision !== revision : (this.#revision ?? -1) > revision) {
      this.#violations.push(`the session is at revision ${revision}, the watch at ${this.#revision}`);
    }
    if (!this.#knowsAll) return this.#violations;
    const read = new Map(reading.variables.filter(({ name }) => this.#covers(name)).map((one) => [one.name, one]));
    for (const name of new Set([...read.keys(), ...this.#variables.keys()])) {
      if (isDeepStrictEqual(read.get(name), this.#variables.get(name))) continue;
      this.#violations.push(
        `${name} is ${shown(read.get(name))}, and by the watch ${shown(this.#variables.get(name))}`,
      );
    }
    return this.#violations;
  }

  #covers(name: string): boolean {
    return this.#names === undefined || this.#names.has(name);
  }

  #seeSnapshot(snapshot: Snapshot, folded: Folded | undefined): void {
    const { revision, epoch, variables } = snapshot;
    const isFirst = this.#revision === undefined;
    // A session that was rewound begins again from what is left of it.
    const isRewound = this.#epoch !== undefined && epoch !== this.#epoch;
    if (!isFirst && !isRewound) this.#checkFolded(`a snapshot of revision ${revision}`, revision, folded);
    if (isFirst && folded !== undefined) this.#violations.push('the first snapshot stands for commits');
    this.#epoch = epoch;
    this.#revision = revision;
    this.#knowsAll = true;
    this.#variables.clear();
    for (const variable of variables) {
      this.#checkName(variable.name, revision);
      if (variable.version > revision) {
        this.#violations.push(`${variable.name} has version ${variable.version} in a snapshot of revision ${revision}`);
      }
      this.#variables.set(variable.name, variable);
    }
  }

  #seeCommit(commit: Commit, folded: Folded | undefined): void {
    const { revision, epoch, written, removed } = commit;
    const last = this.#revision;
    if (last === undefined) this.#violations.push(`revision ${revision} came before a snapshot`);
    else if (this.#epoch !== undefined && epoch !== this.#epoch) {
      this.#violations.push(`revision ${revision} of epoch ${epoch} came without a snapshot of it`);
    } else if (revision <= last) {
      if (!this.#doubles) this.#violations.push(`revision ${revision} came after revision ${last}`);
      return;
    } else if (folded !== undefined) this.#checkFolded(`revision ${revision}`, revision, folded);
    else if (this.#names === undefined && revision !== last + 1) {
      this.#violations.push(`revision ${revision} came after revision ${last}: ${revision - last - 1} are missing`);
    }
    this.#epoch = epoch;
    this.#revision = revision;
    for (const variable of written) {
      this.#checkName(variable.name, revision);
      if (folded === undefined && variable.version !== revision) {
        this.#violations.push(`${variable.name} has version ${variable.version} in revision ${revision}`);
      }
      this.#variables.set(variable.name, variable);
    }
    for (const name of removed) {
      this.#checkName(name, revision);
      this.#variables.delete(name);
    }
  }

  /** What stands for several commits says for which: those after the last one that was delivered. */
  #checkFolded(what: string, revision: number, folded: Folded | undefined): void {
    const last = this.#revision ?? 0;
    if (folded === undefined) this.#violations.push(`${what} came after revision ${last} without a mark`);
    else if (folded.upTo !== revision) this.#violations.push(`${what} is marked as up to ${folded.upTo}`);
    else if (folded.upTo <= last) this.#violations.push(`${what} came after revision ${last}`);
    // Commits that touch none of the names may lie between.
    else if (this.#names === undefined ? folded.after !== last : folded.after < last) {
      this.#violations.push(`${what} stands for what is after ${folded.after}, and came after revision ${last}`);
    }
  }

  #checkName(name: string, revision: number): void {
    if (!this.#covers(name)) this.#violations.push(`${name} in revision ${revision} was not asked for`);
  }
}

function shown(variable: Variable | undefined): string {
  return variable === undefined ? 'absent' : `${JSON.stringify(variable.value)} of version ${variable.version}`;
}
