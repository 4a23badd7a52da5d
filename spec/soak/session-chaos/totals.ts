/** The figures of a run, and of many. */
import type { Recorded } from './records.ts';

export interface Totals {
  readonly operations: number;
  readonly typescript: number;
  readonly python: number;
  /** As they were drawn. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of what is unknown, how much has happened. */
  readonly happened: number;
  /** What was killed, stopped and cut. */
  readonly hit: Readonly<Partial<Record<string, number>>>;
  /** Calls of Python whose worker was lost. */
  readonly lostCalls: number;
  readonly commits: number;
  /** What all watches were told. */
  readonly events: number;
  /** How many of these stood for commits that were not kept any more. */
  readonly folded: number;
  /** How often the watch in Python went on in another worker. */
  readonly resumed: number;
}

type OfRecords = 'operations' | 'typescript' | 'python' | 'kinds' | 'acknowledged' | 'refused' | 'unknown';

export function totalsOf(records: readonly Recorded[], rest: Omit<Totals, OfRecords>): Totals {
  const count = (is: (one: Recorded) => boolean) => records.filter(is).length;
  const kinds: Record<string, number> = {};
  for (const { kind } of records) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const refused = count(({ told }) => told.type === 'refused');
  const unknown = count(({ told }) => told.type === 'unknown');
  return {
    operations: records.length,
    typescript: count(({ language }) => language === 'typescript'),
    python: count(({ language }) => language === 'python'),
    kinds,
    acknowledged: records.length - refused - unknown,
    refused,
    unknown,
    ...rest,
  };
}

/** Adds up counts, those in them too. */
export function summed<T extends Totals>(all: readonly T[]): Totals {
  return all.reduce<Counts>((sum, one) => both(sum, one as unknown as Counts), {}) as unknown as Totals;
}

interface Counts {
  readonly [name: string]: number | Counts;
}

function both(a: Counts, b: Counts): Counts {
  const sum: Record<string, number | Counts> = { ...a };
  for (const [name, count] of Object.entries(b)) {
    const before = sum[name];
    if (typeof count === 'number') sum[name] = count + ((before as number | undefined) ?? 0);
    else sum[name] = both((before as Counts | undefined) ?? {}, count);
  }
  return sum;
}
