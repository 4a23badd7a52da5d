/**
 * The kept commits of a session, and which idempotency keys they answered. Immutable from outside: adding makes a new
 * History. Inside, those that follow each other share one growing log, so that a commit costs no copy; one that is
 * added to twice copies its part first.
 */
import { type Answered, Answers } from './answers.ts';
import type { Commit, SessionExport } from './session-data.ts';

export interface HistoryLimits {
  /** How many commits are kept. Default 1,000. */
  readonly historyMax: number;
  /** How many bytes of values they may hold together; the last one is always kept. Default 64 MiB. */
  readonly historyBytesMax: number;
  /**
   * How many callers' idempotency keys are remembered, whether their commits are kept or not. Default 10,000. Together
   * with their outcomes they hold no more than `historyBytesMax`.
   */
  readonly outcomesMax: number;
  /** For how long, in milliseconds. Default 5 minutes. */
  readonly outcomeTtlMs: number;
}

export const defaultHistoryLimits: HistoryLimits = {
  historyMax: 1_000,
  historyBytesMax: 64 * 1024 * 1024,
  outcomesMax: 10_000,
  outcomeTtlMs: 5 * 60_000,
};

/** A key that a client made for itself: nobody else has it, so only a retry need be looked for. */
export interface OwnKey {
  readonly client: string;
  readonly number: number;
}

/** A commit that is to be added, and what is kept with it. */
export interface Entry {
  readonly commit: Commit;
  /** Of what it wrote, roughly. */
  readonly bytes: number;
  readonly key: string | OwnKey | undefined;
  /** Kept under a caller's key. */
  readonly outcome: Uint8Array | undefined;
}

/** What histories that follow each other share. Only the newest of them adds to it. */
class Log {
  /** `commits[i]` is the one of revision `base + i`; undefined when it is not kept any more. So are the others. */
  commits: (Commit | undefined)[] = [];
  bytes: number[] = [];
  keys: (OwnKey | undefined)[] = [];
  base: number;
  /** Commits before this revision are dropped. */
  dropped: number;
  last: number;
  /** Keys that callers gave. */
  answers: Answers | undefined;

  constructor(last: number) {
    this.base = last + 1;
    this.dropped = this.base;
    this.last = last;
  }

  push(commit: Commit, bytes: number, key: OwnKey | undefined): void {
    if (this.commits.length === 0) {
      // Pushed, each would get room for sixteen more, and most sessions are written seldom.
      this.commits = [commit];
      this.bytes = [bytes];
      this.keys = [key];
    } else {
      this.commits.push(commit);
      this.bytes.push(bytes);
      this.keys.push(key);
    }
    this.last += 1;
  }

  /** Drops what is before `to`. */
  drop(to: number): void {
    for (; this.dropped < to; this.dropped += 1) {
      this.commits[this.dropped - this.base] = undefined;
      this.keys[this.dropped - this.base] = undefined;
    }
    // Moving the rest is worth it only now and then.
    const dead = this.dropped - this.base;
    if (2 * dead <= this.commits.length) return;
    this.commits.splice(0, dead);
    this.bytes.splice(0, dead);
    this.keys.splice(0, dead);
    this.base = this.dropped;
  }
}

export class History {
  readonly #log: Log;
  readonly #bytes: number;
  /** The oldest kept revision; above `last` when there is none. */
  readonly first: number;
  readonly last: number;

  private constructor(log: Log, first: number, last: number, bytes: number) {
    this.#log = log;
    this.first = first;
    this.last = last;
    this.#bytes = bytes;
  }

  /** An empty history of a session that is at this revision. */
  static after(revision: number): History {
    return new History(new Log(revision), revision + 1, revision, 0);
  }

  /** The same of a session whose commits up to there were kept once: their keys are forgotten. */
  static resumed(revision: number): History {
    const history = History.after(revision);
    if (revision > 0) history.#log.answers = new Answers(revision);
    return history;
  }

  /** How many bytes what the kept commits wrote and the remembered outcomes have, roughly. */
  get bytes(): number {
    return this.#bytes + (this.#log.answers?.outcomeBytes ?? 0);
  }

  /** The commit of a revision; undefined when it is not kept, or not there yet. */
  at(revision: number): Commit | undefined {
    if (revision < this.first || revision > this.last) return undefined;
    return this.#log.commits[revision - this.#log.base];
  }

  /** Whether every commit after this revision is kept. */
  reaches(revision: number): boolean {
    return revision >= this.last || this.at(revision + 1) !== undefined;
  }

  /** The commits after a revision, oldest first; those that are kept. */
  after(revision: number): readonly Commit[] {
    const commits: Commit[] = [];
    for (let next = Math.max(revision + 1, this.first); next <= this.last; next += 1) {
      const commit = this.at(next);
      if (commit !== undefined) commits.push(commit);
    }
    return commits;
  }

