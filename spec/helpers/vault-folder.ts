/** A folder for a durable vault, and what is started on it: all of it is gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Runtime } from '../../actors/core/index.ts';
import { bridgedState, type StateOptions, type StateProvider } from '../../actors/state/index.ts';
import { type StateSystem, startState } from './state-system.ts';

export interface DurableState extends StateSystem {
  readonly provider: StateProvider;
}

/** Call it in a `describe`. */
export function useVaultFolder() {
  let path = '';
  const running = new Set<DurableState>();
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'vault-'));
  });
  afterEach(async () => {
    for (const state of running) await state.stop();
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    /** The file of the rows. */
    get file() {
      return join(path, 'data.mdb');
    },
    async start(
      options: StateOptions = {},
      how: { readonly clock?: Clock; readonly log?: Runtime['log'] } = {},
    ): Promise<DurableState> {
      const state = await startState({ vault: { path }, ...options }, how);
      const durable: DurableState = {
        ...state,
        provider: bridgedState().connect(state.host),
        async stop() {
          running.delete(durable);
          await state.stop();
        },
      };
      running.add(durable);
      return durable;
    },
  };
}
