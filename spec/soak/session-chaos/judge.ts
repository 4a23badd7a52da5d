/**
 * Holds what clients were told against all that was committed.
 *
 * - Whatever was acknowledged is in the session's history, at the revision that was told; what was refused is not; what
 *   is unknown is there or not. Nothing is there twice, and nothing that nobody has asked for.
 * - All of that, readings of TypeScript, and the versions that a conflict tells of, is linearizable. What is unknown
 *   takes the place that the history has for it: else a checker would have to try each of them everywhere.
 * - `variables` in Python promise less: what a call reads is of one revision, never goes back, and is at least as new as
 *   whatever was acknowledged before the call was asked for and as the call's own writes. And it was there: no reading
 *   is of a commit that had not been asked for.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Commit } from '../../../actors/state/index.ts';
import type { Operation } from '../../../testing/history.ts';
import { checkLinearizability } from '../../../testing/linearizability/check.ts';
import { illegal, type Model, unseen } from '../../../testing/model.ts';
import {
  type VariablesOp,
  type VariablesResult,
  type VariablesState,
  variablesModel,
} from '../../../testing/models/variables.ts';
import { type Counter, firstToken } from './draw.ts';
import type { CommitLog } from './log.ts';
import type { Recorded } from './records.ts';

type SoakOp =
  | VariablesOp
  | { readonly type: 'value'; readonly name: string; readonly value: unknown }
  | { readonly type: 'conflict'; readonly found: Readonly<Record<string, number | null>> };

export interface Judged {
  readonly wrong: readonly string[];
  /** Of what is unknown, how much has happened. */
  readonly happened: number;
  /** Of the model, that the search for an order took. */
  readonly steps: number;
  readonly checkMs: number;
}

/** Of the search for an order. What is right needs a step or two for each operation, hence far less. */
const budgets = { budget: 2_000_000, windowBudget: 500_000 };

/** `begunNs`: when each call of Python was asked for. */
export function judge(records: readonly Recorded[], begunNs: ReadonlyMap<string, number>, log: CommitLog): Judged {
  const startMs = performance.now();
  const wrong = [...log.wrong];
  const places = placesOf(log, wrong);
  wrong.push(...unasked(records, places), ...miscounted(log));
  const operations: Omit<Operation<SoakOp, VariablesResult>, 'id'>[] = [];
  let happened = 0;
  for (const one of records) {
    const { found, operation } = placed(one, places, log);
    if (found !== undefined) wrong.push(found);
    if (operation !== undefined) operations.push(operation);
    if (one.told.type === 'unknown' && operation !== undefined) happened += 1;
  }
  let steps = 0;
  // Else it would only be said again, at length.
  if (wrong.length === 0) {
    const verdict = checkLinearizability(inOrder(operations), modelOf(log.first), budgets);
    steps = verdict.steps;
    if (verdict.outcome !== 'linearizable') wrong.push(verdict.text);
  }
  wrong.push(...misread(records, begunNs, places, log));
  return { wrong, happened, steps, checkMs: performance.now() - startMs };
}

/** At which revision each token was committed. */
function placesOf(log: CommitLog, wrong: string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const commit of log.commits) {
    for (const token of tokensOf(commit)) {
      const before = places.get(token);
      if (before !== undefined)
        wrong.push(`${token} was committed twice: as revision ${before} and as ${commit.revision}`);
      places.set(token, commit.revision);
    }
  }
  return places;
}

function tokensOf({ written }: Commit): ReadonlySet<string> {
  const tokens = new Set<string>();
  for (const { value } of written) {
    const token = typeof value === 'string' ? value : (value as Partial<Counter> | null)?.by;
    if (token !== undefined && token !== firstToken) tokens.add(token);
  }
  return tokens;
}

/** Tokens that are there and that nobody wrote, or who did was refused. */
function unasked(records: readonly Recorded[], places: ReadonlyMap<string, number>): readonly string[] {
  const asked = new Set<string>();
  const refused = new Map<string, string>();
  for (const { told, token } of records) {
    if (told.type === 'refused') refused.set(token, told.code);
    else asked.add(token);
  }
  return [...places]
    .filter(([token]) => !asked.has(token))
    .map(([token, revision]) => {
      const code = refused.get(token);
      return `${token} is there as revision ${revision}, and was ${code === undefined ? 'never asked for' : `refused: ${code}`}`;
    });
}