  /** The commit that this key was answered with, while it is remembered. */
  outcome(key: string | OwnKey, nowMs: number): Commit | undefined {
    const answered = this.answered(typeof key === 'string' ? key : textOf(key), nowMs);
    if (answered !== undefined) return answered.commit;
    return typeof key === 'string' ? undefined : this.#ownOutcome(key);
  }

  /** What a caller's key was answered with, while it is remembered. */
  answered(key: string, nowMs: number): Answered | undefined {
    const answered = this.#log.answers?.find(key, nowMs);
    return answered !== undefined && answered.commit.revision <= this.last ? answered : undefined;
  }

  #ownOutcome({ client, number }: OwnKey): Commit | undefined {
    for (let revision = this.last; revision >= this.first; revision -= 1) {
      const key = this.#log.keys[revision - this.#log.base];
      if (key !== undefined && key.number === number && key.client === client) return this.at(revision);
    }
    return undefined;
  }

  /** Keys of this kind are all remembered, unless they are too old, of commits after this revision. */
  forgotten(key: string | OwnKey): number {
    return Math.max(typeof key === 'string' ? 0 : this.first - 1, this.#log.answers?.forgotten ?? 0);
  }

  /** The keys of kept commits, and what came with them, oldest first. */
  outcomes(): SessionExport['outcomes'] {
    const found = new Map<number, SessionExport['outcomes'][number]>();
    for (let revision = this.first; revision <= this.last; revision += 1) {
      const key = this.#log.keys[revision - this.#log.base];
      if (key !== undefined) found.set(revision, { key: textOf(key), revision });
    }
    for (const { key, commit, outcome } of this.#log.answers?.all() ?? []) {
      const { revision } = commit;
      if (revision < this.first || revision > this.last) continue;
      found.set(revision, outcome === undefined ? { key, revision } : { key, revision, outcome: outcome.slice() });
    }
    return [...found.values()].sort((a, b) => a.revision - b.revision);
  }

  /** The oldest commit that is still needed, for what it did or for its key. */
  get oldest(): number {
    return Math.min(this.first, this.#log.answers?.oldest ?? this.first);
  }

  /** The kept commits and what is kept with each, oldest first; without those of which only the key is left. */
  entries(): readonly Entry[] {
    const answers = new Map(this.#log.answers?.all().map((answered) => [answered.commit.revision, answered]));
    return this.after(0).map((commit) => this.#entry(commit, answers.get(commit.revision)));
  }

  /** The last commit and what is kept with it. */
  newest(): Entry | undefined {
    const commit = this.at(this.last);
    return commit && this.#entry(commit, this.#log.answers?.newest);
  }

  #entry(commit: Commit, answered: Answered | undefined): Entry {
    const place = commit.revision - this.#log.base;
    const bytes = this.#log.bytes[place] as number;
    if (answered?.commit !== commit) return { commit, bytes, key: this.#log.keys[place], outcome: undefined };
    return { commit, bytes, key: answered.key, outcome: answered.outcome };
  }

  /**
   * Lets go of commits that are before the first: called once a history is kept. Until then what was added may still be
   * refused, and who goes on with the history before it needs them.
   */
  settle(): void {
    this.#log.drop(this.first);
  }

  /** This history and one more commit, of the next revision. */
  add({ commit, bytes, key, outcome }: Entry, nowMs: number, limits: HistoryLimits): History {
    if (this.#log.last !== this.last) return this.#fork(limits).add({ commit, bytes, key, outcome }, nowMs, limits);
    const log = this.#log;
    log.push(commit, bytes, typeof key === 'string' ? undefined : key);
    let { first } = this;
    let held = this.#bytes + bytes;
    const { last } = log;
    while (first < last && (last - first >= limits.historyMax || held > limits.historyBytesMax)) {
      held -= log.bytes[first - log.base] ?? 0;
      first += 1;
    }
    if (typeof key === 'string') {
      log.answers ??= new Answers();
      const whole = bytes + (outcome?.byteLength ?? 0);
      const untilMs = nowMs + limits.outcomeTtlMs;
      log.answers.add({ key, commit, outcome, bytes: whole, atMs: nowMs, untilMs }, limits);
    }
    return new History(log, first, last, held);
  }

  /** The same with a log of its own. What the shared one has dropped meanwhile is dropped here, too. */
  #fork(limits: HistoryLimits): History {
    let { first } = this;
    while (first <= this.last && this.at(first) === undefined) first += 1;
    const log = new Log(first - 1);
    let held = 0;
    for (let revision = first; revision <= this.last; revision += 1) {
      const bytes = this.#log.bytes[revision - this.#log.base] as number;
      held += bytes;
      log.push(this.at(revision) as Commit, bytes, this.#log.keys[revision - this.#log.base]);
    }
    log.answers = this.#log.answers?.upTo(this.last, limits);
    return new History(log, first, this.last, held);
  }
}

/** The key as it is written outside. */
export function textOf({ client, number }: OwnKey): string {
  return `${client}.${number}`;
}
