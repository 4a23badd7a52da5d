/**
 * The catalogue of faults by what they are in the world: each makes a rule of a plan, and says how it ends. What
 * `until` and `when` a rule needs besides can be given: `rules(catalogue.wire.stall({ until: { ms: 500 } }))`.
 */
import type { Plan, Rule } from '../plan/plan.ts';
import { actorEntries } from './entries/actor.ts';
import { clockEntries } from './entries/clock.ts';
import { messageEntries } from './entries/message.ts';
import { processEntries } from './entries/process.ts';
import { storeEntries } from './entries/store.ts';
import { wireEntries } from './entries/wire.ts';

export type { CatalogueEntry, EntryOptions, FaultWorld } from './entries/entry.ts';

/** A plan of these rules. */
export const rules = (...made: readonly Rule[]): Plan => ({ rules: made });

export const catalogue = {
  actor: actorEntries,
  message: messageEntries,
  clock: clockEntries,
  process: processEntries,
  wire: wireEntries,
  store: storeEntries,
} as const;
