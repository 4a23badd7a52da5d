import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateOptions } from '../../../../actors/state/index.ts';
import {
  contractFunctions,
  type StateSubject,
  stateProviderContract,
} from '../../../../testing/state-provider-contract.ts';
import { startRemoteState } from '../../../helpers/remote-state.ts';

const historyMax = 300;

async function subject(options: StateOptions = {}): Promise<StateSubject> {
  const remote = await startRemoteState({ limits: { historyMax }, functions: contractFunctions, ...options });
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

stateProviderContract('bridged, of another host', () => subject());
stateProviderContract('bridged, of another host, durable', async () => {
  const path = mkdtempSync(join(tmpdir(), 'vault-'));
  const durable = await subject({ vault: { path, fsync: 'never' } });
  const dispose = () => durable.dispose().finally(() => rmSync(path, { recursive: true }));
  return { ...durable, dispose };
});
