/** Which vault a session is kept in. */
import { StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';
import type { VaultKind } from './session-data.ts';
import type { Realm, SessionEntry, StateTables } from './tables.ts';
import { show } from './value.ts';

/** Where a new session is kept. Throws StateError `invalid` where there is no such vault. */
export function vaultFor(tables: StateTables, realm: Realm, id: string, wanted: VaultKind | undefined): VaultKind {
  const durable = realm === 'bridged' && tables.durable !== undefined;
  const kind = wanted ?? (durable ? 'durable' : 'memory');
  if (kind === 'memory' || (kind === 'durable' && durable)) return kind;
  const message =
    kind !== 'durable'
      ? `cannot be kept in ${show(kind)}, but 'memory' or 'durable'`
      : realm === 'local'
        ? 'is local, and kept in memory; bridgedState() keeps sessions in a durable vault'
        : 'cannot be kept durably: the system has no folder for that; give it one with ophion({ state: { vault: { path } } })';
  throw invalid(`session '${id}': ${message}`, { sessionId: id, vault: kind });
}

/** Throws StateError `already_exists` when a session that is open is not kept where it is wanted. */
export function checkVault({ id, vault }: SessionEntry, wanted: VaultKind | undefined): void {
  if (wanted === undefined || wanted === vault) return;
  const message = `session '${id}': is open already, in the ${vault} vault and not in the ${wanted} one`;
  throw new StateError('already_exists', message, { details: { sessionId: id, vault } });
}
