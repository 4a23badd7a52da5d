/** A watch over a failover that loses commits: it goes from the old history to the new one by a snapshot, or unharmed. */
import { isDeepStrictEqual } from 'node:util';
import type { Snapshot, StateSession, WatchEvent } from '../../../actors/state/index.ts';
import { WatchCheck } from '../../../testing/checks/watch.ts';
import type { CommitLog } from '../session-chaos/log.ts';
import { versioned } from '../session-chaos/records.ts';
import { type Branches, same } from './branches.ts';

export class BranchWatch {
  readonly #events: WatchEvent[] = [];
  readonly #check = new WatchCheck();
  readonly #abort = new AbortController();
  readonly #name: string;
  readonly #ended: Promise<string | undefined>;

  constructor(name: string, session: StateSession) {
    this.#name = name;
    this.#ended = this.#follow(session);
  }

  get events(): number {
    return this.#events.length;
  }

  /** What is wrong with what it was told up to this reading, in words. */
  async judge(branches: Branches, reading: Snapshot, graceMs: number): Promise<readonly string[]> {
    const endMs = performance.now() + graceMs;
    while (this.#check.revision !== reading.revision && performance.now() < endMs) await new Promise(setImmediate);
    this.#abort.abort();
    const ended = await this.#ended;
    const wrong = [...(ended === undefined ? [] : [ended]), ...this.#check.compare(reading)];
    wrong.push(...this.#silent(branches));
    return wrong.map((one) => `${this.#name}: ${one}`);
  }

  /** Commits that are of neither history, or of the new one to somebody who was told of what is lost. */
  #silent({ old, new: now, after }: Branches): readonly string[] {
    const wrong: string[] = [];
    const base = after.first.revision;
    let knowsLost = false;
    for (const event of this.#events) {
      if (event.type === 'snapshot') {
        knowsLost = !holds(now, event.snapshot);
        if (knowsLost && !holds(old, event.snapshot)) wrong.push('was told a snapshot that neither history has');
        continue;
      }
      const { commit } = event;
      const { revision } = commit;
      if (same(commit, now.at(revision))) {
        if (knowsLost && revision > base) wrong.push(`was told revision ${revision} on top of what is lost`);
      } else if (same(commit, old.at(revision))) knowsLost ||= revision > base;
      else wrong.push(`was told another revision ${revision} than either history has`);
    }
    return wrong;
  }

  async #follow(session: StateSession): Promise<string | undefined> {
    const { signal } = this.#abort;
    try {
      for await (const event of session.watch({ signal })) {
        this.#events.push(event);
        this.#check.see(event);
      }
      return 'it has ended';
    } catch (error) {
      return signal.aborted ? undefined : `it has ended with ${String(error)}`;
    }
  }
}

/** Whether a snapshot is what a history has there. */
function holds(log: CommitLog, { revision, variables }: Snapshot): boolean {
  return isDeepStrictEqual(log.states()[revision - log.first.revision]?.values, versioned(variables));
}
