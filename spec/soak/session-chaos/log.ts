/**
 * All that was committed to a session, as its history tells: read again and again, since only the newest commits are
 * kept. What a watch tells is held against it.
 */
import type { Commit, Snapshot, StateSession } from '../../../actors/state/index.ts';
import type { VariablesState } from '../../../testing/models/variables.ts';
import { versioned } from './records.ts';

/** What the history answers at once, at most. */
const limit = 1_000;

export class CommitLog {
  readonly wrong: string[] = [];
  /** Before the first of the commits. */
  readonly first: VariablesState;
  readonly commits: Commit[] = [];
  readonly #session: StateSession;
  readonly #mayRise: boolean;
  #epoch: number;

  /** `mayRise`: whether the epoch does, as after a failover that has lost commits. */
  constructor(session: StateSession, { epoch, revision, variables }: Snapshot, { mayRise = false } = {}) {
    this.#session = session;
    this.#mayRise = mayRise;
    this.#epoch = epoch;
    this.first = { revision, values: versioned(variables) };
  }

  get revision(): number {
    return this.first.revision + this.commits.length;
  }

  /** The commit of a revision. */
  at(revision: number): Commit | undefined {
    return this.commits[revision - this.first.revision - 1];
  }

  /** Reads what is new. */
  async catchUp(): Promise<void> {
    while (await this.#page());
  }

  /** Whether there is more. */
  async #page(): Promise<boolean> {
    const before = this.revision;
    // Of more than it answers at once, the oldest.
    const { commits, revision } = await this.#session.history({ since: before, upTo: before + limit, limit });
    for (const commit of commits) {
      // The others would be at wrong places.
      if (this.wrong.length > 0) return false;
      if (this.#mayRise && commit.epoch > this.#epoch) this.#epoch = commit.epoch;
      if (commit.revision !== this.revision + 1)
        this.wrong.push(`in the history revision ${commit.revision} comes after ${this.revision}`);
      else if (commit.epoch !== this.#epoch)
        this.wrong.push(`revision ${commit.revision} is of epoch ${commit.epoch}, not of ${this.#epoch}`);
      else this.commits.push(commit);
    }
    if (commits.length === limit) return true;
    if (this.revision !== revision && this.wrong.length === 0)
      this.wrong.push(`the session is at revision ${revision}; its history goes from ${before} to ${this.revision}`);
    return false;
  }

  /** What the variables were, by revision, from the first on. */
  states(): readonly VariablesState[] {
    const states = [this.first];
    for (const { revision, written, removed } of this.commits) {
      const values = { ...(states.at(-1) as VariablesState).values };
      for (const name of removed) delete values[name];
      states.push({ revision, values: { ...values, ...versioned(written) } });
    }
    return states;
  }
}
