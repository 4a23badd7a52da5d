/**
 * Histories of one session whose readings are stale now and then: many clients, long calls, and commits that return
 * only at the end of all. The hardest that a soak can give to a checker.
 */
import type { Operation } from '../../testing/history.ts';
import type { VariablesOp, VariablesResult, VariablesState } from '../../testing/models/variables.ts';
import { RandomStream } from '../../testing/simulation/random.ts';

export interface StaleOptions {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  /** How many of a hundred commits return at the end of all. */
  readonly latePercent: number;
  /** How many of a hundred readings are of an older revision. */
  readonly stalePercent: number;
}

export const firstState: VariablesState = {
  revision: 1,
  values: { n: { value: 0, version: 1 }, p: { value: 'first', version: 1 }, q: { value: 'first', version: 1 } },
};

type SessionOperation = Operation<VariablesOp, VariablesResult>;

export function staleSession(options: StaleOptions): readonly SessionOperation[] {
  const { seed, operations: count, clients, latePercent, stalePercent } = options;
  const random = new RandomStream(seed);
  const freeAt = Array.from({ length: clients }, () => 0);
  let now = 0;
  const calls = Array.from({ length: count }, (_, id) => {
    now += 1 + random.below(10);
    const client = random.below(clients);
    const begin = Math.max(freeAt[client] as number, now);
    const longest = random.below(5) === 0 ? 200 : 30;
    const at = begin + 1 + random.below(longest);
    const end = at + 1 + random.below(longest);
    freeAt[client] = end + 1;
    return { id, client: `c${client}`, begin, at, end, reads: random.below(2) === 0 };
  });
  const states = [firstState];
  const told = calls
    .toSorted((a, b) => a.at - b.at)
    .map(({ id, client, begin, end, reads }) => {
      const state = states.at(-1) as VariablesState;
      if (reads) {
        const back = random.below(100) < stalePercent ? random.below(8) : 0;
        const result = states[Math.max(0, states.length - 1 - back)] as VariablesState;
        return { client, op: { type: 'read', session: 's' } as VariablesOp, result, begin, end };
      }
      const revision = state.revision + 1;
      const set = random.below(2) === 0 ? { p: `t${id}`, q: `t${id}` } : { n: revision };
      const values = Object.fromEntries(
        Object.entries(set).map(([name, value]) => [name, { value, version: revision }]),
      );
      states.push({ revision, values: { ...state.values, ...values } });
      const op: VariablesOp = { type: 'commit', session: 's', request: { set } };
      const isLate = random.below(100) < latePercent;
      return { client, op, result: { revision, values }, begin, end: isLate ? 1_000_000 + id : end };
    });
  // Times that are counted: at one moment, whoever begins comes before who ends.
  const events = told.flatMap(({ begin, end }, index) => [
    { index, at: begin, begins: true },
    { index, at: end, begins: false },
  ]);
  events.sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins));
  const begun = new Map<number, number>();
  const ended = new Map<number, number>();
  for (const [at, { index, begins }] of events.entries()) (begins ? begun : ended).set(index, at + 1);
  return told
    .map(
      ({ client, op, result }, index): Omit<SessionOperation, 'id'> => ({
        ...{ client, op, result, outcome: 'ok' },
        ...{ invokedAt: begun.get(index) ?? 0, endedAt: ended.get(index) ?? 0 },
      }),
    )
    .sort((a, b) => a.invokedAt - b.invokedAt)
    .map((one, id) => ({ ...one, id }));
}
