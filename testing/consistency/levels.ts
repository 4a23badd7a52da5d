/**
 * Levels of consistency below linearizability, by name, over a history of session variables: what a client may rely on
 * where a backend promises no more (Terry et al., Session Guarantees for Weakly Consistent Replicated Data, 1994). Each
 * answers what is wrong in words; nothing when all is right. They say nothing of what is unknown, but that it may be.
 */
import type { History, Operation } from '../history.ts';
import type { VariablesOp, VariablesResult } from '../models/variables.ts';

type SessionHistory = History<VariablesOp, VariablesResult> | readonly Operation<VariablesOp, VariablesResult>[];

interface Done {
  readonly client: string;
  readonly session: string;
  readonly op: VariablesOp;
  readonly result: VariablesResult;
  readonly invokedAt: number;
  readonly endedAt: number;
}

const doneOf = (history: SessionHistory): readonly Done[] =>
  ('operations' in history ? history.operations : history).flatMap(({ outcome, result, op, ...one }) =>
    outcome === 'ok' && result !== undefined ? [{ ...one, op, result, session: op.session }] : [],
  );

const isRead = ({ op }: Done): boolean => op.type === 'read';
const nameOf = ({ client, session }: Done): string => `${client} in session ${session}`;

/** A reading is at least as new as what its client was told before by operations that count. */
function atLeast(history: SessionHistory, counts: (one: Done) => boolean, said: string): readonly string[] {
  const all = doneOf(history);
  return all.filter(isRead).flatMap((read) => {
    const before = all.filter(
      (one) =>
        one.client === read.client && one.session === read.session && one.endedAt < read.invokedAt && counts(one),
    );
    const newest = Math.max(0, ...before.map(({ result }) => result.revision));
    if (read.result.revision >= newest) return [];
    return [`${nameOf(read)} read revision ${read.result.revision} after it had ${said} ${newest}`];
  });
}

/** Read-your-writes: a client that was told of its commit reads that, or newer. */
export const checkReadYourWrites = (history: SessionHistory): readonly string[] =>
  atLeast(history, (one) => !isRead(one), 'written');

/** Monotonic reads: a client never reads an older revision than it has read before. */
export const checkMonotonicReads = (history: SessionHistory): readonly string[] => atLeast(history, isRead, 'read');

/**
 * No lost acknowledged write: no two acknowledged commits have one revision, and each is in every reading that began
 * after all of them had ended, there or overwritten by a later one. Such readings are to be in the history.
 */
export function checkNoLostWrite(history: SessionHistory): readonly string[] {
  const found: string[] = [];
  for (const [session, all] of bySession(history)) {
    // A commit that had nothing to write has the revision of another one.
    const commits = all.filter((one) => !isRead(one) && writes(one));
    const lastEnd = Math.max(0, ...commits.map(({ endedAt }) => endedAt));
    const last = all.filter((one) => isRead(one) && one.invokedAt > lastEnd);
    if (commits.length > 0 && last.length === 0) found.push(`nobody reads session ${session} after its last commit`);
    const owners = new Map<number, Done>();
    for (const commit of commits) {
      const { revision, values } = commit.result;
      const other = owners.get(revision);
      if (other !== undefined)
        found.push(`${nameOf(commit)} and ${other.client} were both told that theirs is revision ${revision}`);
      owners.set(revision, commit);
      for (const read of last) {
        const { names } = read.op as Extract<VariablesOp, { type: 'read' }>;
        const seen = (name: string) => names === undefined || names.includes(name);
        const isLost = Object.keys(values).some((name) => {
          const version = read.result.values[name]?.version;
          // One that is not there may have been removed since.
          return seen(name) && version !== undefined && version < revision;
        });
        if (read.result.revision < revision || isLost)
          found.push(`revision ${revision} of ${nameOf(commit)} is lost: ${read.client} read ${read.result.revision}`);
      }
    }
  }
  return [...new Set(found)];
}

/**
 * Convergence after heal: of the readings that began after the heal (`history.now` then) and after the last commit had
 * ended, all tell the same; and each client that reads has one of them.
 */
export function checkConvergence(history: SessionHistory, healedAt: number): readonly string[] {
  const found: string[] = [];
  for (const [session, all] of bySession(history)) {
    const ends = all.filter((one) => !isRead(one)).map(({ endedAt }) => endedAt);
    const quietAt = Math.max(healedAt, ...ends);
    const reads = all.filter(isRead);
    const late = reads.filter(({ invokedAt }) => invokedAt >= quietAt);
    for (const client of new Set(reads.map((one) => one.client))) {
      if (!late.some((one) => one.client === client))
        found.push(`${client} does not read session ${session} when all is healed and written`);
    }
    const [first, ...others] = late;
    for (const other of others) {
      if (first === undefined || same(first.result, other.result)) continue;
      found.push(
        `session ${session} is at revision ${first.result.revision} for ${first.client}, and at ${other.result.revision} for ${other.client}`,
      );
    }
  }
  return [...new Set(found)];
}

const writes = ({ result }: Done): boolean =>
  Object.values(result.values).some(({ version }) => version === result.revision);

/** Whether two readings agree in what both have read. */
function same(a: VariablesResult, b: VariablesResult): boolean {
  if (a.revision !== b.revision) return false;
  return Object.entries(a.values).every(([name, value]) => {
    const other = b.values[name];
    return other === undefined || JSON.stringify(other) === JSON.stringify(value);
  });
}

function bySession(history: SessionHistory): ReadonlyMap<string, readonly Done[]> {
  const sessions = new Map<string, Done[]>();
  for (const one of doneOf(history)) sessions.set(one.session, [...(sessions.get(one.session) ?? []), one]);
  return sessions;
}
