/** Two durable vaults that a session moves between, and where it is. */
import { StateError } from '../../../actors/core/index.ts';
import { bridgedState, type StateProvider, type StateSession } from '../../../actors/state/index.ts';
import { startState } from '../../helpers/state-system.ts';

export async function travelVaults(paths: readonly string[], historyMax: number) {
  const systems = await Promise.all(paths.map((path) => startState({ vault: { path }, limits: { historyMax } })));
  return {
    providers: systems.map(({ host }) => bridgedState().connect(host)),
    stop: async (): Promise<void> => {
      for (const system of systems) await system.stop();
    },
  };
}

export interface Found {
  /** Which of the vaults. */
  readonly at: number;
  readonly session: StateSession;
  readonly revision: number;
  readonly epoch: number;
}

/** In which of them the session is: one, unless the host was killed between the last two steps of a move. */
export async function travelPlaces(providers: readonly StateProvider[]): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const [at, provider] of providers.entries()) {
    try {
      const session = await provider.find('traveller');
      const { revision, epoch } = await session.read();
      found.push({ at, session, revision, epoch });
    } catch (error) {
      if (!(error instanceof StateError && ['not_found', 'expired'].includes(error.code))) throw error;
    }
  }
  return found.sort((a, b) => b.revision - a.revision);
}

/** The session, with the other one closed if there are two. */
export async function travelSession(providers: readonly StateProvider[]): Promise<Found | undefined> {
  const [newest, ...others] = await travelPlaces(providers);
  for (const { session } of others) await session.close();
  return newest;
}
