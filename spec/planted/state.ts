/** Bugs that somebody could make in the state layer. */
import { definition } from '../../actors/core/index.ts';
import type { Snapshot } from '../../actors/state/index.ts';
import type { VaultState } from '../../actors/state/vault.ts';
import { vault } from '../../actors/state/vault.ts';
import { VaultSession } from '../../actors/state/vault-session.ts';
import type { VaultStore } from '../../actors/state/vault-store.ts';
import { Watch } from '../../actors/state/watch.ts';
import { commitsWithout, type PlantedBug, patch } from './plant.ts';

/** The vault's definition, whose init chooses the store. */
const plain = (vault[definition] as unknown as { readonly plain: { init: (ctx: never) => VaultState } }).plain;

const withStore = (change: (store: VaultStore) => Partial<VaultStore>) =>
  patch(plain, 'init', (init) => (ctx) => {
    const state = init(ctx);
    return { ...state, store: { ...state.store, ...change(state.store) } };
  });

export const stateBugs: Readonly<Record<string, PlantedBug>> = {
  'lost commit': {
    said: /is lost|is not linearizable/,
    plant: () =>
      withStore((store) => ({
        swap(entry, record, kept) {
          // Acknowledged, and not kept.
          if (record.revision % 4 === 0) kept(undefined);
          else store.swap(entry, record, kept);
        },
      })),
  },
  'lost update': {
    said: /is not linearizable/,
    // Whatever version it has.
    plant: () => commitsWithout(VaultSession.prototype, 'expect'),
  },
  'stale read': {
    said: /is not linearizable/,
    plant: () => {
      const last = new WeakMap<object, Snapshot>();
      return patch(
        VaultSession.prototype,
        'read',
        (read) =>
          async function (this: VaultSession, names, options) {
            const { entries } = (this as unknown as { readonly table: { readonly entries: object } }).table;
            const kept = last.get(entries);
            // Two readings in a row of the same names are one.
            if (kept?.sessionId === this.id && kept.variables.length === names?.length) {
              last.delete(entries);
              return kept;
            }
            const reading = await read.call(this, names, options);
            last.set(entries, reading);
            return reading;
          },
      );
    },
  },
  'gap in a watch': {
    said: /came after revision \d+: 1 are missing|the session is at revision \d+, the watch at/,
    plant: () =>
      patch(
        Watch.prototype,
        'next',
        (next) =>
          async function (this: Watch) {
            const result = await next.call(this);
            const skipped = !result.done && result.value.type === 'commit' && result.value.commit.revision % 4 === 0;
            return skipped ? next.call(this) : result;
          },
      ),
  },
};
