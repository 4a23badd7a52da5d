import {
  contractFunctions,
  type StateSubject,
  stateProviderContract,
} from '../../../../testing/state-provider-contract.ts';
import { startRemoteState } from '../../../helpers/remote-state.ts';

const historyMax = 300;

async function subject(): Promise<StateSubject> {
  const remote = await startRemoteState({ limits: { historyMax }, functions: contractFunctions });
  const { there, wire } = remote;
  const { names } = there;
  const parts = ['vault', 'observers', 'store', 'sessions'] as const;
  return {
    provider: remote.provider,
    historyMax,
    crashes: {
      ...Object.fromEntries(parts.map((who) => [who, () => there.kill(names[who].path)])),
      session: (sessionId) => there.kill(names.session(sessionId).path),
      connection: () => wire.reset(),
      port: () => remote.killPort(),
    },
    pass: (ms) => there.pass(ms),
    dispose: () => remote.stop(),
  };
}

stateProviderContract('bridged, of another host', subject);