/** Each write of the counter is one more than the last. */
function miscounted(log: CommitLog): readonly string[] {
  const wrong: string[] = [];
  let last = (log.first.values.n?.value as unknown as Counter | undefined)?.n ?? 0;
  for (const { revision, written } of log.commits) {
    const counted = written.find(({ name }) => name === 'n')?.value as unknown as Counter | undefined;
    if (counted === undefined) continue;
    if (counted.n !== last + 1)
      wrong.push(`an update was lost: revision ${revision} counts ${counted.n} after ${last}`);
    last = counted.n;
  }
  return wrong;
}

interface Placed {
  readonly found?: string;
  readonly operation?: Omit<Operation<SoakOp, VariablesResult>, 'id'>;
}

/** What the model is to be told of an operation, and what is wrong with it already. */
function placed(one: Recorded, places: ReadonlyMap<string, number>, log: CommitLog): Placed {
  const { client, kind, token, asked, told, startNs, endNs, language } = one;
  const as = (op: SoakOp, result: VariablesResult): Placed => ({
    operation: { client, op, outcome: 'ok', result, invokedAt: startNs, endedAt: endNs },
  });
  const session = '';
  switch (told.type) {
    case 'got':
      return {};
    case 'value':
      return as({ type: 'value', name: told.name, value: told.value }, { revision: -1, values: {} });
    case 'read': {
      if (language === 'python') return {};
      const names = asked.type === 'read' ? asked.names : undefined;
      return as({ type: 'read', session, names }, { revision: told.revision, values: told.values });
    }
    case 'refused':
      if (told.revision === undefined || told.found === undefined) return {};
      return as({ type: 'conflict', found: told.found }, { revision: told.revision, values: {} });
    case 'committed':
    case 'unknown': {
      const at = places.get(token);
      if (told.type === 'committed' && told.written?.length === 0 && at === undefined) {
        // There was nothing to write.
        if (asked.type !== 'commit') return { found: `${client}: ${token} (${kind}) wrote nothing` };
        return as({ type: 'commit', session, request: asked.request }, { revision: told.revision ?? -1, values: {} });
      }
      if (told.type === 'committed' && (at === undefined || (told.revision ?? at) !== at)) {
        const there = at === undefined ? 'nowhere in its history' : `revision ${at}`;
        return {
          found: `${token} (${kind}) was acknowledged as revision ${told.revision ?? '?'}, and is lost: it is ${there}`,
        };
      }
      if (at === undefined || asked.type === 'read') return {};
      const { written } = log.at(at) as Commit;
      if (told.type === 'committed' && told.written !== undefined && !isDeepStrictEqual(told.written, written))
        return { found: `${token} (${kind}) was told another revision ${at} than the history tells` };
      const values = Object.fromEntries(written.map(({ name, value, version }) => [name, { value, version }]));
      const set = Object.fromEntries(written.map(({ name, value }) => [name, value]));
      const request = asked.type === 'update' ? { set } : asked.request;
      return as({ type: 'commit', session, request }, { revision: at, values });
    }
    default: {
      const never: never = told;
      throw new TypeError(String(never));
    }
  }
}

/** The same with times that are counted: at one moment, whoever begins comes before who ends. */
function inOrder(
  operations: readonly Omit<Operation<SoakOp, VariablesResult>, 'id'>[],
): readonly Operation<SoakOp, VariablesResult>[] {
  const events = operations.flatMap(({ invokedAt, endedAt }, index) => [
    { index, at: invokedAt, begins: true },
    { index, at: endedAt, begins: false },
  ]);
  // Infinity less Infinity is not a number.
  events.sort((a, b) => (a.at === b.at ? Number(b.begins) - Number(a.begins) : a.at < b.at ? -1 : 1));
  const times = operations.map(() => ({ invokedAt: 0, endedAt: 0 }));
  events.forEach(({ index, begins }, at) => {
    (times[index] as { invokedAt: number; endedAt: number })[begins ? 'invokedAt' : 'endedAt'] = at + 1;
  });
  const sorted = operations.map((one, index) => ({
    ...one,
    ...(times[index] as { invokedAt: number; endedAt: number }),
  }));
  return sorted.sort((a, b) => a.invokedAt - b.invokedAt).map((one, id) => ({ ...one, id }));
}

