/** Which store a vault uses: its tables, or the durable one, which is opened once and closed with the whole system. */
import { type ActorSystem, addMonitor } from '../core/index.ts';
import { type DurableOptions, DurableStore } from './durable/store.ts';
import { topOf } from './retry.ts';
import type { StateTables } from './tables.ts';
import { memoryStore, type VaultStore } from './vault-store.ts';

/** Throws VaultError when the durable one cannot be opened. */
export function storeOf(system: ActorSystem, tables: StateTables, durable: DurableOptions | undefined): VaultStore {
  if (durable === undefined) return memoryStore(tables);
  if (tables.durable !== undefined) return tables.durable;
  const store = new DurableStore(tables, system.runtime, durable);
  tables.durable = store;
  const top = system.lookup(topOf(tables.root));
  // Without it there is nobody who would use it.
  if (top === undefined) store.close();
  else addMonitor(top, () => store.close());
  return store;
}
