/** Bugs that somebody could make in the state layer. */
import { definition } from '../../actors/core/index.ts';
import type { VaultState } from '../../actors/state/vault.ts';
import { vault } from '../../actors/state/vault.ts';
import type { VaultStore } from '../../actors/state/vault-store.ts';
import { Watch } from '../../actors/state/watch.ts';
import { type PlantedBug, patch } from './plant.ts';

/** The vault's definition, whose init chooses the store. */
const plain = (vault[definition] as unknown as { readonly plain: { init: (ctx: never) => VaultState } }).plain;

const withStore = (change: (store: VaultStore) => Partial<VaultStore>) =>
  patch(plain, 'init', (init) => (ctx) => {
    const state = init(ctx);
    return { ...state, store: { ...state.store, ...change(state.store) } };
  });

export const stateBugs: Readonly<Record<string, PlantedBug>> = {
  'lost commit': {
    said: /is lost|a reading after revision .* is of revision|is that of .* and of/,
    plant: () =>
      withStore((store) => ({
        swap(entry, record, kept) {
          // Acknowledged, and not kept.
          if (record.revision % 4 === 0) kept(undefined);
          else store.swap(entry, record, kept);
        },
      })),
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