/** The variables of a session, of which a conflict tells as well. */
function modelOf(first: VariablesState): Model<VariablesState, SoakOp, VariablesResult> {
  const model = variablesModel(first);
  return {
    ...model,
    step(state, op, result) {
      if (op.type === 'value') return isDeepStrictEqual(state.values[op.name]?.value, op.value) ? state : illegal;
      if (op.type !== 'conflict') return model.step(state, op, result);
      if (result === unseen) return state;
      const versionIs = ([name, version]: [string, number | null]) => (state.values[name]?.version ?? null) === version;
      return result.revision === state.revision && Object.entries(op.found).every(versionIs) ? state : illegal;
    },
    isRead: ({ type }) => type !== 'commit',
    partition: () => '',
    describe: (op, result) => {
      if (op.type === 'value') return `get ${op.name} → ${JSON.stringify(op.value)}`;
      if (op.type !== 'conflict') return (model.describe as NonNullable<typeof model.describe>)(op, result);
      return `conflict ${JSON.stringify(op.found)} → ${result === unseen ? '?' : `revision ${result.revision}`}`;
    },
  };
}

/** What Python has read that it cannot have, in words. */
function misread(
  records: readonly Recorded[],
  begunNs: ReadonlyMap<string, number>,
  places: ReadonlyMap<string, number>,
  log: CommitLog,
): readonly string[] {
  const wrong: string[] = [];
  const states = log.states();
  const stateAt = (revision: number): VariablesState | undefined => states[revision - log.first.revision];
  const acknowledged = risingRevisions(records);
  const asked = new Map(
    records.filter(({ asked: { type } }) => type !== 'read').map((one) => [one.token, one.startNs]),
  );
  /** When the commit of a revision was asked for; the first ones were before all. */
  const askedNs = (revision: number): number => {
    const commit = log.at(revision);
    return commit === undefined ? 0 : Math.min(...[...tokensOf(commit)].map((token) => asked.get(token) ?? 0));
  };
  /** The newest that each call has read or written. */
  const newest = new Map<string, number>();
  for (const { client, language, told, startNs, endNs, token } of records) {
    if (language !== 'python') continue;
    const due = newest.get(client) ?? revisionBefore(acknowledged, begunNs.get(client) ?? startNs);
    const [low, high] =
      told.type === 'got' ? told.between : told.type === 'read' ? [told.revision, told.revision] : [due, due];
    if (told.type === 'committed') newest.set(client, Math.max(due, told.revision ?? places.get(token) ?? 0));
    if (told.type !== 'got' && told.type !== 'read') continue;
    newest.set(client, Math.max(due, high));
    const what = `${token} of a worker read revision ${low}`;
    if (low < due) wrong.push(`${what}, and its call had to see ${due}: a stale reading`);
    if (high > log.revision || askedNs(high) > endNs) wrong.push(`${what}, which was not there yet`);
    else if (told.type === 'read') {
      if (!isDeepStrictEqual(told.values, stateAt(low)?.values))
        wrong.push(`${what} as ${JSON.stringify(told.values)}, and it is ${JSON.stringify(stateAt(low)?.values)}`);
    } else {
      const could = Array.from({ length: high - low + 1 }, (_, n) => stateAt(low + n)?.values[told.name]?.value);
      if (!could.some((value) => isDeepStrictEqual(value, told.value)))
        wrong.push(`${what} up to ${high} with ${told.name} = ${JSON.stringify(told.value)}, which it was not`);
    }
  }
  return wrong;
}

interface Rising {
  readonly atNs: number;
  readonly revision: number;
}

/** The newest revision that anybody was told of, by when. */
function risingRevisions(records: readonly Recorded[]): readonly Rising[] {
  const told = records.flatMap(({ told: one, endNs }) =>
    'revision' in one && one.revision !== undefined ? [{ atNs: endNs, revision: one.revision }] : [],
  );
  told.sort((a, b) => a.atNs - b.atNs);
  const rising: Rising[] = [];
  for (const one of told) if (one.revision > (rising.at(-1)?.revision ?? 0)) rising.push(one);
  return rising;
}

function revisionBefore(rising: readonly Rising[], atNs: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as Rising).atNs < atNs) low = middle + 1;
    else high = middle;
  }
  return rising[low - 1]?.revision ?? 0;
}
