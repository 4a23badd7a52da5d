/** What a context is and has at one moment. */
import type { StateCallOptions } from '../state/index.ts';
import { type ContextRecord, settledSession } from './context-record.ts';
import { isOwnName } from './inheritance.ts';

export interface ContextStatistics {
  readonly id: string;
  /** Which provider the variables live on: `local`, `bridged`, ... */
  readonly state: string;
  /** How often it has moved to another provider. */
  readonly moves: number;
  readonly epoch: number;
  readonly revision: number;
  /** How many variables there are, what it inherits included. */
  readonly variables: number;
  /** How many of them are locked now. */
  readonly locks: number;
  /** How many TypeScript functions Python may call. */
  readonly tools: number;
  /** After how long without use its session ends, in milliseconds; undefined: never. */
  readonly ttlMs: number | undefined;
  /** The context that it inherits from. */
  readonly inherits: string | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly openedAtMs: number;
}

/** Reads its session, which is an access. */
export async function statisticsOf(record: ContextRecord, options?: StateCallOptions): Promise<ContextStatistics> {
  const { id, moves, tools, inheritance, openedAtMs } = record;
  const session = await settledSession(record);
  const [{ epoch, revision, variables }, locks] = await Promise.all([
    session.read(undefined, options),
    session.locks(options),
  ]);
  return {
    id,
    state: session.kind,
    moves,
    epoch,
    revision,
    variables: variables.filter(({ name }) => !isOwnName(name)).length,
    locks: locks.length,
    tools: tools.size,
    ttlMs: session.ttlMs,
    inherits: inheritance?.from,
    openedAtMs,
  };
}
