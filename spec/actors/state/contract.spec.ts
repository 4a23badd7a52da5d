import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BridgedStateOptions,
  bridgedState,
  type FsyncPolicy,
  localState,
  type StateBackend,
  type StateHost,
  type StateOptions,
} from '../../../actors/state/index.ts';
import {
  contractFunctions,
  type StateSubject,
  stateProviderContract,
} from '../../../testing/state-provider-contract.ts';
import { startState } from '../../helpers/state-system.ts';

const historyMax = 300;

async function subject(
  backend: StateBackend<StateHost>,
  crashable: readonly ('vault' | 'observers' | 'store' | 'sessions' | 'session')[],
  options: StateOptions = {},
): Promise<StateSubject> {
  const state = await startState({ limits: { historyMax }, functions: contractFunctions, ...options });
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
const everybody = ['vault', 'observers', 'store', 'session', 'sessions'] as const;
stateProviderContract('bridged', () => subject(bridgedState(), everybody));
const durables: readonly (readonly [string, BridgedStateOptions, FsyncPolicy])[] = [
  ["bridged, durable, fsync 'commit'", {}, 'commit'],
  ["bridged, durable, fsync 'never'", { vault: 'durable' }, 'never'],
  ['bridged, in memory beside a durable vault', { vault: 'memory' }, 'never'],
];
for (const [name, options, fsync] of durables) {
  stateProviderContract(name, async () => {
    const path = mkdtempSync(join(tmpdir(), 'vault-'));
    const durable = await subject(bridgedState(options), everybody, { vault: { path, fsync } });
    const dispose = () => durable.dispose().finally(() => rmSync(path, { recursive: true }));
    return { ...durable, dispose };
  });
}
