import { bridgedState, localState, type StateBackend, type StateHost } from '../../../actors/state/index.ts';
import { type StateSubject, stateProviderContract } from '../../../testing/state-provider-contract.ts';
import { startState } from '../../helpers/state-system.ts';

const historyMax = 300;

async function subject(
  backend: StateBackend<StateHost>,
  crashable: readonly ('vault' | 'observers' | 'store' | 'sessions' | 'session')[],
): Promise<StateSubject> {
  const state = await startState({ limits: { historyMax } });
  const { names } = state;
  return {
    provider: backend.connect(state.host),
    historyMax,
    crashes: Object.fromEntries(
      crashable.map((who) => [
        who,
        (sessionId: string) => state.kill(who === 'session' ? names.session(sessionId).path : names[who].path),
      ]),
    ),
    pass: (ms) => state.pass(ms),
    dispose: () => state.stop(),
  };
}

stateProviderContract('local', () => subject(localState(), ['vault', 'observers']));
stateProviderContract('bridged', () => subject(bridgedState(), ['vault', 'observers', 'store', 'session', 'sessions']));
