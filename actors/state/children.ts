/** The child specs of the state layer, in start order. They find each other by name, so each restarts alone. */
import { dynamicSupervisor } from '../../supervisors/index.ts';
import { checkVaultOptions, type VaultOptions } from './durable/options.ts';
import { type ComputeFunctions, checkFunctions } from './functions.ts';
import { type ObserversInput, observers } from './observers.ts';
import type { RecordLimits } from './record.ts';
import { type StoreInput, sessionStore } from './session-store.ts';
import { type VaultInput, vault } from './vault.ts';

export interface StateOptions {
  /**
   * Keeps bridged sessions in a folder, for the next start of any process on it: variables, history, outcomes, times
   * to live. Default: memory, which ends with the process.
   */
  readonly vault?: VaultOptions;
  /**
   * The functions of computed variables, by name: `{ total: ({ net, tax }: { net: number; tax: number }) => net + tax }`.
   * Each gets the values of what its variable depends on; it must be synchronous, and make the same of the same. Where
   * one is not registered, commits that would need it are refused (`not_found`). Default: none.
   */
  readonly functions?: ComputeFunctions;
  /** How many bridged sessions may be open. Default 10,000; one more is `quota`. */
  readonly maxSessions?: number;
  /** How often expired sessions are looked for. Default 30,000 ms; an access finds out at once. */
  readonly sweepMs?: number;
  /** What one session may have. */
  readonly limits?: Partial<RecordLimits>;
  /** Restarts of one Session actor before it is given up, until somebody uses the session again. Default 3 in 5,000 ms. */
  readonly maxRestarts?: number;
  readonly periodMs?: number;
}

/** vault, observers, store and sessions, for the tree whose root has this path. */
export function stateChildren(root: string, options: StateOptions = {}) {
  const { vault: durable, functions, maxSessions, sweepMs, limits, maxRestarts = 3, periodMs = 5_000 } = options;
  const kept = durable && checkVaultOptions(durable);
  if (functions !== undefined) checkFunctions(functions);
  return {
    vault: { logic: vault, input: { root, limits, sweepMs, functions, durable: kept } satisfies VaultInput },
    observers: { logic: observers, input: { root } satisfies ObserversInput },
    store: { logic: sessionStore, input: { root, maxSessions, sweepMs } satisfies StoreInput },
    sessions: dynamicSupervisor({ perChildBudget: true, maxRestarts, periodMs }),
  } as const;
}
