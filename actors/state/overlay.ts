/**
 * Writes that are not committed yet, the twin of Python's `_overlay.py`: those of a tool that joins the transaction of
 * its caller. Whoever reads through an overlay sees one reading of the session and what was written since; nobody else
 * sees any of it. `writes` is what is to be committed, as one request.
 */
import { StateError } from '../core/index.ts';
import type { Change } from './change.ts';
import { applyCommit } from './commit.ts';
import { planOf } from './computed-plan.ts';
import { History } from './history.ts';
import { invalid } from './invalid.ts';
import { noLocks } from './locks.ts';
import { type Order, orderOf } from './order.ts';
import { snapshotOf } from './readings.ts';
import { defaultRecordLimits, find, placesOf, type SessionRecord, secretsOf } from './record.ts';
import type { Commit, CommitRequest, Snapshot } from './session-data.ts';
import type { Declaration } from './types.ts';
import type { Value } from './value.ts';

type Expected = Readonly<Record<string, number | null>>;

/** Of a commit that nobody else will see, the time does not matter. */
const noTime = { wallMs: 0, monotonicMs: 0 };
/** Computed variables stay what they were until the transaction is committed. */
const uncomputed = (_record: SessionRecord, change: Change): Change => change;

/** Orders that follow each other, as one. */
class Writes {
  /** Whether there was such a variable before the first of them. */
  readonly #wasThere: (name: string) => boolean;
  readonly #remove = new Set<string>();
  readonly #declare = new Map<string, Declaration>();
  readonly #set = new Map<string, Value>();

  constructor(before: SessionRecord) {
    this.#wasThere = (name) => before.places.has(name);
  }

  add({ remove, declare, set }: Order): void {
    for (const name of remove) {
      this.#declare.delete(name);
      this.#set.delete(name);
      if (this.#wasThere(name)) this.#remove.add(name);
    }
    for (const [name, declaration] of declare) if (!this.#declare.has(name)) this.#declare.set(name, declaration);
    for (const [name, { value }] of set) this.#set.set(name, value);
  }

  request(): CommitRequest {
    return {
      remove: [...this.#remove],
      declare: Object.fromEntries(this.#declare),
      set: Object.fromEntries(this.#set),
    };
  }

  touches(name: string): boolean {
    return this.#remove.has(name) || this.#declare.has(name) || this.#set.has(name);
  }
}

export class Overlay {
  readonly #base: SessionRecord;
  #seen: SessionRecord;
  readonly #all: Writes;
  readonly #own: Writes;
  /** What was read of the base, by name: its version there, null when it was not there. */
  readonly #reads = new Map<string, number | null>();
  readonly #expected = new Map<string, number | null>();
  #ended = false;

  /**
   * `joined`: what the transaction has written by now; it is seen, and is not this call's. Throws StateError `conflict`
   * when that does not fit the session any more.
   */
  constructor(base: Snapshot, joined: CommitRequest = {}) {
    const { sessionId, epoch, revision, variables } = base;
    const history = History.after(revision);
    const [places, plan] = [placesOf(variables), planOf(variables)];
    this.#base = { sessionId, epoch, revision, variables, places, plan, valueBytes: 0, history, locks: noLocks };
    const { expect: _, ...plain } = joined;
    const order = orderOf(plain, undefined, secretsOf(this.#base));
    const applied = applyCommit(this.#base, order, noTime, defaultRecordLimits, uncomputed);
    if (applied instanceof StateError) {
      const message = `session '${sessionId}': was changed under its transaction: ${applied.message}`;
      throw new StateError('conflict', message, { cause: applied });
    }
    this.#seen = applied.record;
    this.#all = new Writes(this.#base);
    this.#all.add(order);
    this.#own = new Writes(this.#seen);
  }

  /** The variables as this call sees them. The revision only counts the writes: nobody else ever sees it. */
  read(names?: readonly string[]): Snapshot {
    for (const name of names ?? this.#base.places.keys()) {
      if (!this.#all.touches(name) && !this.#reads.has(name)) this.#reads.set(name, this.#version(name));
    }
    return snapshotOf(this.#seen, names);
  }

  /** As `read`, of the names that match. */
  list(wanted: (name: string) => boolean): Snapshot {
    const names = [...this.#seen.places.keys()].filter(wanted);
    return this.read(names);
  }

  /** Does all of it or nothing, in here. Throws StateError as a commit does. */
  commit(request: CommitRequest): Commit {
    const order = orderOf(request, undefined, secretsOf(this.#seen));
    const versions = order.expect.map(([name]) => [name, this.#version(name)] as const);
    return this.#take(order, versions);
  }

  /**
   * Takes over what a nested call has written. Throws StateError `conflict` when something that it has read was written
   * in here meanwhile, or is not what this call has read.
   */
  merge({ expect = {}, ...request }: CommitRequest): void {
    const versions = Object.entries(expect);
    for (const [name, version] of versions) {
      const read = this.#reads.get(name);
      if (!this.#all.touches(name) && (read === undefined || read === version)) continue;
      throw new StateError('conflict', `'${name}' was changed while a nested call used it`, {
        details: { variable: name },
      });
    }
    this.#take(orderOf(request, undefined, secretsOf(this.#seen)), versions);
  }

  /**
   * What this call has written, and which versions must be there still: of what it has read before it wrote it, and of
   * what it named itself.
   */
  writes(): CommitRequest {
    const read = [...this.#reads].filter(([name]) => this.#own.touches(name));
    return { ...this.#own.request(), expect: Object.fromEntries([...read, ...this.#expected]) as Expected };
  }

  /** All that the transaction has written by now, for a nested call to see. */
  pending(): CommitRequest {
    return this.#all.request();
  }

  /** The call has ended: what is written from now on could not be committed any more. */
  end(): void {
    this.#ended = true;
  }

  #version(name: string): number | null {
    return find(this.#base, name)?.version ?? null;
  }

  #take(order: Order, versions: readonly (readonly [string, number | null])[]): Commit {
    const { sessionId } = this.#base;
    if (this.#ended)
      throw new StateError('unavailable', `session '${sessionId}': the call that writes to it has ended`);
    // Whoever commits the transaction may be in Python, which knows no locks.
    if (order.fences.length > 0)
      throw invalid(`session '${sessionId}': a call that joins a transaction cannot write under a lock`);
    const applied = applyCommit(this.#seen, order, noTime, defaultRecordLimits, uncomputed);
    if (applied instanceof StateError) throw applied;
    this.#seen = applied.record;
    this.#seen.history.settle();
    // Of what was written in here nobody else knows a version.
    for (const [name, version] of versions) if (!this.#all.touches(name)) this.#expected.set(name, version);
    this.#all.add(order);
    this.#own.add(order);
    return applied.commit;
  }
}
