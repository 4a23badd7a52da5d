/** A call of an echo tool in a session on Redis, beside the same call in a session of the host's own SessionStore. */
import { redisState } from '../../actors/state/redis/index.ts';
import { bridgedState, openContext, pythonTool } from '../../index.ts';
import type { Contest } from '../contest.ts';
import { startPythonHost, variables } from '../state/host.ts';
import { latency } from '../workers/callers.ts';
import { onServer } from './server.ts';

const calls = async (state: ReturnType<typeof bridgedState>, size: number): Promise<number> => {
  await using host = await startPythonHost();
  const context = await openContext(host.ref, { state, variables });
  const echo = pythonTool<{ data: Uint8Array }, unknown>('echo');
  return await latency((data) => context.call(echo, { data }), size);
};

export const toolCall: Contest = {
  unit: 'us',
  size: 2_000,
  quickSize: 4,
  warmUps: 1,
  rounds: 5,
  ours: onServer((url, size) => calls(redisState({ url }), size)),
  lines: [
    {
      name: 'a tool call on Redis state vs bridged state, time',
      baseline: 'the same call on bridgedState()',
      theirs: (size) => calls(bridgedState(), size),
      target: { atMost: 2 },
    },
  ],
};
